"""Arrow schema of every table we keep, each sorted as its comment says. Text lives in `documents` and shards only."""

from __future__ import annotations

import pyarrow as pa

IDENTITY = pa.binary(16)
SHA256 = pa.binary(32)
NAME = pa.dictionary(pa.int32(), pa.string())

REDACTION_TYPES = ("email", "ipv4", "ipv6", "cn_mobile", "cn_resident_id", "payment_card")
"""Typed placeholders are these names in capitals between angle brackets: `<EMAIL>`, `<CN_MOBILE>`, ..."""

DOCUMENTS = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("file", pa.int32(), nullable=False),  # position in the snapshot's file list
        pa.field("record", pa.int64(), nullable=False),  # ordinal in that file, from 0
        pa.field("record_id", pa.string()),  # the source's own id
        pa.field("text", pa.large_string(), nullable=False),  # normalised and redacted
        pa.field("sha256", SHA256, nullable=False),  # of the UTF-8 bytes of `text`
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("language", pa.string()),  # as declared by the record
        pa.field("subject", SHA256),  # keyed hash of the data subject
        *(pa.field(name, pa.uint32(), nullable=False) for name in REDACTION_TYPES),  # placeholders put in
    ]
)
"""By document key."""

DECISIONS = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field(
            "outcome", NAME, nullable=False
        ),  # edited | dropped; a document with no row was kept as it was
        pa.field("reason", NAME, nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("file", pa.int32()),  # position of an unreadable record: file, ordinal, byte offset
        pa.field("record", pa.int64()),
        pa.field("offset", pa.int64()),
    ]
)
"""By document key."""

SIGNALS = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("scheme", pa.string(), nullable=False),
        pa.field("version", pa.string(), nullable=False),  # of the scheme's text that was implemented
        pa.field("location", pa.string(), nullable=False),  # where it stood
        pa.field("raw", pa.binary(), nullable=False),  # its first bytes
        pa.field("raw_length", pa.int64(), nullable=False),  # of all its bytes
        pa.field("raw_sha256", SHA256, nullable=False),
        pa.field("observed_at", pa.string()),  # when it was fetched, as the record says
        pa.field("parsed", pa.string(), nullable=False),  # JSON: category to y | n | unknown
        pa.field("policy_uri", pa.string()),
        pa.field("details", pa.string(), nullable=False),  # JSON, for people
        pa.field("effective", pa.string(), nullable=False),  # answer of all signals of the document together
        pa.field("rule_version", pa.string(), nullable=False),
    ]
)
"""By document key, then as found; of every record that could be read and has signals, whether it became a document or not."""

PARENTS = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("named", pa.string(), nullable=False),  # the parent as the child's record names it
        pa.field("kind", pa.string(), nullable=False),  # synthesised-from | translated-from | part-of
        pa.field("parent", pa.int64()),  # null: no document of that name
        pa.field("parent_identity", IDENTITY),
        pa.field("parent_terms", pa.int64()),
    ]
)
"""By document key, then as named; of every record that could be read and names parents, whether it became a document or not.
A name that several documents have stands for all of them."""

ADDRESSES = frozenset({"document", "parent"})
"""Columns of keys: addresses inside of one deployment, which no digest covers."""

DERIVATIONS = pa.schema(
    [
        pa.field("child", pa.int64(), nullable=False),
        pa.field("parent", pa.int64(), nullable=False),
        pa.field("kind", NAME, nullable=False),  # duplicate-of | synthesised-from | translated-from | part-of
        pa.field("method", NAME, nullable=False),  # exact | minhash
        pa.field("cluster", IDENTITY, nullable=False),  # lowest identity of the cluster
        pa.field("child_terms", pa.int64(), nullable=False),
        pa.field("parent_terms", pa.int64(), nullable=False),
    ]
)
"""By child key."""

