"""Writes the bundled data of the demo anew, from `phrases.yaml` and the handbook: `python examples/demo/make_data.py`.

The same bytes every time (a fixed seed; Parquet: the same table). It plants what a real delivery has: personal data, copies of
the same text under other terms, near copies, and records that cannot be read.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

HERE = Path(__file__).parent
PHRASES: dict[str, Any] = yaml.safe_load((HERE / "phrases.yaml").read_text(encoding="utf-8"))
LANGUAGES = ("en", "zh")


def resident_id(stem: str, sequence: int) -> str:
    """A resident identity number with the check digit of GB 11643-1999; `stem` is region, date of birth, one digit."""
    body = f"{stem}{sequence:02d}"
    weighted = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(body))
    return body + "10X98765432"[weighted % 11]


def filled(text: str, language: str, draw: random.Random) -> str:
    """A phrase with its braces filled in."""
    people = PHRASES["people"]
    return text.format(
        **{name: draw.choice(values) for name, values in PHRASES["fill"][language].items()},
        n=draw.randrange(3, 40),
        email=draw.choice(people["emails"]),
        mobile=draw.choice(people["mobiles"]),
        resident=resident_id(draw.choice(people["residents"]), draw.randrange(1, 100)),
    )


def news(draw: random.Random, count: int) -> Iterator[dict[str, str]]:
    """Notes that residents sent in, each with a line that says whom to ask."""
    for number in range(count):
        language = LANGUAGES[number % 2]
        phrases = PHRASES["news"][language]
        topic = draw.choice(phrases["topics"])
        sentences = [*draw.sample(topic["sentences"], draw.randrange(4, 7)), draw.choice(phrases["contact"])]
        yield {
            "id": f"note-{number:03d}",
            "title": filled(topic["title"], language, draw),
            "body": ("" if language == "zh" else " ").join(
                filled(item, language, draw) for item in sentences
            ),
            "lang": language,
            "author_email": draw.choice(PHRASES["people"]["emails"]),
        }


def reviews(draw: random.Random, count: int) -> Iterator[dict[str, str]]:
    """Reviews of products that do not exist; some have line breaks and quotation marks inside."""
    for number in range(count):
        language = LANGUAGES[number % 2]
        phrases = PHRASES["reviews"][language]
        stars = draw.randrange(1, 6)
        good = min(4, stars)
        parts = (
            draw.sample(phrases["sentences"]["good"], good)
            + draw.sample(phrases["sentences"]["bad"], 5 - good)
            + draw.sample(phrases["sentences"]["end"], 1)
        )
        separator = "\n" if number % 7 == 0 else "" if language == "zh" else " "
        yield {
            "review_id": f"r{number:04d}",
            "product": draw.choice(phrases["products"]),
            "stars": str(stars),
            "language": language,
            "review": separator.join(filled(part, language, draw) for part in parts),
            "reviewer": draw.choice(PHRASES["people"]["users"]),
        }


def chapters() -> Iterator[tuple[str, str, str, str]]:
    """(language, chapter, section, text) of the handbook."""
    for path in sorted((HERE / "data" / "handbook").glob("*/*.md")):
        chapter, *sections = path.read_text(encoding="utf-8").split("\n## ")
        for section in sections:
            title, _, text = section.partition("\n")
            glue = "" if path.parent.name == "zh" else " "
            yield path.parent.name, chapter.strip("# \n"), title.strip(), glue.join(text.split())


def questions(draw: random.Random) -> Iterator[dict[str, str | None]]:
    """Questions about the handbook, with answers made from it; every record carries its contributor's licence."""
    licences = PHRASES["qa"]["licences"]
    for number, (language, chapter, section, text) in enumerate(chapters()):
        phrases = PHRASES["qa"][language]
        yield {
            "id": f"qa-{number:03d}",
            "question": draw.choice(phrases["questions"]).format(section=section.lower()),
            "answer": "\n".join(
                (draw.choice(phrases["lead"]), text, draw.choice(phrases["close"]).format(chapter=chapter))
            ),
            "license": licences[number % len(licences)],
            "language": language,
        }


