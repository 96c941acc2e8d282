"""Terms as they are believed: the statement behind each terms number, with the overlay laid over it, met with what it
derives from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from lineage_platform.audit.answers import Gap
from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.overlay import Interval, cover, foremost
from lineage_platform.audit.parents import Parents, Proposed, laid_over
from lineage_platform.catalog.rows import Doubt, RightsRow, TermsRow, VersionFile
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.model.when import When
from lineage_platform.policy.effective import is_derived

Statement = Mapping[str, Any]

Rule = tuple[int, int | None]
"""(terms number, overlay row or None): together they say which statement counts for a document."""

_KEPT = 50_000
"""Rules whose gaps are kept in memory: most questions find the same."""

_SUBJECTS = """
    SELECT subject, document FROM read_parquet($files) WHERE list_contains($subjects::BLOB[], subject) ORDER BY ALL
"""
UNKNOWN = (NOASSERTION, "unknown", "unknown")


class Rights:
    """The statements believed at one time about `numbers`, or about all terms numbers, as they hold on one day.

    `proposed` gives what would be stated instead of what is recorded.
    """

    def __init__(self, catalog: Catalog, when: When, proposed: Proposed | None = None) -> None:
        self._catalog = catalog
        self._when = when
        self._proposed = proposed
        self._overlay = {row.id: row for row in catalog.overlay(when)}
        self._replacing = {
            row.id: TermsRow(0, row.statement, row.ledger_index) for row in self._overlay.values()
        }
        self._by_number = {row.terms: row.id for row in self._overlay.values() if row.terms is not None}
        self._terms: Mapping[int, TermsRow] = {}
        self._parents = Parents(catalog, when, self._overlay, proposed)
        self._met: dict[Rule, TermsRow] = {}

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
        self._parents.intervals = intervals
        return intervals

    def learn(self, numbers: Iterable[int] | None) -> None:
        """Read the statements about some terms numbers, or about all; before asking for them."""
        wanted = None if numbers is None else list(numbers)
        found = self._catalog.terms(self._when, wanted)
        asked = found if wanted is None else {number: found[number] for number in wanted if number in found}
        if self._proposed is not None:
            found = asked = {number: self._proposed(row) for number, row in asked.items()}
        of_some = self._when.as_of or self._when.valid_at or self._proposed
        self._terms = {**self._terms, **found} if of_some else found
        self._parents.learn(row.statement for row in asked.values())

    def in_short(self, numbers: Iterable[int]) -> Mapping[int, RightsRow]:
        """What counts, by terms number, for some numbers at least, where the overlay does not replace it and nothing was
        derived: that is `row`'s."""
        wanted = list(numbers)
        found = self._catalog.rights(self._when, wanted)
        if not self._by_number:
            return found
        covered = {number: self._by_number[number] for number in wanted if number in self._by_number}
        return {**found, **{number: self._over(row, found.get(number)) for number, row in covered.items()}}

    @property
    def replacing(self) -> dict[int, RightsRow]:
        """What counts by overlay row."""
        return {number: row.rights for number, row in self._replacing.items()}

    @property
    def known(self) -> dict[int, Statement]:
        """Every statement learned, by terms number."""
        return {
            number: found.statement
            for number in self._terms
            if (found := self.row((number, None))) is not None
        }

    @property
    def overlays(self) -> dict[int, Statement]:
        """Every statement of the overlay in force, by overlay row."""
        return {number: row.statement for number, row in self._overlay.items()}

    def covers_source(self, overlay: int) -> bool:
        """Whether a row of the overlay covers a whole source, and so what was made from any of it."""
        return self._overlay[overlay].source is not None

    def row(self, rule: Rule) -> TermsRow | None:
        """What counts for documents under `rule`, with the entry that states it; None where nothing was stated."""
        stated = self._stated(rule)
        if stated is None or not is_derived(stated.statement):
            return stated
        return self._effective(rule, stated)

    def _effective(self, rule: Rule, stated: TermsRow) -> TermsRow:
        if rule not in self._met:
            self._met[rule] = replace(stated, statement=self._parents.effective(stated.statement))
        return self._met[rule]

    def short(self, rule: Rule) -> RightsRow | None:
        """`row` in short. A doubt names the licence that the documents declare themselves, not those of what they derive from."""
        row, stated = self.row(rule), self._stated(rule)
        if row is None or stated is None:
            return None
        doubt = row.rights.doubt
        return row.rights._replace(doubt=doubt and doubt._replace(declared=stated.statement["declared"]))

    def _stated(self, rule: Rule) -> TermsRow | None:
        """The same without what it derives from."""
        number, overlay = rule
        overlay = self.counting(number, overlay)
        own = self._terms.get(number)
        if overlay is None or own is None or not is_derived(own.statement):
            return own if overlay is None else self._replacing[overlay]
        replacing = self._replacing[overlay]
        return replace(replacing, statement=laid_over(own.statement, replacing.statement))

    def counting(self, number: int, overlay: int | None) -> int | None:
        """The row of the overlay that counts (`overlay.foremost`)."""
        if number not in self._by_number or overlay is None:
            return self._by_number.get(number, overlay)
        row = foremost(self._overlay[self._by_number[number]], self._overlay[overlay])
        return None if row is None else row.id

    def _over(self, overlay: int, own: RightsRow | None) -> RightsRow:
        """In short what a row of the overlay says of a terms number."""
        return self._replacing[overlay].rights._replace(derived=own is not None and own.derived)

    def statement(self, rule: Rule) -> Statement | None:
        """What counts for documents under `rule`; None where nothing was stated."""
        row = self.row(rule)
        return row.statement if row else None

    def ledger_indexes(self, rules: Iterable[Rule]) -> set[int]:
        """The entries that state what counts, and what that derives from."""
        stated = [row for row in map(self._stated, rules) if row is not None]
        derived = [row.statement for row in stated if is_derived(row.statement)]
        return {row.ledger_index for row in stated}.union(*map(self._parents.ledger_indexes, derived))

    def partly_covered(self, rules: Iterable[Rule]) -> dict[str, list[int]]:
        """Rows of the overlay that cover part of a source which documents under `rules` were made from, by source."""
        stated = [row.statement for row in map(self._stated, rules) if row is not None]
        found = [self._parents.partly_covered(statement) for statement in stated if is_derived(statement)]
        return {source: rows for item in found for source, rows in item.items()}

    def gaps(self, rules: Iterable[Rule]) -> list[Gap]:
        """What the statements leave open: none at all, an unresolved licence, validity that is over or to come."""
        doubts: dict[Rule, Doubt | None] = {}
        for rule in rules:
            row = self.short(rule)
            doubt = row.doubt if row else None
            if row is None or doubt is not None:
                doubts[rule] = doubt
        return self.gaps_of(doubts)

    def gaps_of(self, doubts: Mapping[Rule, Doubt | None]) -> list[Gap]:
        """What is doubtful, as gaps; None: there is no statement."""
        today = self._when.day.isoformat()
        found = sorted([_gaps_on(rule, doubt, today) for rule, doubt in doubts.items()])
        return [gap for _, gaps in found for gap in gaps]


