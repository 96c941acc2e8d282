"""The way back from a corpus version: every run upstream of it, in an order in which they can have happened.

Raises VerificationFailed when the recorded inputs form a circle, which no run can have done.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from functools import lru_cache

from lineage_platform.audit.answers import Gap, Step
from lineage_platform.catalog.rows import SnapshotRow, Upstream, VersionRow
from lineage_platform.errors import VerificationFailed

_KEPT = 16


@lru_cache(maxsize=_KEPT)
def ordered(upstream: Upstream) -> tuple[VersionRow | SnapshotRow, ...]:
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
    return tuple(result)


@lru_cache(maxsize=_KEPT)
def steps(upstream: Upstream) -> tuple[tuple[Step, ...], tuple[Gap, ...]]:
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
    return tuple(found), tuple(gaps)


@lru_cache(maxsize=_KEPT)
def names(upstream: Upstream) -> Mapping[int, tuple[str, str]]:
    """Source and id of each snapshot, by number."""
    return {row.number: (row.source, row.id) for row in upstream.snapshots}


@lru_cache(maxsize=_KEPT)
def direct_way(upstream: Upstream, version: str) -> Upstream:
    """The part of `upstream` whose rows the corpus version of this id is made of.

    It stops at the tokenizer: what a pinned one was trained on may be an older selection of older documents; and at the
    documents: others that they were made from are not rows of this version for that.
    """
    return _reached(upstream, version, [edge for edge in upstream.edges if not all(map(_is_documents, edge))])


@lru_cache(maxsize=_KEPT)
def ancestry(upstream: Upstream, version: str) -> Upstream:
    """The direct way, with the documents that those of this version were made from."""
    return _reached(upstream, version, upstream.edges)


def _reached(upstream: Upstream, version: str, edges: Iterable[tuple[str, str]]) -> Upstream:
    """What is reached from a version on some edges, but for those of tokenizers."""
    edges = tuple((made, used) for made, used in edges if not _is_tokenizer(made))
    inputs: dict[str, set[str]] = {}
    for made, used in edges:
        inputs.setdefault(made, set()).add(used)
    reached = {version}
    ahead = [version]
    while ahead:
        new = inputs.get(ahead.pop(), set()) - reached
        reached |= new
        ahead += new
    return Upstream(
        tuple(row for row in upstream.versions if row.id in reached),
        tuple(row for row in upstream.snapshots if row.id in reached),
        tuple(edge for edge in edges if edge[0] in reached),
        tuple(name for name in upstream.unresolved if name in reached),
    )


def between(way: Upstream, snapshot: SnapshotRow) -> list[VersionRow]:
    """The versions on a direct way that a document of `snapshot` went through, in order, and the tokenizer."""
    made_of: dict[str, set[str]] = {}
    for made, used in way.edges:
        made_of.setdefault(used, set()).add(made)
    reached = {snapshot.id}
    ahead = [snapshot.id]
    while ahead:
        new = made_of.get(ahead.pop(), set()) - reached
        reached |= new
        ahead += new
    handled = [row for row in way.versions if row.id in reached or _is_tokenizer(row.id)]
    return sorted(handled, key=lambda row: row.ledger_index)


def _is_documents(version_id: str) -> bool:
    return version_id.startswith("documents/")


def _is_tokenizer(version_id: str) -> bool:
    return version_id.partition("@")[0].endswith("/tokenizer")
