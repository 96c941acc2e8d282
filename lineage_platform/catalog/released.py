"""Releases as they are recorded, with what became of them."""

from __future__ import annotations

from typing import Any

from lineage_platform.catalog.forms import transformation_from
from lineage_platform.catalog.rows import ReleaseRow
from lineage_platform.catalog.session import Session

RELEASE_SUFFIX = "/release"

_RELEASES = """
    SELECT v.id, v.dataset, v.sequence, v.content_digest, v.statistics, v.run_id::text, v.ledger_index,
           v.committed_at, r.transformation, r.passed, s.state, s.reason, s.day, i.input_id AS made_of,
           v.id = (SELECT c.version_id FROM lineage.runs c WHERE c.dataset = v.dataset AND c.state = 'COMPLETE'
                   ORDER BY c.ledger_index DESC LIMIT 1) AS current
    FROM lineage.versions v JOIN lineage.runs r USING (run_id) JOIN lineage.version_inputs i ON i.version_id = v.id
    LEFT JOIN LATERAL (SELECT state, reason, day FROM lineage.release_states
                       WHERE version_id = v.id ORDER BY id DESC LIMIT 1) s ON true
    WHERE v.dataset LIKE '%%/release' AND (%(corpus)s::text IS NULL OR v.dataset = %(corpus)s || '/release')
    ORDER BY v.ledger_index
"""


_DECIDING = """
    SELECT greatest((SELECT max(ledger_index) FROM lineage.terms), (SELECT max(ledger_index) FROM lineage.overlay),
                    (SELECT max(ledger_index) FROM lineage.reinstatements),
                    (SELECT max(ledger_index) FROM lineage.release_states),
                    (SELECT max(ledger_index) FROM lineage.versions WHERE dataset LIKE '%%/release')) AS newest
"""


class Released(Session):
    """Releases, oldest first."""

    def newest_ground(self) -> int:
        """The newest ledger entry that can decide about a release: of terms, the overlay, or a release; -1 before any."""
        newest = self._rows(_DECIDING, {})[0]["newest"]
        return -1 if newest is None else int(newest)

    def state_entries(self, release: str) -> list[int]:
        """The ledger entries that changed the state of a release."""
        query = "SELECT ledger_index FROM lineage.release_states WHERE version_id = %s ORDER BY ledger_index"
        return [row["ledger_index"] for row in self._rows(query, release)]

    def releases(self, corpus: str | None = None) -> list[ReleaseRow]:
        """The releases of one corpus, or of all, refused ones too."""
        return [_release(row) for row in self._rows(_RELEASES, {"corpus": corpus})]


def _release(row: dict[str, Any]) -> ReleaseRow:
    corpus = row.pop("dataset").removesuffix(RELEASE_SUFFIX)
    return ReleaseRow(
        **{**row, "corpus": corpus, "transformation": transformation_from(row["transformation"])}
    )
