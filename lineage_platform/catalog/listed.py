"""Statements of terms as an event of the ledger lists them, all of them: an event leaves out all but the largest thousand."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any

from lineage_platform.catalog.session import Session
from lineage_platform.model.terms import Terms, in_force

_LISTED = """
    WITH entry AS (SELECT recorded_at FROM lineage.ledger_leaves WHERE index = %(index)s),
    counted AS (
        SELECT terms AS number, documents, tokens FROM lineage.version_terms WHERE version_id = %(version)s
        UNION ALL
        SELECT DISTINCT number, CASE WHEN %(version)s::text IS NOT NULL THEN 0 END,
                        CASE WHEN %(version)s::text IS NOT NULL THEN 0 END
        FROM lineage.terms AS t WHERE ledger_index = %(index)s AND NOT EXISTS (
            SELECT FROM lineage.version_terms AS v WHERE v.version_id = %(version)s AND v.terms = t.number)
    )
    SELECT number, c.documents, c.tokens, said.statement, entry.recorded_at
    FROM counted AS c CROSS JOIN entry JOIN lineage.terms AS said USING (number)
    WHERE said.ledger_index = (SELECT max(ledger_index) FROM lineage.terms AS t
                               WHERE t.number = c.number AND t.ledger_index <= %(index)s)
    ORDER BY coalesce(c.documents, 0) DESC, number, said.valid_from NULLS FIRST
"""


class Listed(Session):
    """The lists that events bind by a digest."""

    def listed(self, index: int, version: str | None) -> list[dict[str, Any]]:
        """The whole list of the entry `index`; of the run that made `version`, or of a change of terms outside any run."""
        rows = self._rows(_LISTED, {"index": index, "version": version})
        return [_item([*said]) for _, said in groupby(rows, itemgetter("number"))]


def _item(said: list[dict[str, Any]]) -> dict[str, Any]:
    """One number with what holds on the day of the event, and what else was stated."""
    first, pieces = said[0], [row["statement"] for row in said]
    made = [Terms.from_statement(piece) for piece in pieces]
    now = made.index(in_force(made, first["recorded_at"].date()))
    others = pieces[:now] + pieces[now + 1 :]
    return {
        "terms": str(first["number"]),
        "documents": first["documents"],
        "tokens": first["tokens"],
        "statement": pieces[now],
        **({"others": others} if others else {}),
    }
