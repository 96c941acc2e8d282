"""Reads of the catalog through psycopg, without SQLAlchemy: a question from the command line starts in half the time.

    with connect(url) as catalog:
        version = catalog.current("demo/shards")

A `Reading` is one read-only connection. Inside `catalog.snapshot()` every read sees the same moment, whatever is
committed meanwhile. A database that is down raises Unavailable; one without our tables answers like an empty one raises
NotFound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg.rows import dict_row, tuple_row

from lineage_platform.catalog.forms import transformation_from
from lineage_platform.catalog.migrate import refuse_other_tables
from lineage_platform.catalog.rows import (
    CheckpointRow,
    Doubt,
    LeafRow,
    OverlayRow,
    RightsRow,
    ShardRow,
    SnapshotRow,
    TermsRow,
    Upstream,
    VersionFile,
    VersionRow,
)
from lineage_platform.catalog.statements_kept import Statements
from lineage_platform.errors import NotFound, Unavailable
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
_STATEMENTS = """
    SELECT DISTINCT ON (number) number, statement, ledger_index FROM lineage.terms
    WHERE recorded_at <= coalesce(%(time)s::timestamptz, 'infinity')
      AND (%(numbers)s::bigint[] IS NULL OR number = ANY(%(numbers)s))
    ORDER BY number, recorded_at DESC, id DESC
"""
_RIGHTS = f"""
    SELECT number, ledger_index, statement->>'licence', statement->>'consent_basis', statement->>'personal_data',
           statement->>'source', statement->>'licence_status', statement->>'licence_note', statement->>'declared',
           statement->>'valid_from', statement->>'valid_to'
    FROM ({_STATEMENTS}) AS believed
"""  # noqa: S608 - a literal of ours
_CURRENT = """
    SELECT version_id FROM lineage.runs
    WHERE dataset = %s AND state = 'COMPLETE' ORDER BY ledger_index DESC LIMIT 1
