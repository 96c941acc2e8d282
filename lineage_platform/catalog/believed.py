"""Terms as they were believed at a time, and the overlay, read from the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.rows import tuple_row

from lineage_platform.catalog.rows import Doubt, OverlayRow, RightsRow, TermsRow
from lineage_platform.catalog.session import Session
from lineage_platform.catalog.statements_kept import Statements
from lineage_platform.model.when import When

_STATEMENTS = """
    SELECT DISTINCT ON (number) number, statement, ledger_index FROM lineage.terms
    WHERE recorded_at <= coalesce(%(known)s::timestamptz, 'infinity')
      AND (%(numbers)s::bigint[] IS NULL OR number = ANY(%(numbers)s))
    ORDER BY number, ledger_index DESC,
             CASE WHEN valid_from > %(day)s THEN 10000000 + (valid_from - %(day)s)
                  ELSE greatest(0, %(day)s - valid_to + 1) END
"""
"""Of what was recorded last about a number, the piece that holds on the day; else the one that ended last, else the one
that begins first (`model.terms.in_force`)."""

_RIGHTS = f"""
    SELECT number, ledger_index, statement->>'licence', statement->>'consent_basis', statement->>'personal_data',
           statement->>'source', statement->>'licence_status', statement->>'licence_note', statement->>'declared',
           statement->>'valid_from', statement->>'valid_to',
           statement ? 'parents' OR statement ? 'derived_from'
    FROM ({_STATEMENTS}) AS believed
"""  # noqa: S608 - a literal of ours

T = TypeVar("T")

Later = Callable[[Sequence[tuple[bytes, str]]], Sequence[Sequence[bytes]]]
"""Of hashes of data subjects with the ids of their keys: what each is under the keys since."""


def no_later(hashes: Sequence[tuple[bytes, str]]) -> Sequence[Sequence[bytes]]:
    """Where keys never rotated."""
    return [()] * len(hashes)


class Believed(Session):
    """Statements and overlay. Statements are only ever added, so those believed now are kept between questions."""

    def __init__(self, connection: psycopg.Connection[Any], later: Later = no_later) -> None:
        super().__init__(connection)
        self._later = later
        self._statements: Statements[TermsRow] = Statements()
        self._rights: Statements[RightsRow] = Statements()
        self._shares: dict[tuple[str, str, str], tuple[str, str, str]] = {}
        self._day = When().day

    def terms(self, when: When, numbers: Iterable[int] | None = None) -> Mapping[int, TermsRow]:
        """What was believed about terms numbers at least, or about all that have a statement.

        Statements are only ever added, so what is believed now about today is kept, and what was added since is looked for.
        """
        self._forget_yesterday()
        return self._believed(self._statements, self._read_terms, when, numbers)

    def numbers_about(self, source: str) -> list[int]:
        """The terms numbers that anything was ever stated about for records of a source."""
        query = "SELECT DISTINCT number FROM lineage.terms WHERE source = %s ORDER BY number"
        return [row["number"] for row in self._rows(query, source)]

    def rights(self, when: When, numbers: Iterable[int]) -> Mapping[int, RightsRow]:
        """Like `terms`, in short: without the statements themselves, which are many times as large."""
        self._forget_yesterday()
        return self._believed(self._rights, self._read_rights, when, numbers)

    def _forget_yesterday(self) -> None:
        if self._day != When().day:
            self._statements, self._rights, self._day = Statements(), Statements(), When().day

    def _believed(
        self,
        kept: Statements[T],
        read: Callable[[When, Iterable[int] | None], Mapping[int, T]],
        when: When,
        numbers: Iterable[int] | None,
    ) -> Mapping[int, T]:
        if when.as_of is not None or when.day != self._day:
            return read(when, numbers)
        newest = self._rows("SELECT max(id) AS last FROM lineage.terms")[0]["last"] or 0
        if newest != kept.newest:
            query = "SELECT DISTINCT number FROM lineage.terms WHERE id > %s"
            changed = [] if kept.empty else self._rows(query, kept.newest)
            kept.forget((row["number"] for row in changed), newest)
        if numbers is None and not kept.whole:
            kept.keep(read(when, None), None)
        elif numbers is not None and (missing := kept.missing(numbers)):
            kept.keep(read(when, missing), missing)
        return kept.known

    def _read_terms(self, when: When, numbers: Iterable[int] | None) -> dict[int, TermsRow]:
        asked = _asked(when, numbers)
        return {row["number"]: TermsRow(**row) for row in self._rows(_STATEMENTS, asked)}

    def _read_rights(self, when: When, numbers: Iterable[int] | None) -> dict[int, RightsRow]:
        asked = _asked(when, numbers)
        found = {}
        with self._mapped(), self._connection.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(_RIGHTS, asked).fetchall()
        for number, index, licence, basis, personal, *said, derived in rows:
            share, doubt = (licence, basis, personal), Doubt._make(said)
            share = self._shares.setdefault(share, share)
            found[number] = RightsRow(share, index, doubt if doubt.open else None, derived)
        return found

    def overlay(self, when: When) -> list[OverlayRow]:
        """Overlay rows in force, by what was recorded then, oldest first, withdrawals last: of two rows that cover the same the later
        one counts."""
        rows = self._rows(
            """SELECT id, statement, recorded_at, ledger_index, withdrawal, source, terms, key_from, key_to, document, subject,
                      subject_key, subject_earlier
               FROM lineage.overlay AS o, coalesce(%(known)s::timestamptz, 'infinity') AS known,
                    coalesce(%(moment)s::timestamptz, now()) AS moment
               WHERE recorded_at <= known AND valid_from <= moment AND coalesce(valid_to > moment, true)
                 AND NOT EXISTS (SELECT FROM lineage.reinstatements r
                                 WHERE r.overlay = o.id AND r.recorded_at <= known AND r.effective <= moment)
               ORDER BY withdrawal IS NOT NULL, recorded_at, id""",
            {"known": when.as_of, "moment": when.moment},
        )
        keyed = [(row["subject"], row["subject_key"]) for row in rows if row["subject_key"]]
        since = iter(self._later(keyed) if keyed else ())
        found = []
        for row in rows:
            key, earlier = row.pop("subject_key"), row.pop("subject_earlier") or ()
            others = (*map(bytes.fromhex, earlier), *(next(since) if key else ()))
            found.append(OverlayRow(**row, other_hashes=others))
        return found


def _asked(when: When, numbers: Iterable[int] | None) -> dict[str, Any]:
    return {"known": when.as_of, "day": when.day, "numbers": None if numbers is None else list(numbers)}
