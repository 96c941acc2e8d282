"""What goes into the gate of a release, and what comes out: counted statements, verdicts by use and jurisdiction, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rule:
    """Documents and tokens under one statement: that of a terms number, or of the overlay row that replaces it."""

    terms: int
    overlay: int | None
    documents: int
    tokens: int
    statement: Mapping[str, Any] = field(repr=False)

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        numbers = {"terms": str(self.terms), "overlay": None if self.overlay is None else str(self.overlay)}
        counts = {"documents": self.documents, "tokens": self.tokens}
        return {**numbers, **counts, "statement": dict(self.statement)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Rule:
        """The inverse of `stored`."""
        overlay = None if stored["overlay"] is None else int(stored["overlay"])
        return cls(int(stored["terms"]), overlay, stored["documents"], stored["tokens"], stored["statement"])


@dataclass(frozen=True)
class Cell:
    """One use in one jurisdiction: the worst verdict, and documents by verdict.

    `excepted` of the allowed ones are so by an exception; to `duties` documents a warning applies.
    """

    use: str
    jurisdiction: str
    verdict: str
    allowed: int
    unknown: int
    undetermined: int
    refused: int
    excepted: int
    duties: int


@dataclass(frozen=True)
class Finding:
    """A policy that stops documents, or would but for `exceptions`, or (severity `warning`) names a duty.

    `policy` is None where no policy permits. `verified` is false where nobody read the law's own text for it.
    """

    use: str
    jurisdiction: str
    policy: str | None
    effect: str
    severity: str
    title: str
    title_zh: str
    law: str
    clears: str
    verified: bool
    documents: int
    tokens: int
    sources: tuple[str, ...]
    exceptions: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether it keeps documents from being released."""
        return self.severity == "error" and not self.exceptions


@dataclass(frozen=True)
class Ruling:
    """What the gate says. `quarantined` are releases of the same corpus version that nobody has cleared, and withdrawals of what is
    in it."""

    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    documents: int
    tokens: int
    quarantined: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything may be released. Nothing may be released of nothing."""
        allowed = all(cell.verdict == "allowed" for cell in self.cells)
        return bool(self.documents and self.cells) and allowed and not self.quarantined

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "passed": self.passed,
            "documents": self.documents,
            "tokens": self.tokens,
            "cells": [asdict(cell) for cell in self.cells],
            "findings": [
                {**asdict(item), "sources": list(item.sources), "exceptions": list(item.exceptions)}
                for item in self.findings
            ],
            "quarantined": list(self.quarantined),
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Ruling:
        """The inverse of `stored`."""
        findings = (
            Finding(**{**item, "sources": tuple(item["sources"]), "exceptions": tuple(item["exceptions"])})
            for item in stored["findings"]
        )
        return cls(
            tuple(Cell(**item) for item in stored["cells"]),
            tuple(findings),
            stored["documents"],
            stored["tokens"],
            tuple(stored["quarantined"]),
        )
