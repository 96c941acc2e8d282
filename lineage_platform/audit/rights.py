"""Terms as they are believed: the statement behind each terms number, with the overlay laid over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lineage_platform.audit.answers import Gap
from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.overlay import Interval, cover
from lineage_platform.catalog.rows import TermsRow, VersionFile
from lineage_platform.model.terms import NOASSERTION

Statement = Mapping[str, Any]

Rule = tuple[int, int | None]
"""(terms number, overlay row or None): together they say which statement counts for a document."""

_SUBJECTS = """
    SELECT subject, document FROM read_parquet($files) WHERE list_contains($subjects::BLOB[], subject) ORDER BY ALL
"""
UNKNOWN = (NOASSERTION, "unknown", "unknown")


class Rights:
    """The statements believed at one time (`as_of` None: now) about `numbers`, or about all terms numbers."""

    def __init__(self, catalog: Catalog, as_of: datetime | None) -> None:
        self._catalog = catalog
        self._as_of = as_of
        self._overlay = {row.id: row for row in catalog.overlay(as_of)}
        self._replacing = {
            row.id: TermsRow(0, row.statement, row.ledger_index) for row in self._overlay.values()
        }
        self._terms: Mapping[int, TermsRow] = {}

    def lay_over(self, index: Index, documents: Callable[[], Sequence[VersionFile]]) -> list[Interval]:
        """Tell the index which document keys the overlay covers; `documents` are the files that hold data subjects."""
        if not self._overlay:
            return []
        intervals = cover(
            list(self._overlay.values()),
            self._catalog.snapshots,
            lambda subjects: documents_of(index, documents(), subjects),
        )
        index.lay_over(intervals)
        return intervals

    def learn(self, numbers: Iterable[int] | None) -> None:
        """Read the statements about some terms numbers, or about all; before asking for them."""
        found = self._catalog.terms(self._as_of, numbers)
        self._terms = found if self._as_of is None else {**self._terms, **found}

    @property
    def known(self) -> dict[int, Statement]:
        """Every statement learned, by terms number."""
        return {number: row.statement for number, row in self._terms.items()}

    @property
    def overlays(self) -> dict[int, Statement]:
        """Every statement of the overlay in force, by overlay row."""
        return {number: row.statement for number, row in self._overlay.items()}

    def row(self, rule: Rule) -> TermsRow | None:
        """What counts for documents under `rule`, with the entry that states it; None where nothing was stated."""
        number, overlay = rule
        return self._terms.get(number) if overlay is None else self._replacing[overlay]

    def statement(self, rule: Rule) -> Statement | None:
        """What counts for documents under `rule`; None where nothing was stated."""
        row = self.row(rule)
        return row.statement if row else None

    def ledger_indexes(self, rules: Iterable[Rule]) -> set[int]:
        """The entries that state what counts."""
        return {row.ledger_index for row in map(self.row, rules) if row is not None}

    def gaps(self, rules: Iterable[Rule]) -> list[Gap]:
        """What the statements leave open: none at all, an unresolved licence, validity that is over or to come."""
        today = (self._as_of or datetime.now(UTC)).astimezone(UTC).date().isoformat()
        gaps = []
        doubtful = [rule for rule in set(rules) if not ((row := self.row(rule)) and row.settled)]
        for rule in sorted(doubtful, key=str):
            statement = self.statement(rule)
            name = str(rule[0]) if rule[1] is None else f"overlay/{rule[1]}"
            if statement is None:
                gaps.append(Gap("terms-missing", name, "no statement about this terms number was recorded"))
                continue
            declared = statement.get("declared")
            if statement.get("licence_status") in ("ambiguous", "unknown"):
                note = statement.get("licence_note") or "the licence is not known"
                kind = f"licence-{statement['licence_status']}"
                gaps.append(Gap(kind, name, f"{statement.get('source')}: {note}", declared))
            begins, ends = statement.get("valid_from"), statement.get("valid_to")
            if (begins and today < begins[:10]) or (ends and today >= ends[:10]):
                gaps.append(
                    Gap(
                        "terms-not-in-force",
                        name,
                        f"{statement.get('source')}: valid from {begins} to {ends}",
                        declared,
                    )
                )
        return gaps


def documents_of(
    index: Index, documents: Sequence[VersionFile], subjects: Sequence[bytes]
) -> list[tuple[bytes, int]]:
    """(subject, document key) of data subjects, by their keyed hashes."""
    rows = index.ask(_SUBJECTS, documents, subjects=list(subjects))
    return [(bytes(subject), int(document)) for subject, document in rows]
