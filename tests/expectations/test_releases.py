from __future__ import annotations

from typing import Any

import pytest

from expectations import releases
from tests.expectations.worlds import failed

pytestmark = pytest.mark.slow

ALLOWED: dict[str, Any] = {"refused": 0, "undetermined": 0, "unknown": 0, "duties": 0, "excepted": 0}
WHOLE = {"policies": 100, "documents": 10, "quarantined": 0}


def test_a_release_as_it_should_be() -> None:
    assert failed(releases.check([ALLOWED, ALLOWED], **WHOLE)) == set()


@pytest.mark.parametrize("name", ["refused", "undetermined", "unknown"])
def test_one_document_in_one_place_is_an_error(name: str) -> None:
    found = releases.check([ALLOWED, ALLOWED | {name: 1}], **WHOLE)
    assert failed(found) == {name}
    assert {result.severity for result in found if not result.success} == {"error"}


@pytest.mark.parametrize(("column", "name"), [("duties", "duties"), ("excepted", "exceptions")])
def test_duties_and_exceptions_warn(column: str, name: str) -> None:
    found = releases.check([ALLOWED | {column: 3}], **WHOLE)
    assert failed(found) == {name}
    assert {result.severity for result in found if not result.success} == {"warn"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"policies": 0}, "policies"), ({"documents": 0}, "documents"), ({"quarantined": 1}, "quarantine")],
)
def test_what_is_wrong_with_the_whole(changes: dict[str, int], name: str) -> None:
    assert failed(releases.check([ALLOWED], **{**WHOLE, **changes})) == {name}


def test_nothing_asked_is_no_release() -> None:
    assert "questions" in failed(releases.check([], **WHOLE))
