"""Reads of the catalog through psycopg, without SQLAlchemy: a question from the command line starts in half the time.

    with connect(url) as catalog:
        version = catalog.current("demo/shards")

A `Reading` is one read-only connection. Inside `catalog.snapshot()` every read sees the same moment, whatever is
committed meanwhile. A database that is down raises Unavailable; one without our tables answers like an empty one raises
NotFound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from lineage_platform.catalog.believed import Believed, Later, no_later
from lineage_platform.catalog.entries import Entries
from lineage_platform.catalog.forms import transformation_from
from lineage_platform.catalog.listed import Listed
from lineage_platform.catalog.migrate import refuse_other_tables
from lineage_platform.catalog.registers import Registers
from lineage_platform.catalog.released import Released
from lineage_platform.catalog.rows import (
    ShardRow,
    SnapshotRow,
    Upstream,
    VersionFile,
    VersionRow,
)
from lineage_platform.catalog.session import sentence
from lineage_platform.errors import Unavailable
from lineage_platform.model.versions import File, SnapshotFile, Transformation

CORPUS_SUFFIX = "/shards"

FEW = 16
"""Versions of one question, above which those without a file of the role asked for are left out first."""

KEPT = 8
"""Corpus versions whose way is kept in memory."""

_VERSION = """
    SELECT v.id, v.dataset, v.sequence, v.content_digest, v.manifest_sha256, v.statistics, v.run_id::text,
           v.ledger_index, v.committed_at, r.transformation
    FROM lineage.versions v LEFT JOIN lineage.runs r USING (run_id)
"""
_SNAPSHOT = """
    SELECT s.number, s.source, s.digest, s.files, s.bytes, s.observed_at, s.run_id::text, s.ledger_index,
           r.transformation
    FROM lineage.snapshots s LEFT JOIN lineage.runs r USING (run_id)
"""
_CURRENT = """
    SELECT version_id FROM lineage.runs
    WHERE dataset = %s AND state = 'COMPLETE' ORDER BY ledger_index DESC LIMIT 1
