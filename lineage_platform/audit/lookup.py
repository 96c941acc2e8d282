"""Names that people give, resolved: corpora, versions, shards, documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, LiteralString

from lineage_platform.audit.needs import Catalog
from lineage_platform.catalog.rows import ShardRow, VersionRow, shard_name
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.keys import MAX_SNAPSHOT, snapshot_of

if TYPE_CHECKING:
    from lineage_platform.audit.index import Index

_EXISTS: LiteralString = """
    SELECT document FROM read_parquet($files, union_by_name = true) WHERE document = $document LIMIT 1
"""
_SHARD = re.compile(r"(?:shard-)?(\d{1,9})(?:\.(?:parquet|bin|idx))?", re.ASCII)


def shards_dataset(corpus: str) -> str:
    """The dataset whose versions are the corpus versions."""
    return f"{corpus}/shards"


def corpus_version(catalog: Catalog, corpus: str, version: str | None) -> VersionRow:
    """A corpus version: the current one, or by id, content digest, the beginning of either, or sequence number. Raises NotFound."""
    dataset = shards_dataset(corpus)
    if version is None:
        current = catalog.current(dataset)
        if current is None:
            raise NotFound("corpus with a version", corpus, catalog.corpora())
        return current
    known = catalog.versions_of(dataset)
    if not known:
        raise NotFound("corpus with a version", corpus, catalog.corpora())
    digest = version.removeprefix(f"{dataset}@")
    by_sequence = [row for row in known if str(row.sequence) == version]
    by_name = [row for row in known if row.id.rpartition("@")[2].startswith(digest)]
    by_digest = [row for row in known if row.content_digest.startswith(digest)]
    found = by_sequence or (by_name or by_digest if len(digest) >= 4 else [])
    if len(found) != 1:
        raise NotFound(f"version of corpus {corpus}", version, [row.id for row in known])
    return found[0]


def shard_of(catalog: Catalog, version: VersionRow, shard: str) -> ShardRow:
    """A shard by number, name or file name (`3`, `shard-00003`, `shard-00003.parquet`). Raises NotFound."""
    match = _SHARD.fullmatch(shard.rpartition("/")[2])
    found = catalog.shards(version.id, [int(match[1])]) if match else []
    if not found:
        asked = shard_name(int(match[1])) if match else shard
        raise NotFound(f"shard of {version.id}", asked, [row.name for row in catalog.shards(version.id)])
    return found[0]


def document_key(text: str) -> int:
    """A document key from its decimal string. Raises InvalidInput."""
    if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or snapshot_of(int(text)) > MAX_SNAPSHOT:
        raise InvalidInput(f"document: got {text!r}, expected a document key, a decimal number below 2^63")
    return int(text)


def was_read(catalog: Catalog, index: Index, key: int) -> bool:
    """Whether a record of that key was ever read, as a document or as one that could not become one."""
    within = [(key, key)]
    for snapshot in catalog.snapshots(numbers=[snapshot_of(key)]):
        read = [row.id for row in catalog.versions_of(f"documents/{snapshot.source}")]
        files = catalog.files(read, "documents", within) + catalog.files(read, "decisions", within)
        if index.ask(_EXISTS, files, document=key):
            return True
    return False
