"""What a corpus version was made of itself.

A pinned tokenizer was trained on datasets of its own time: they are upstream too, but no row of them is in the shards.
"""

from __future__ import annotations

from lineage_platform.catalog.rows import Upstream, VersionRow


def direct_way(upstream: Upstream, version: VersionRow) -> Upstream:
    """What a corpus version was made of itself: its own documents, and all that is reached without its tokenizer."""
    tokenizer = f"{version.dataset.rpartition('/')[0]}/tokenizer"
    passed = {row.id for row in upstream.versions if row.dataset == tokenizer}
    read = {row.id for row in upstream.versions if row.dataset.startswith("documents/")}
    inputs: dict[str, set[str]] = {}
    for name, used in upstream.edges:
        inputs.setdefault(name, set()).add(used)
    closed = passed | (read - inputs.get(version.id, set()))
    reached: set[str] = set()
    ahead = {version.id}
    while ahead:
        reached |= ahead
        ahead = {used for name in ahead for used in inputs.get(name, ())} - reached - closed
    return Upstream(
        tuple(row for row in upstream.versions if row.id in reached),
        tuple(row for row in upstream.snapshots if row.id in reached),
        tuple(edge for edge in upstream.edges if set(edge) <= reached),
        tuple(name for name in upstream.unresolved if name in reached),
    )
