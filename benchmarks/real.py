"""Real documents as a benchmark's corpus: `write_real(Path("jsonl"), Path("data"), 20_000)`.

Reads the field `text` of every JSON Lines file below a folder, goes round again where there are too few documents (each later
round with a line in front that says so, so that it is no exact copy; a near one it is, and the truth says so), and plants exact
and near copies as the generator does. The truth holds what was planted; likeness among real documents themselves is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.generator import TRUTH, Known
from benchmarks.similarity import jaccard, shingles

_FILE_DOCUMENTS = 20_000


def write_real(source: Path, folder: Path, documents: int, seed: int = 0) -> Known:
    """`folder`/real/0000.jsonl ..., `truth.parquet` and `known.json`; raises ValueError where `source` has no text.

    Copies are of the documents that are held in memory: the last thousand.
    """
    random = np.random.default_rng(seed)
    texts = _texts(source)
    recent: list[tuple[int, str]] = []
    rows: list[tuple[int, int, str, float]] = []
    (folder / "real").mkdir(parents=True, exist_ok=True)
    for old in (folder / "real").iterdir():
        old.unlink()
    size = number = 0
    while number < documents:
        with (folder / "real" / f"{number // _FILE_DOCUMENTS:04d}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(number, min(number + _FILE_DOCUMENTS, documents)):  # noqa: B020
                share = random.random()
                if share < 0.25 and recent:
                    of, original = recent[int(random.integers(len(recent)))]
                    text = original if share < 0.125 else _changed(original, recent, random)
                    likeness = jaccard(shingles(text), shingles(original))
                    rows.append((number, of, "exact" if text == original else "near", likeness))
                else:
                    text = next(texts)
                    recent = [*recent[-999:], (number, text)]
                size += len(text.encode())
                file.write(json.dumps({"id": f"d{number}", "text": text}, ensure_ascii=False) + "\n")
        number += 1
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    truth = pa.table([pa.array(column) for column in columns], TRUTH.names).cast(TRUTH)
    pq.write_table(truth, folder / "truth.parquet")
    kinds = truth.column("kind").to_pylist()
    known = Known(documents, kinds.count("exact"), kinds.count("near"), 0, size)
    (folder / "known.json").write_text(json.dumps({"known": asdict(known)}), encoding="utf-8")
    return known


def _texts(source: Path) -> Iterator[str]:
    paths = sorted(source.rglob("*.jsonl"))
    for turn in range(1_000_000):
        found = False
        for path in paths:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    text = json.loads(line).get("text")
                    if text:
                        found = True
                        yield text if turn == 0 else f"{turn}\n{text}"
        if not found:
            raise ValueError(f"{source}: got no JSON Lines with `text`, expected *.jsonl below it")


def _changed(text: str, recent: list[tuple[int, str]], random: np.random.Generator) -> str:
    """The text with 0.2 to 6 % of its words, or at least one, replaced by words of other documents."""
    words = text.split(" ")
    share = 0.002 * np.exp(random.random() * np.log(30))
    places = np.flatnonzero(random.random(len(words)) < share).tolist() or [int(random.integers(len(words)))]
    other = recent[int(random.integers(len(recent)))][1].split(" ")
    for place in islice(places, len(words)):
        words[place] = other[int(random.integers(len(other)))]
    return " ".join(words)
