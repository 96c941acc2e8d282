"""The one error tree of the product; every error says what was got, what was expected, and what to do.

    LineageError
    ├── InvalidInput          exit code 2: a workspace, recipe, path or argument is wrong; nothing was written
    ├── NotFound              exit code 1: an id that does not exist; carries the nearest names, else some known ones
    ├── VerificationFailed    exit code 1: stored bytes do not match their digests
    ├── ChecksFailed          exit code 1: a blocking data-quality check failed
    ├── Conflict              exit code 1: another writer committed first; nothing of ours was kept
    └── Unavailable           exit code 3: database, object storage or cluster down, or it belongs to another user

Command-line tools map a class to `exit_code`; foreign errors are mapped where they enter. What another process raised
arrives as it was raised, with all that it carries but its cause.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

_NAMED = 5
"""Names in the message of an id that was not found."""


class LineageError(Exception):
    """Base of everything the product raises on purpose."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (type(self), self.args), self.__dict__


_Error = TypeVar("_Error", bound=LineageError)


def _arrived(kind: type[_Error], args: tuple[Any, ...]) -> _Error:
    """An error that was raised in another process; its attributes follow."""
    return kind.__new__(kind, *args)


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file people wrote: where, what was got, what was expected."""

    file: str
    line: int | None
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{place}: {self.field}: got {self.got}, expected {self.expected}"


class InvalidInput(LineageError):
    """Input that people wrote is wrong; nothing has been run or written."""

    exit_code = 2

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        lines = [message, *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


class NotFound(LineageError):
    """An id that nothing answers to; `nearest` holds the closest known names, the message some names in any case."""

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()) -> None:
        self.kind = kind
        self.name = name
        names = sorted(set(known))
        self.nearest = tuple(difflib.get_close_matches(name, names, n=_NAMED, cutoff=0.3))
        hint = f"; known: {', '.join(names[:_NAMED])}" if names else ""
        if self.nearest:
            hint = f"; nearest: {', '.join(self.nearest)}"
        super().__init__(f"no {kind} named {name!r}{hint}")


class VerificationFailed(LineageError):
    """Stored bytes do not match the digest that was recorded for them."""


class ChecksFailed(LineageError):
    """A blocking data-quality check failed, so nothing may build on the version."""


class Conflict(LineageError):
    """Another writer changed the same thing first; nothing of this attempt was kept."""


class Unavailable(LineageError):
    """Database, object storage or cluster cannot be used: it is down, or it belongs to someone else."""

    exit_code = 3