def posts(draw: random.Random, count: int) -> Iterator[str]:
    """Posts that stand nowhere else: sentences from several topics, so that they are near no note."""
    for number in range(count):
        language = LANGUAGES[number % 2]
        topics = PHRASES["news"][language]["topics"]
        sentences = [draw.choice(topic["sentences"]) for topic in topics]
        glue = "" if language == "zh" else " "
        yield glue.join(filled(item, language, draw) for item in draw.sample(sentences, len(sentences)))


def mirror(
    notes: list[dict[str, str]], ratings: list[dict[str, str]], draw: random.Random
) -> Iterator[dict[str, str]]:
    """What a crawler found: handbook and reviews word for word, notes with a line added, and posts; no terms at all."""
    pages = [path.read_text(encoding="utf-8") for path in sorted((HERE / "data" / "handbook").glob("*/*.md"))]
    copies = [f"{item['product']} ({item['stars']}/5)\n{item['review']}" for item in draw.sample(ratings, 12)]
    edited = [
        f"{item['title']}\n\n{item['body']} {'转载' if item['lang'] == 'zh' else 'Seen elsewhere.'}"
        for item in notes[4:60:5]
    ]
    for number, content in enumerate([*pages, *copies, *edited, *posts(draw, 16)]):
        yield {"url": f"https://mirror.example/page/{number}", "content": content, "fetched": "2026-03-02"}


def lines(records: list[dict[str, str]]) -> list[bytes]:
    """JSON Lines."""
    return [json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records]


def broken(good: list[bytes]) -> bytes:
    """A file with one each of what goes wrong: cut JSON, bytes that are not UTF-8, no text, and far too long."""
    no_text = {"id": "note-x1", "title": "Empty", "lang": "en", "author_email": "fenwick@example.net"}
    endless = {"id": "note-x2", "title": "Endless", "body": "again and again " * 4000, "lang": "en"}
    bad = [
        b'{"id": "note-x0", "title": "Cut off in the mid\n',
        b'{"id": "note-x3", "title": "\xc1\xd9\xba\xd3\xd5\xf2", "body": "\xb4\xd3\xcf\xc2\xd6\xdc\xc6\xf0", "lang": "zh"}\n',
        json.dumps(no_text).encode() + b"\n",
        json.dumps(endless).encode() + b"\n",
    ]
    mixed = list(good)
    for place, line in zip((3, 11, 19, 27), bad, strict=True):
        mixed.insert(place, line)
    return b"".join(mixed)


def files() -> dict[str, bytes]:
    """Every generated file by its path under the demo, but for the Parquet one."""
    draw = random.Random("lineage demo")  # noqa: S311 - a fixed sequence is the point
    notes = list(news(draw, 180))
    ratings = list(reviews(draw, 140))
    written = lines(notes)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, fieldnames=list(ratings[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(ratings)
    pages = json.dumps(list(mirror(notes, ratings, draw)), ensure_ascii=False, indent=1)
    march = gzip.compress(b"".join(written[130:]), mtime=0)
    return {
        "data/town-news/2026-01.jsonl": b"".join(written[:70]),
        "data/town-news/2026-02.jsonl": broken(written[70:130]),
        "data/town-news/2026-03.jsonl.gz": march[: len(march) * 2 // 3],  # the connection broke
        "data/reviews/reviews.csv": table.getvalue().encode(),
        "data/web-mirror/pages.json": pages.encode() + b"\n",
    }


def pairs() -> pa.Table:
    """The Parquet source."""
    return pa.Table.from_pylist(list(questions(random.Random("lineage demo pairs"))))  # noqa: S311


if __name__ == "__main__":
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (HERE / "data" / "qa").mkdir(exist_ok=True)
    pq.write_table(pairs(), HERE / "data" / "qa" / "pairs.parquet", compression="zstd")
    sys.stdout.write(f"{len(files()) + 1} files written under {HERE / 'data'}\n")
