"""The way back from a corpus version: every run upstream of it, in an order in which they can have happened.

Raises VerificationFailed when the recorded inputs form a circle, which no run can have done.
"""

from __future__ import annotations

import graphlib

from lineage_platform.audit.answers import Gap, Step
from lineage_platform.catalog.rows import SnapshotRow, Upstream, VersionRow
from lineage_platform.errors import VerificationFailed


def ordered(upstream: Upstream) -> list[VersionRow | SnapshotRow]:
    """Snapshots and versions, inputs before what was made of them; among equals by ledger index."""
    rows: dict[str, VersionRow | SnapshotRow] = {
        **{row.id: row for row in upstream.snapshots},
        **{row.id: row for row in upstream.versions},
    }
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter(dict.fromkeys(rows, ()))
    for version, used in upstream.edges:
        if version in rows and used in rows:
            sorter.add(version, used)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise VerificationFailed(
            f"the recorded inputs form a circle: {error.args[1]}; run `lineage verify`"
        ) from error
    result: list[VersionRow | SnapshotRow] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda name: (rows[name].ledger_index, name))
        result.extend(rows[name] for name in ready)
        sorter.done(*ready)
    return result


def steps(upstream: Upstream) -> tuple[list[Step], list[Gap]]:
    """The runs in order; an id that nothing answers to, or a run that is not recorded, is a gap."""
    gaps = [
        Gap("unresolved-id", name, "named as an input, but neither a version nor a snapshot")
        for name in upstream.unresolved
    ]
    found = []
    for row in ordered(upstream):
        made = row.transformation
        if made is None:
            gaps.append(Gap("run-missing", row.run_id, f"the run that made {row.id} is not recorded"))
        found.append(
            Step(
                name=made.name if made else row.id.partition("@")[0],
                code_version=made.code_version if made else None,
                parameters=made.parameters if made else {},
                run_id=row.run_id,
                ledger_index=row.ledger_index,
            )
        )
    return found, gaps


def between(upstream: Upstream, snapshot: SnapshotRow) -> list[VersionRow]:
    """The versions that a document of `snapshot` went through, in order."""
    reached = {snapshot.id}
    on_the_way = []
    for row in ordered(upstream):
        used = {name for version, name in upstream.edges if version == row.id}
        if isinstance(row, VersionRow) and used & reached:
            reached.add(row.id)
            on_the_way.append(row)
    return on_the_way