@lru_cache(maxsize=_KEPT)
def _gaps_on(rule: Rule, doubt: Doubt | None, today: str) -> tuple[str, tuple[Gap, ...]]:
    """What `rule` leaves open on a day, and where it stands among others."""
    name = str(rule[0]) if rule[1] is None else f"overlay/{rule[1]}"
    if doubt is None:
        missing = Gap("terms-missing", name, "no statement about this terms number was recorded")
        return str(rule), (missing,)
    gaps = []
    if doubt.unresolved:
        note = doubt.licence_note or "the licence is not known"
        gaps.append(Gap(f"licence-{doubt.licence_status}", name, f"{doubt.source}: {note}", doubt.declared))
    begins, ends = doubt.valid_from, doubt.valid_to
    if (begins and today < begins[:10]) or (ends and today >= ends[:10]):
        note = f"{doubt.source}: valid from {begins} to {ends}"
        gaps.append(Gap("terms-not-in-force", name, note, doubt.declared))
    return str(rule), tuple(gaps)


def documents_of(
    index: Index, documents: Sequence[VersionFile], subjects: Sequence[bytes]
) -> list[tuple[bytes, int]]:
    """(subject, document key) of data subjects, by their keyed hashes."""
    rows = index.ask(_SUBJECTS, documents, subjects=list(subjects))
    return [(bytes(subject), int(document)) for subject, document in rows]
