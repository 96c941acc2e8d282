"""A small real workspace: two languages, two licences, a record's own licence, duplicates, a person, broken records."""

from __future__ import annotations

import csv
import json
from pathlib import Path

DATASETS = (
    "documents/notes",
    "documents/reviews",
    "annotations/notes",
    "annotations/reviews",
    "mini/deduplicated",
    "mini/selection",
    "mini/tokenizer",
    "mini/shards",
)

SENTENCES = (
    "The river carries more water in spring, when the snow of the mountains melts and the valley turns green again.",
    "A good index is small enough to be kept in memory and honest enough to say what it does not contain.",
    "She wrote the letter twice, because the first version said more about the weather than about the house.",
    "Bread rises slowly in a cold kitchen, and the baker has learned to wait for it without opening the door.",
    "The committee met on Thursday and agreed that the bridge should be closed until the inspection is over.",
    "Most of the errors were found by people who had not been looking for them, which is how it usually goes.",
)
CHINESE = (
    "春天来了，山上的雪慢慢融化，河水上涨，田野又变绿了。",
    "图书馆每天早上八点开门，晚上九点关门，周末也不休息。",
    "他把旧照片放进盒子里，写上日期和地点，然后放回书架。",
    "这座桥修建于一百年前，至今仍然每天有成千上万的人走过。",
)


def english(seed: int, sentences: int = 14) -> str:
    """Prose that differs from seed to seed and meets the Gopher rules."""
    words = [SENTENCES[(seed * 7 + i * i) % len(SENTENCES)] for i in range(len(SENTENCES))]
    lines = [
        f"Note {seed} of chapter {seed * 31 % 97}, part {i * seed % 89}: {words[i % len(words)]}"
        for i in range(sentences)
    ]
    return "\n".join(
        f"{line} It was recorded as number {seed * 1009 + i * 17} and kept with the others."
        for i, line in enumerate(lines)
    )


def chinese(seed: int) -> str:
    """Chinese prose that differs from seed to seed."""
    return "\n".join(
        f"第{seed}篇第{i}段，编号{seed * 977 + i * 13}：{CHINESE[(seed + i * i) % len(CHINESE)]}"
        for i in range(12)
    )


def make_workspace(root: Path, documents: int = 60) -> Path:
    """Write the workspace; `documents` a source."""
    data = root / "data"
    for folder in (data, root / "sources", root / "corpora"):
        folder.mkdir(parents=True, exist_ok=True)
    with (data / "notes.jsonl").open("wb") as file:
        for i in range(documents):
            text = english(i) if i % 3 else chinese(i)
            record = {
                "id": f"n{i}",
                "text": f"{text}\nWrite to person{i}@example.org.",
                "author": f"person{i}@example.org",
            }
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        file.write(b'{"id": "broken", "text": \n')
        file.write(b'{"id": "bytes", "text": "\xff\xfe"}\n')
        file.write(b'{"id": "no text"}\n')
    with (data / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["key", "body", "licence"])
        for i in range(documents):
            text = english(i) + f"\nWrite to person{i}@example.org." if i % 10 == 1 else english(1000 + i)
            rows.writerow([f"r{i}", text, "MIT" if i % 2 else "some home-made licence"])
    (root / "sources" / "notes.yaml").write_text(
        """id: notes
title: Notes
publisher: Example Society
steward: data@example.org
location: data/notes.jsonl
format: jsonl
malformed_threshold: 0.2
record: {text: text, id: id, subject: author}
terms: {licence: CC-BY-NC-4.0, consent_basis: consent, personal_data: personal}
"""
    )
    (root / "sources" / "reviews.yaml").write_text(
        """id: reviews
title: Reviews
publisher: Example Press
steward: team:press
location: data/reviews.csv
format: csv
record: {text: body, id: key, licence: licence}
terms: {licence: CC-BY-4.0, consent_basis: not-personal-data, personal_data: none}
"""
    )
    (root / "corpora" / "mini.yaml").write_text(
        """id: mini
title: Mini corpus
purpose: tests
steward: data@example.org
sources: [notes, {id: reviews, weight: 2}]
tokenizer: {train: {vocabulary: 700}}
shards: {tokens: 12000, format: [parquet, megatron], seed: 3}
schedule: "0 3 * * *"
release: {uses: [research], jurisdictions: [EU, strict]}
"""
    )
    return root
