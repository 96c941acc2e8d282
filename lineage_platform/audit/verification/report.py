"""What a verification has found so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from lineage_platform.audit.answers import Mismatch, Verification
from lineage_platform.errors import InvalidInput, NotFound, VerificationFailed

Tell = Callable[[str, int, int], None]
"""(what is being recomputed, done, total)"""

_SHOWN = 200
_BROKEN = (
    ArithmeticError,
    AttributeError,
    InvalidInput,
    LookupError,
    NotFound,
    OSError,
    TypeError,
    ValueError,
    VerificationFailed,
    duckdb.Error,
    pa.ArrowException,
)


class Report:
    """Collects counts and problems."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self._checked: Counter[str] = Counter()
        self._problems: list[Mismatch] = []

    def count(self, what: str, number: int = 1) -> None:
        """Note that so much was recomputed."""
        self._checked[what] += number

    def problem(self, kind: str, name: str, got: Any, expected: Any) -> None:
        """Note something that is not what was recorded."""
        self._problems.append(Mismatch(kind, name, _short(got), _short(expected)))

    def same(self, kind: str, name: str, got: Any, expected: Any) -> bool:
        """Whether both are equal; a problem if not."""
        if got != expected:
            self.problem(kind, name, got, expected)
        return bool(got == expected)

    @contextmanager
    def reading(self, kind: str, name: str) -> Iterator[None]:
        """What cannot be read inside is a problem too: altered bytes need not even be well formed."""
        try:
            yield
        except _BROKEN as error:
            self.problem(kind, name, f"{type(error).__name__}: {error}", "what was recorded, readable")

    @property
    def problems(self) -> int:
        """How many there are."""
        return len(self._problems)

    def result(self) -> Verification:
        """The answer."""
        return Verification(not self._problems, dict(self._checked), tuple(self._problems))


def _short(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
