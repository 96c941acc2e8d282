"""Every error of ours goes through pickle as it was raised: tasks run in other processes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.errors import InvalidInput, LineageError, NotFound, Problem


def tree(kind: type[LineageError] = LineageError) -> Iterator[type[LineageError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from tree(below)


def made(kind: type[LineageError]) -> LineageError:
    if kind is NotFound:
        return NotFound("corpus", "dmo", ["demo", "other"])
    if kind is InvalidInput:
        return InvalidInput("wrong", [Problem("a.yaml", 3, "id", "1", "text")])
    return kind() if kind is NothingRecorded else kind(f"a {kind.__name__}")


@pytest.mark.parametrize("kind", list(tree()), ids=lambda kind: kind.__name__)
def test_an_error_survives_pickle(kind: type[LineageError]) -> None:
    error = made(kind)
    error.add_note("a note")
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert (str(arrived), arrived.args, vars(arrived)) == (str(error), error.args, vars(error))
    assert arrived.exit_code == error.exit_code
    assert arrived.__notes__ == ["a note"]


def test_what_an_error_carries_arrives() -> None:
    not_found = pickle.loads(pickle.dumps(made(NotFound)))
    assert (not_found.kind, not_found.name, not_found.nearest) == ("corpus", "dmo", ("demo",))
    assert pickle.loads(pickle.dumps(made(InvalidInput))).problems[0].line == 3
