"""A workspace of three sources: books, pages of a crawl with their signals, and texts that a model made of both."""

from __future__ import annotations

import json
from pathlib import Path

from tests.assets.worlds import english

_SOURCE = """\
id: {id}
title: {id}
publisher: Example Society
steward: data@example.org
location: data/{id}.jsonl
format: jsonl
{more}
terms: {{licence: {licence}, consent_basis: not-personal-data, personal_data: none, kind: {kind}}}
"""
_CORPUS = """\
id: mixed
title: Mixed corpus
purpose: tests
steward: data@example.org
sources: [made, pages]
deduplication: {minhash: false}
tokenizer: {train: {vocabulary: 500}}
shards: {tokens: 1000000, seed: 3}
"""
SOURCES = {
    "books": ("CC-BY-SA-4.0", "open-dataset", "record: {text: text, id: id}"),
    "pages": (
        "CC-BY-4.0",
        "crawled",
        "record:\n  text: text\n  id: id\n  signals: {url: url, robots_txt: robots, headers: headers, observed_at: fetched}",
    ),
    "made": (
        "CC0-1.0",
        "synthetic",
        "derived_from: [books, pages]\nrecord:\n  text: text\n  id: id\n  parents: {field: seeds, kind: synthesised-from}",
    ),
}
DISALLOWED = "User-agent: GPTBot\nDisallow: /private/\n"


def records() -> dict[str, list[dict[str, object]]]:
    """The records of each source. No book is in the corpus."""
    books = [{"id": f"b{n}", "text": english(n)} for n in range(6)]
    pages = [
        {"id": "open", "text": english(20), "headers": {"TDM-Reservation": "0"}, "fetched": "2026-11-20T10:00:00Z"},
        {"id": "closed", "text": english(21), "url": "https://example.org/private/1", "robots": DISALLOWED},
        {"id": "garbled", "text": english(22), "headers": "nothing that is a header"},
        {"id": "silent", "text": english(23)},
    ]  # fmt: skip
    made = [
        {"id": "m0", "text": english(40), "seeds": ["books/b0", "books/b1"]},
        {"id": "m1", "text": english(41), "seeds": ["books/b0", "pages/closed"]},
        {"id": "m2", "text": english(42), "seeds": ["books/gone"]},
        {"id": "m3", "text": english(43)},
    ]
    return {"books": books, "pages": pages, "made": made}


def make_ancestry(root: Path) -> Path:
    """Write the workspace."""
    for folder in ("data", "sources", "corpora"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, rows in records().items():
        licence, kind, more = SOURCES[name]
        (root / "data" / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        (root / "sources" / f"{name}.yaml").write_text(
            _SOURCE.format(id=name, licence=licence, kind=kind, more=more)
        )
    (root / "corpora" / "mixed.yaml").write_text(_CORPUS)
    return root
