"""What the recorded world is made of, and what is known about it independently of the product's answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from lineage_platform.model.definitions import (
    Corpus,
    DeclaredTerms,
    RecordFields,
    Source,
)
from lineage_platform.model.keys import document_key
from lineage_platform.model.versions import (
    ParentRun,
    Snapshot,
    Version,
)
from lineage_platform.settings import Settings

WORDS = (
    "river",
    "snow",
    "valley",
    "index",
    "memory",
    "letter",
    "weather",
    "house",
    "bread",
    "door",
    "bridge",
)
SHARDS = 3
PARENT = ParentRun("dagster", "__ASSET_JOB", "00a2075a-5eb7-44d7-943f-2d8b2905a9e0")


@dataclass(frozen=True)
class Record:
    """One record of a source before it is read; `text` None could not be read."""

    file: int
    ordinal: int
    text: str | None
    declared: str | None = None
    subject: str | None = None
    edited: bool = False


@dataclass
class World:
    """What was recorded, and what is known about it independently of the product's questions."""

    settings: Settings
    corpus: Corpus
    sources: dict[str, Source]
    records: dict[str, list[Record]]
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    duplicates: dict[int, int] = field(default_factory=dict)  # child -> survivor

    def key(self, source: str, number: int) -> int:
        """Document key of the record `number` of a source."""
        record = self.records[source][number]
        first = self.snapshots[source].files[record.file].first_ordinal
        return document_key(self.snapshots[source].number, first + record.ordinal)

    def kept(self, source: str) -> list[int]:
        """Numbers of the records that reach the corpus."""
        return [
            number
            for number, record in enumerate(self.records[source])
            if record.text is not None and self.key(source, number) not in self.duplicates
        ]


def prose(number: int) -> str:
    """A text of its own for every number."""
    return (
        " ".join(WORDS[(number * 7 + i * i + number // 3) % len(WORDS)] for i in range(12 + number % 9))
        + f" {number}."
    )


def declared(source: str, licence: str, basis: str, personal: str, **terms: str) -> Source:
    return Source(
        id=source,
        title=source.title(),
        publisher="Example Society",
        homepage=None,
        steward="data@example.org",
        location=f"/data/{source}/*.jsonl",
        format="jsonl",
        compression="auto",
        record=RecordFields(),
        terms=(DeclaredTerms(licence, basis, personal, **terms),),  # type: ignore[arg-type]
    )


def records(source: str) -> list[Record]:
    if source == "press":
        return [Record(number // 20, number % 20, prose(number), edited=number == 3) for number in range(40)]
    if source == "forum":
        licences = (None, "MIT", "some home-made licence")
        texts = [prose(number if number < 5 else 100 + number) for number in range(30)]
        made = [Record(0, number, texts[number], licences[number % 3]) for number in range(30)]
        return [*made, Record(0, 30, None)]
    return [
        Record(0, number, prose(200 + number), subject=f"Person{number % 4}@Example.org ")
        for number in range(12)
    ]