MEASURES = pa.schema(
    [
        # Rae et al. 2021 (Gopher), table A1: quality
        pa.field("word_count", pa.int32()),
        pa.field("mean_word_length", pa.float32()),
        pa.field("symbol_to_word_ratio", pa.float32()),  # greater of "#" and ellipsis counts, by words
        pa.field("bullet_line_fraction", pa.float32()),
        pa.field("ellipsis_line_fraction", pa.float32()),
        pa.field("alphabetic_word_fraction", pa.float32()),
        pa.field("stop_word_count", pa.int32()),
        # Rae et al. 2021, table A1: repetition
        pa.field("duplicate_line_fraction", pa.float32()),
        pa.field("duplicate_paragraph_fraction", pa.float32()),
        pa.field("duplicate_line_character_fraction", pa.float32()),
        pa.field("duplicate_paragraph_character_fraction", pa.float32()),
        *(pa.field(f"top_{n}gram_character_fraction", pa.float32()) for n in (2, 3, 4)),
        *(pa.field(f"duplicate_{n}gram_character_fraction", pa.float32()) for n in (5, 6, 7, 8, 9, 10)),
        # text not split by spaces
        pa.field("character_count", pa.int32()),  # Unicode scalar values that are not white space
        pa.field("han_fraction", pa.float32()),  # of those
        pa.field("punctuation_fraction", pa.float32()),  # of those
        pa.field("line_count", pa.int32()),
    ]
)


def minhash_column(ngram: int, bands: int, rows: int) -> str:
    """Name of the column that holds the band keys of one MinHash setting."""
    return f"minhash_{ngram}_{bands}x{rows}"


def annotations_schema(minhash: tuple[tuple[int, int, int], ...]) -> pa.Schema:
    """Schema of an annotations table, by document key; `minhash` lists the settings (n-gram, bands, rows per band).

    A MinHash column holds `bands` little-endian uint64 band keys, one after the other; null where the text has no word.
    """
    return pa.schema(
        [
            pa.field("document", pa.int64(), nullable=False),
            pa.field("identity", IDENTITY, nullable=False),
            pa.field("sha256", SHA256, nullable=False),
            pa.field("terms", pa.int64(), nullable=False),
            pa.field("bytes", pa.int32(), nullable=False),  # UTF-8 bytes of the text
            pa.field("language", NAME, nullable=False),  # ISO 639, declared else detected, `und` if neither
            pa.field("language_score", pa.float32()),  # of the detector; null where declared
            *MEASURES,
            *(pa.field(minhash_column(*setting), pa.binary(8 * setting[1])) for setting in minhash),
        ]
    )


SELECTION = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("sha256", SHA256, nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("bytes", pa.int32(), nullable=False),
        pa.field(
            "epoch", pa.int16(), nullable=False
        ),  # 0 for the first copy; a weight of 2 gives epochs 0 and 1
    ]
)
"""By document key, then epoch."""

SHARD = pa.schema(
    [
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
    ]
)
"""A training file; row order is by hash of identity and epoch. It holds no key, so that it is the same for every snapshot
and deployment that has these documents; the placements say which keys they have here."""

SHARD_FINGERPRINTS = pa.schema(
    [
        pa.field("shard", pa.int32(), nullable=False),
        pa.field("fingerprint", SHA256, nullable=False),  # of everything that the shard's files are made from
    ]
)
"""By shard."""

PLACEMENTS_BY_SHARD = pa.schema(
    [
        pa.field("shard", pa.int32(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("document", pa.int64(), nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field(
            "tokens", pa.int32(), nullable=False
        ),  # the document's own, without the end-of-document token
    ]
)
"""By shard, then row. The token offset is the running sum of `tokens` (plus one per row where the tokenizer has an
end-of-document token): it is derived on reading, not stored."""

PLACEMENTS_BY_DOCUMENT = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("shard", pa.int32(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("tokens", pa.int32(), nullable=False),
    ]
)
"""By document key, then shard, then row."""

SHARDS_BY_SNAPSHOT = pa.schema(
    [
        pa.field("snapshot", pa.int32(), nullable=False),
        pa.field("shard", pa.int32(), nullable=False),
        pa.field("documents", pa.int64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),
    ]
)
"""Placements summed by snapshot and shard; by snapshot, then shard."""

TERMS_BY_SNAPSHOT = pa.schema(
    [
        pa.field("snapshot", pa.int32(), nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("documents", pa.int64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),
    ]
)
"""Placements summed by snapshot and terms; by snapshot, then terms."""