"""


T = TypeVar("T")


class NothingRecorded(NotFound):
    """The database has none of our tables yet."""

    def __init__(self) -> None:
        super().__init__("catalog", "lineage")

    def __str__(self) -> str:
        return "nothing has been recorded in this workspace yet; run `lineage materialize`"


def connect(url: str) -> Reading:
    """Open a read-only connection to `url` (a libpq URL).

    Raises Unavailable when it cannot be had, or the database has the tables of another version.
    """
    try:
        connection = psycopg.connect(url, connect_timeout=10, application_name="lineage-reading")
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {_sentence(error)}") from error
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.autocommit = True
    try:
        refuse_other_tables(connection)
    except BaseException:
        connection.close()
        raise
    return Reading(connection)


class Reading:
    """The catalog, read only."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._upstream: dict[str, Upstream] = {}
        self._roles: dict[str, list[str]] = {}
        self._statements: Statements[TermsRow] = Statements()
        self._rights: Statements[RightsRow] = Statements()
        self._shares: dict[tuple[str, str, str], tuple[str, str, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one moment."""
        with self._connection.transaction():
            yield

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

    def terms(self, as_of: datetime | None, numbers: Iterable[int] | None = None) -> Mapping[int, TermsRow]:
        """What was believed at `as_of` (None: now) about terms numbers at least, or about all that have a statement.

        Statements are only ever added, so those believed now are kept, and what was added since is looked for.
        """
        return self._believed(self._statements, self._read_terms, as_of, numbers)

    def rights(self, as_of: datetime | None, numbers: Iterable[int]) -> Mapping[int, RightsRow]:
        """Like `terms`, in short: without the statements themselves, which are many times as large."""
        return self._believed(self._rights, self._read_rights, as_of, numbers)

    def _believed(
        self,
        kept: Statements[T],
        read: Callable[[datetime | None, Iterable[int] | None], Mapping[int, T]],
        as_of: datetime | None,
        numbers: Iterable[int] | None,
    ) -> Mapping[int, T]:
        if as_of is not None:
            return read(as_of, numbers)
        newest = self._rows("SELECT max(id) AS last FROM lineage.terms")[0]["last"] or 0
        if newest != kept.newest:
            query = "SELECT DISTINCT number FROM lineage.terms WHERE id > %s"
            changed = [] if kept.empty else self._rows(query, kept.newest)
            kept.forget((row["number"] for row in changed), newest)
        if numbers is None and not kept.whole:
            kept.keep(read(None, None), None)
        elif numbers is not None and (missing := kept.missing(numbers)):
            kept.keep(read(None, missing), missing)
        return kept.known

    def _read_terms(self, as_of: datetime | None, numbers: Iterable[int] | None) -> dict[int, TermsRow]:
        asked = {"time": as_of, "numbers": None if numbers is None else list(numbers)}
        return {row["number"]: TermsRow(**row) for row in self._rows(_STATEMENTS, asked)}

    def _read_rights(self, as_of: datetime | None, numbers: Iterable[int] | None) -> dict[int, RightsRow]:
        asked = {"time": as_of, "numbers": None if numbers is None else list(numbers)}
        found = {}
        with self._mapped(), self._connection.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(_RIGHTS, asked).fetchall()
        for number, index, licence, basis, personal, *said in rows:
            share, doubt = (licence, basis, personal), Doubt._make(said)
            share = self._shares.setdefault(share, share)
            found[number] = RightsRow(share, index, doubt if doubt.open else None)
        return found

    def overlay(self, as_of: datetime | None) -> list[OverlayRow]:
        """Overlay rows in force at `as_of` (None: now), by what was recorded then, oldest first."""
        rows = self._rows(
            """SELECT id, statement, recorded_at, ledger_index, source, key_from, key_to, document, subject
               FROM lineage.overlay, coalesce(%(time)s::timestamptz, 'infinity') AS known,
                    coalesce(%(time)s::timestamptz, now()) AS moment
               WHERE recorded_at <= known AND coalesce(lifted_at > known, true)
                 AND valid_from <= moment AND coalesce(valid_to > moment, true)
               ORDER BY recorded_at, id""",
            {"time": as_of},
        )
        return [OverlayRow(**row) for row in rows]

    def checkpoint(self) -> CheckpointRow | None:
        """The newest checkpoint."""
        rows = self._rows(
            "SELECT size, root, note, recorded_at FROM lineage.checkpoints ORDER BY size DESC LIMIT 1"
        )
        return CheckpointRow(**rows[0]) if rows else None

    def erased(self) -> set[int]:
        """Indexes of the ledger entries whose event was erased."""
        rows = self._rows("SELECT index FROM lineage.ledger_leaves WHERE salt IS NULL")
        return {row["index"] for row in rows}

    def leaves(self, indexes: Sequence[int]) -> dict[int, LeafRow]:
        """Ledger entries by index; those that do not exist are left out."""
        query = """
            SELECT index, leaf_hash, salt, payload, run_id::text, kind, recorded_at FROM lineage.ledger_leaves
            WHERE index = ANY(%s)
        """
        # binary: events are tens of kilobytes each, and would come as hexadecimal text
        with self._mapped(), self._connection.cursor(binary=True) as cursor:
            return {row[0]: LeafRow(*row) for row in cursor.execute(query, [list(indexes)])}

    def ledger_size(self) -> int:
        """Number of ledger entries."""
        return int(self._rows("SELECT count(*) AS n FROM lineage.ledger_leaves")[0]["n"])

    def leaf_hashes(self) -> list[bytes]:
        """The hash of every ledger entry, by index."""
        return [
            row["leaf_hash"]
            for row in self._rows("SELECT leaf_hash FROM lineage.ledger_leaves ORDER BY index")
        ]

    def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Hashes of complete subtrees by (level, index), level 0 being the leaves; missing ones are left out."""
        leaves = [index for level, index in wanted if level == 0]
        inner = [place for place in wanted if place[0] > 0]
        rows = self._rows(
            """SELECT 0 AS level, index, leaf_hash AS hash FROM lineage.ledger_leaves WHERE index = ANY(%s)
               UNION ALL
               SELECT level, index, hash FROM lineage.ledger_nodes
               JOIN unnest(%s::int[], %s::bigint[]) AS wanted(level, index) USING (level, index)""",
            leaves,
            [level for level, _ in inner],
            [index for _, index in inner],
        )
        return {(row["level"], row["index"]): row["hash"] for row in rows}

    def table(self, name: LiteralString, order: LiteralString) -> Iterator[dict[str, Any]]:
        """Every row of a table of schema `lineage` as it is, streamed; for `verify`. Names are literals of ours."""
        with (
            self._mapped(),
            self._connection.transaction(),
            self._connection.cursor(f"all-{name}", row_factory=dict_row) as cursor,
        ):
            cursor.itersize = 1000
            cursor.execute(f"SELECT * FROM lineage.{name} ORDER BY {order}")  # noqa: S608 - literals only
            yield from cursor

    def _rows(self, query: LiteralString, *parameters: Any) -> list[dict[str, Any]]:
        named = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], dict) else parameters
        with self._mapped(), self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, named).fetchall()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise NothingRecorded from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable(f"the database does not answer: {_sentence(error)}") from error


def _transformation(form: Any) -> Transformation | None:
    return None if form is None else transformation_from(form)


def _version(row: dict[str, Any]) -> VersionRow:
    return VersionRow(**{**row, "transformation": _transformation(row["transformation"])})


def _snapshot(row: dict[str, Any]) -> SnapshotRow:
    return SnapshotRow(**{**row, "transformation": _transformation(row["transformation"])})


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split())
