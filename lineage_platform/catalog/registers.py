"""What people put on record by hand, read from the catalog: the whole overlay, training runs, requests."""

from __future__ import annotations

from collections.abc import Collection

from lineage_platform.catalog.rows import (
    LaidRow,
    Reinstatement,
    RequestRow,
    RequestStepRow,
    TrainingRow,
    WithdrawalRow,
)
from lineage_platform.catalog.session import Session


class Registers(Session):
    """Everything that was ever recorded, whether it still counts or not."""

    def laid(self) -> list[LaidRow]:
        """Every row of the overlay, oldest first, with what lifted it."""
        rows = self._rows(
            """SELECT o.id, o.withdrawal, o.source, o.terms, o.key_from, o.key_to, o.document, o.subject, o.subject_key, o.statement, o.reason, o.author,
                      o.valid_from, o.valid_to, o.recorded_at, o.ledger_index,
                      r.reason AS lifting, r.author AS lifter, r.effective, r.recorded_at AS lifted_at,
                      r.ledger_index AS lifting_index
               FROM lineage.overlay o LEFT JOIN lineage.reinstatements r ON r.overlay = o.id ORDER BY o.id"""
        )
        found = []
        for row in rows:
            lifting = [
                row.pop(name) for name in ("lifting", "lifter", "effective", "lifted_at", "lifting_index")
            ]
            found.append(LaidRow(**row, reinstated=None if lifting[0] is None else Reinstatement(*lifting)))
        return found

    def withdrawals(self) -> list[WithdrawalRow]:
        """Every withdrawal, oldest first, with its rows of the overlay that were not lifted."""
        rows = self._rows(
            """SELECT w.id, w.kind, w.reason, w.author, w.effective, w.request, w.erase, w.covers, w.documents, w.tokens,
                      w.shards, w.recorded_at, w.ledger_index,
                      coalesce(array_agg(o.id ORDER BY o.id) FILTER (WHERE r.overlay IS NULL), '{}') AS standing,
                      count(r.overlay) AS lifted
               FROM lineage.withdrawals w JOIN lineage.overlay o ON o.withdrawal = w.id
               LEFT JOIN lineage.reinstatements r ON r.overlay = o.id AND r.effective <= now()
               GROUP BY w.id ORDER BY w.id"""
        )
        return [WithdrawalRow(**row) for row in rows]

    def quarantines(self, versions: Collection[str]) -> dict[str, dict[int, list[int]]]:
        """For each of some corpus versions its shards in quarantine, with the withdrawals in force that are the reason."""
        found: dict[str, dict[int, list[int]]] = {}
        for row in self._rows(
            """SELECT q.version_id, q.shard, q.withdrawal FROM lineage.quarantines q
               WHERE q.version_id = ANY(%s) AND EXISTS (
                   SELECT FROM lineage.overlay o WHERE o.withdrawal = q.withdrawal AND NOT EXISTS (
                       SELECT FROM lineage.reinstatements r WHERE r.overlay = o.id AND r.effective <= now()))
               ORDER BY q.version_id, q.shard, q.withdrawal""",
            list(versions),
        ):
            found.setdefault(row["version_id"], {}).setdefault(row["shard"], []).append(row["withdrawal"])
        return found

    def training_runs(self, releases: Collection[str] | None = None) -> list[TrainingRow]:
        """Training runs, oldest first: all, or those that read one of some releases."""
        rows = self._rows(
            """SELECT run_id::text, release_id, job, model, model_version, details, ended_at, recorded_at, ledger_index
               FROM lineage.training_runs WHERE %(releases)s::text[] IS NULL OR release_id = ANY(%(releases)s)
               ORDER BY recorded_at, run_id""",
            {"releases": None if releases is None else list(releases)},
        )
        return [TrainingRow(**row) for row in rows]

    def requests(self) -> list[RequestRow]:
        """Every request, oldest first, with its steps."""
        steps: dict[int, list[RequestStepRow]] = {}
        for row in self._rows(
            """SELECT request, action, author, note, withdrawal, due, recorded_at, ledger_index
               FROM lineage.request_steps ORDER BY id"""
        ):
            steps.setdefault(row.pop("request"), []).append(RequestStepRow(**row))
        rows = self._rows(
            """SELECT id, kind, jurisdiction, received_at, due, rule, subject, subject_key, name, about, author,
                      recorded_at, ledger_index
               FROM lineage.requests ORDER BY id"""
        )
        return [RequestRow(**row, steps=tuple(steps.get(row["id"], ()))) for row in rows]