"""


def connect(url: str, later: Later = no_later) -> Reading:
    """Open a read-only connection to `url` (a libpq URL); `later` follows data subjects through the rotation of keys.

    Raises Unavailable when it cannot be had, or the database has the tables of another version.
    """
    try:
        connection = psycopg.connect(url, connect_timeout=10, application_name="lineage-reading")
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {sentence(error)}") from error
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.autocommit = True
    try:
        refuse_other_tables(connection)
    except BaseException:
        connection.close()
        raise
    return Reading(connection, later)


class Reading(Believed, Entries, Released, Registers, Listed):
    """The catalog, read only: versions, files, shards and snapshots, what is believed about terms, and the ledger."""

    def __init__(self, connection: psycopg.Connection[Any], later: Later = no_later) -> None:
        super().__init__(connection, later)
        self._upstream: dict[str, Upstream] = {}
        self._roles: dict[str, list[str]] = {}

    def corpora(self) -> list[str]:
        """Ids of the corpora that have a version."""
        rows = self._rows("SELECT DISTINCT dataset FROM lineage.versions WHERE dataset LIKE '%%/shards'")
        return sorted(row["dataset"].removesuffix(CORPUS_SUFFIX) for row in rows)

    def current(self, dataset: str) -> VersionRow | None:
        """The version that the dataset's last completed run gave."""
        rows = self._rows(
            _VERSION + f"WHERE v.id = ({_CURRENT})",
            dataset,
        )
        return _version(rows[0]) if rows else None

    def current_documents(self) -> list[str]:
        """Ids of the current versions of the documents of all sources."""
        rows = self._rows(
            """SELECT DISTINCT ON (dataset) version_id FROM lineage.runs
               WHERE dataset LIKE 'documents/%%' AND state = 'COMPLETE' ORDER BY dataset, ledger_index DESC""",
            {},
        )
        return [row["version_id"] for row in rows]

    def versions_of(self, dataset: str) -> list[VersionRow]:
        """Every version of a dataset, oldest first."""
        return [
            _version(row)
            for row in self._rows(_VERSION + "WHERE v.dataset = %s ORDER BY v.sequence", dataset)
        ]

    def upstream(self, version_id: str) -> Upstream:
        """Everything `version_id` was made of, itself included, by walking the recorded inputs.

        What is complete cannot change any more and is kept: the same value for each question.
        """
        found = self._upstream.get(version_id)
        if found is None:
            found = self._read_upstream(version_id)
            if found.complete:
                self._upstream[version_id] = found
                for oldest in list(self._upstream)[:-KEPT]:
                    del self._upstream[oldest]
        return found

    def _read_upstream(self, version_id: str) -> Upstream:
        edges = tuple(
            (row["version_id"], row["input_id"])
            for row in self._rows(
                """WITH RECURSIVE up AS (
                    SELECT version_id, input_id FROM lineage.version_inputs WHERE version_id = %s
                    UNION
                    SELECT i.version_id, i.input_id FROM lineage.version_inputs i JOIN up ON i.version_id = up.input_id
                ) SELECT version_id, input_id FROM up ORDER BY version_id, input_id""",
                version_id,
            )
        )
        ids = {version_id, *(input_id for _, input_id in edges)}
        versions = tuple(_version(row) for row in self._rows(_VERSION + "WHERE v.id = ANY(%s)", list(ids)))
        snapshots = tuple(
            _snapshot(row)
            for row in self._rows(
                _SNAPSHOT + "WHERE 'source/' || s.source || '@' || left(s.digest, 16) = ANY(%s)", list(ids)
            )
        )
        known = {row.id for row in versions} | {row.id for row in snapshots}
        return Upstream(versions, snapshots, edges, tuple(sorted(ids - known)))

    def files(
        self,
        version_ids: Sequence[str],
        role: str | None = None,
        within: Sequence[tuple[int, int]] | None = None,
    ) -> list[VersionFile]:
        """Files of versions, of one role or all, in name order.

        With `within`, only those that can hold a row whose leading key is in one of these ranges, both ends included.
        """
        if role is not None and len(version_ids) > FEW:
            roles = self._roles_of(version_ids)
            version_ids = [name for name in version_ids if role in roles[name]]
        rows = self._rows(
            """SELECT version_id, name, role, sha256, bytes, rows, low, high FROM lineage.files
               WHERE version_id = ANY(%(versions)s) AND (%(role)s::text IS NULL OR role = %(role)s)
                 AND (%(lows)s::bigint[] IS NULL OR low IS NULL OR EXISTS (
                     SELECT FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS wanted(low, high)
                     WHERE files.high >= wanted.low AND files.low <= wanted.high))
               ORDER BY version_id, name""",
            {
                "versions": list(version_ids),
                "role": role,
                "lows": None if within is None else [low for low, _ in within],
                "highs": None if within is None else [high for _, high in within],
            },
        )
        return [VersionFile(row.pop("version_id"), File(**row)) for row in rows]

    def _roles_of(self, version_ids: Sequence[str]) -> dict[str, list[str]]:
        """The roles that versions have files of, which never change: few of a thousand versions have the one asked for."""
        new = [name for name in version_ids if name not in self._roles]
        if new:
            self._roles.update((name, []) for name in new)
            query = """SELECT version_id, array_agg(DISTINCT role) AS roles FROM lineage.files
                       WHERE version_id = ANY(%s) GROUP BY version_id"""
            self._roles.update((row["version_id"], row["roles"]) for row in self._rows(query, new))
        return self._roles

    def shards(self, version_id: str, numbers: Sequence[int] | None = None) -> list[ShardRow]:
        """Shards of a corpus version, by number; all, or those of some numbers."""
        rows = self._rows(
            """SELECT version_id, shard, name, documents, tokens, stored_tokens FROM lineage.shards
               WHERE version_id = %(version)s AND (%(numbers)s::int[] IS NULL OR shard = ANY(%(numbers)s))
               ORDER BY shard""",
            {"version": version_id, "numbers": numbers},
        )
        return [ShardRow(**row) for row in rows]

    def last_shard(self, version_id: str) -> int:
        """The greatest number of a shard of a corpus version; -1 where there is none."""
        rows = self._rows("SELECT max(shard) AS last FROM lineage.shards WHERE version_id = %s", version_id)
        return -1 if rows[0]["last"] is None else int(rows[0]["last"])

    def snapshots(self, source: str | None = None, numbers: Sequence[int] | None = None) -> list[SnapshotRow]:
        """Snapshots of one source, or of all, or those of some numbers, oldest first."""
        return [
            _snapshot(row)
            for row in self._rows(
                _SNAPSHOT
                + """WHERE (%(source)s::text IS NULL OR s.source = %(source)s)
                       AND (%(numbers)s::int[] IS NULL OR s.number = ANY(%(numbers)s)) ORDER BY s.number""",
                {"source": source, "numbers": None if numbers is None else list(numbers)},
            )
        ]

    def current_snapshot(self, source: str) -> SnapshotRow | None:
        """The snapshot that the source was last seen in."""
        rows = self._rows(
            _SNAPSHOT + f"WHERE 'source/' || s.source || '@' || left(s.digest, 16) = ({_CURRENT})",
            f"source/{source}",
        )
        return _snapshot(rows[0]) if rows else None

    def snapshot_file(self, number: int, position: int) -> SnapshotFile | None:
        """One file of a snapshot by its position."""
        rows = self._rows(
            """SELECT path, bytes, sha256, first_ordinal FROM lineage.snapshot_files
               WHERE snapshot = %s AND position = %s""",
            number,
            position,
        )
        return SnapshotFile(**rows[0]) if rows else None


def _transformation(form: Any) -> Transformation | None:
    return None if form is None else transformation_from(form)


def _version(row: dict[str, Any]) -> VersionRow:
    return VersionRow(**{**row, "transformation": _transformation(row["transformation"])})


def _snapshot(row: dict[str, Any]) -> SnapshotRow:
    return SnapshotRow(**{**row, "transformation": _transformation(row["transformation"])})
