"""The corpus that benchmarks make: a source for each folder of JSON Lines, and one recipe over all of them."""

from __future__ import annotations

from pathlib import Path

from lineage_platform.model.definitions import (
    Corpus,
    DeclaredTerms,
    Deduplication,
    MinHash,
    RecordFields,
    ShardFormat,
    ShardSpec,
    Source,
    TokenizerSpec,
    WeightedSource,
)

TERMS = (
    DeclaredTerms("CC-BY-4.0", "consent", "personal"),
    DeclaredTerms("CC-BY-SA-4.0", "consent", "pseudonymised"),
    DeclaredTerms("CC-BY-NC-4.0", "legitimate-interest", "none"),
    DeclaredTerms("Apache-2.0", "not-personal-data", "none"),
)
"""Given to sources in turn."""


def sources(data: Path) -> list[Source]:
    """A source for each folder below `data` that holds JSON Lines with `id`, `text` and perhaps `license`, by name."""
    folders = sorted({path.parent for path in data.glob("*/*.jsonl")})
    return [
        Source(
            id=folder.name,
            title=folder.name.title(),
            publisher="Bench",
            homepage=None,
            steward="bench@example.org",
            location=str(folder / "*.jsonl"),
            format="jsonl",
            compression="auto",
            record=RecordFields(id="id", licence="license"),
            terms=(TERMS[number % len(TERMS)],),
        )
        for number, folder in enumerate(folders)
    ]


def recipe(
    names: list[str], quality: str, formats: tuple[ShardFormat, ...], tokenizer: Path | None
) -> Corpus:
    """MinHash 14 x 8 over word 5-grams, a quality standard, and a tokenizer that is given or else trained."""
    return Corpus(
        id="bench",
        title="Bench",
        purpose="measuring",
        steward="bench@example.org",
        sources=tuple(WeightedSource(name) for name in names),
        quality=quality,
        deduplication=Deduplication(minhash=MinHash(ngram=5, bands=14, rows=8)),
        tokenizer=TokenizerSpec(path=str(tokenizer)) if tokenizer else TokenizerSpec(vocabulary=16_000),
        shards=ShardSpec(formats=formats),
    )
