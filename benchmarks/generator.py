"""A corpus made up: English, German and Chinese prose and program code, with copies that are known.

    known = write(Path("data"), 100_000)            # data/<language>/0000.jsonl ..., data/truth.parquet, data/known.json
    known = write(Path("data"), 10_000_000, mean=600)

Lengths are log-normal, words follow Zipf's law. Known shares are exact copies and near copies of earlier documents (with 0.2
to 6 % of their words changed), and documents of the kinds that quality rules drop; one in fifty carries an e-mail address
and a telephone number; a line in a thousand is broken. The truth file says of every copy what it copies and how like it is
(`similarity`). A document depends on seed, number and parameters alone: the same seed gives the same bytes, and memory
does not grow with the documents.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import synthesis
from benchmarks.similarity import similarity
from benchmarks.synthesis import Bytes, Numbers
from benchmarks.vocabulary import RARE, Vocabulary, make_vocabulary

Kind = Literal["own", "exact", "near"]
Language = Literal["english", "german", "chinese", "code"]
Quality = Literal["good", "repetitive", "bullets", "no-stop-words", "short"]
KINDS: tuple[Kind, ...] = ("own", "exact", "near")
LANGUAGES: tuple[Language, ...] = ("english", "german", "chinese", "code")
SHARES = (0.50, 0.14, 0.18, 0.18)
"""Of documents, by language, about."""
QUALITIES: tuple[Quality, ...] = ("good", "repetitive", "bullets", "no-stop-words", "short")
LOW = (0.04, 0.02, 0.02, 0.02)
"""Share of each quality but the first, all in English."""

FILE_BYTES = 64 << 20
BLOCK_BYTES = 16 << 20
BLOCK_DOCUMENTS = 16 * 1024
TRUTH = pa.schema(
    [
        ("document", pa.int64()),
        ("of", pa.int64()),  # the original; of copies of copies too
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("jaccard", pa.float64()),  # of word 5-grams, with the original
    ]
)
_MADE = 1
"""Raised when the same seed gives other bytes, so that folders made before are made again."""

_LITERALS = tuple(
    np.frombuffer(text.encode(), np.uint8)
    for text in (
        "，",
        "。",
        "\nPlease write to ",
        "@example.com or call 138",
        " from the server at 8.8.4.4.\n",
    )
)
_LINES = tuple(
    np.frombuffer(text.encode(), np.uint8)
    for text in (
        "\ndef $_$($: int, $: str = '$') -> None:",
        'if self.$ == "$" and $:',
        "return $($, $[0])",
        "for $ in range(len($)):",
        "$.$ = $[4] + self._$($)",
        "# $ the $ of $ $ $",
        "$ = $($.$, $=None)",
        'raise ValueError(f"{$}: $ $")',
    )
)
_HEAD, _MIDDLE = (np.frombuffer(text, np.uint8) for text in (b'{"id": "d', b'", "text": "'))
_TAILS = np.array(
    [
        np.frombuffer(text.ljust(24, b"\0"), np.uint8)
        for text in (b'", "license": null}\n', b'", "license": "MIT"}\n')
    ]
)
_BARE = np.array([np.frombuffer(b'"}\n'.ljust(24, b"\0"), np.uint8)] * 2)
_BROKEN = b'{"id": "broken", "text": \n'


@dataclass(frozen=True)
class Plan:
    """What one document is: its own text, or a copy of document `of`."""

    kind: Kind
    of: int
    language: Language
    quality: Quality


@dataclass(frozen=True)
class Known:
    """What is known of a corpus: documents, copies among them (two kinds), documents by quality, broken lines, bytes of text."""

    documents: int
    exact: int
    near: int
    broken: int
    bytes: int
    by_quality: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Generator:
    """Documents by number; any of them can be made without the others.

    `mean` is the mean length of a text in bytes, `exact` and `near` are shares of copies, `low` shares of low quality.
    """

    seed: int = 0
    mean: float = 5000
    exact: float = 0.125
    near: float = 0.125
    low: tuple[float, ...] = LOW

    @property
    def _vocabulary(self) -> Vocabulary:
        return make_vocabulary(self.seed)

    def block(self, first: int, last: int) -> tuple[Bytes, Numbers]:
        """Texts (bytes) and plans (see `synthesis.block`) of documents `first` to at most `last`, about BLOCK_BYTES."""
        words = self._vocabulary
        texts = np.empty(BLOCK_BYTES + int(128 * self.mean) + 64 * 1024, np.uint8)
        plans = np.empty((last - first, 8), np.int64)
        shape = (self.exact, self.near, float(self.mean), np.cumsum(self.low))
        pool = (words.pool, words.starts, words.draws, _bytes_a_word(words), RARE)
        done = synthesis.block(
            self.seed, first, last, *shape, *pool, _LITERALS, _LINES, BLOCK_BYTES, texts, plans
        )
        return texts, plans[: done - first]

    def plan(self, number: int) -> Plan:
        """What document `number` is."""
        kind, of, language, quality = self.block(number, number + 1)[1][0, :4].tolist()
        return Plan(KINDS[kind], of, LANGUAGES[language], QUALITIES[quality])

    def text(self, number: int) -> str:
        """The text of document `number`."""
        texts, plans = self.block(number, number + 1)
        return bytes(texts[plans[0, 4] : plans[0, 5]]).decode()


def _bytes_a_word(words: Vocabulary) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """With what stands around a word, by language; code is made of English words."""
    english, german, chinese = words.mean_bytes.tolist()
    return np.array([english + 1.14, german + 1.14, chinese + 0.6, english + 5.3])


def write(
    folder: Path,
    documents: int,
    seed: int = 0,
    *,
    mean: float = 5000,
    exact: float = 0.125,
    near: float = 0.125,
    broken: bool = True,
    licences: bool = True,
) -> Known:
    """JSON Lines below `folder`/<language>/, `truth.parquet` and `known.json`; a corpus that is there already stays.

    `broken` puts one unreadable line behind every thousand documents, `licences` a field `license` into every record.
    """
    done = folder / "known.json"
    made = {"made": _MADE, "documents": documents, "seed": seed, "mean": mean, "copies": [exact, near]}
    made |= {"broken": broken, "licences": licences}
    if done.exists():
        found = json.loads(done.read_text(encoding="utf-8"))
        if found["made"] == made:
            return Known(**found["known"])
    generator = Generator(seed, mean, exact, near)
    folder.mkdir(parents=True, exist_ok=True)
    for old in [done, *(path for language in LANGUAGES for path in (folder / language).glob("*.jsonl"))]:
        old.unlink(missing_ok=True)
    kinds = dict.fromkeys(KINDS, 0)
    qualities = np.zeros(len(QUALITIES), np.int64)
    size = faults = first = 0
    with pq.ParquetWriter(folder / "truth.parquet", TRUTH) as truth, ExitStack() as stack:
        files = [stack.enter_context(_Files(folder / language)) for language in LANGUAGES]
        while first < documents:
            texts, plans = generator.block(first, min(first + BLOCK_DOCUMENTS, documents))
            copies = _copies(texts, plans, first)
            truth.write_batch(copies)
            for kind in copies.column("kind").to_pylist():
                kinds[kind] += 1
            qualities += np.bincount(plans[:, 3], minlength=len(QUALITIES))
            size += int((plans[:, 5] - plans[:, 4]).sum())
            for language, file in enumerate(files):
                file.write(_lines(texts, plans, first, language, _TAILS if licences else _BARE))
            last = first + len(plans)
            if broken and last // 1000 > first // 1000:
                wanted = last // 1000 - first // 1000
                files[faults % len(files)].write(_BROKEN * wanted)
                faults += wanted
            first = last
    by_quality = dict(zip(QUALITIES, qualities.tolist(), strict=True))
    known = Known(documents, kinds["exact"], kinds["near"], faults, size, by_quality)
    done.write_text(json.dumps({"made": made, "known": asdict(known)}), encoding="utf-8")
    return known


def _copies(texts: Bytes, plans: Numbers, first: int) -> pa.RecordBatch:
    """Rows of TRUTH: a copy in which nothing was changed is an exact one."""
    places = np.flatnonzero(plans[:, 0] != synthesis.OWN)
    kinds, likenesses = [], []
    for kind, start, end, other, last in plans[places][:, [0, 4, 5, 6, 7]].tolist():
        exact = kind == synthesis.EXACT or bytes(texts[start:end]) == bytes(texts[other:last])
        kinds.append("exact" if exact else "near")
        likenesses.append(1.0 if exact else similarity(texts, start, end, texts, other, last))
    columns = [places + first, plans[places, 1], pa.array(kinds, pa.string()), np.array(likenesses)]
    return pa.record_batch([pa.array(column) for column in columns], TRUTH.names).cast(TRUTH)


def _lines(texts: Bytes, plans: Numbers, first: int, language: int, tails: Bytes) -> memoryview:
    chosen = plans[plans[:, 2] == language]
    room = 2 * int((chosen[:, 5] - chosen[:, 4]).sum()) + 96 * len(chosen)
    out = np.empty(room, np.uint8)
    return out[: synthesis.encode(out, texts, plans, first, language, _HEAD, _MIDDLE, tails)].data


class _Files:
    """Numbered files of about FILE_BYTES each, cut between lines; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number, self._left = folder, 0, 0
        self._file: IO[bytes] | None = None

    def write(self, lines: memoryview | bytes) -> None:
        """Append whole lines."""
        if len(lines) == 0:
            return
        if self._file is None or self._left <= 0:
            self.__exit__()
            self._folder.mkdir(exist_ok=True)
            self._file = (self._folder / f"{self._number:04d}.jsonl").open("wb")
            self._number, self._left = self._number + 1, FILE_BYTES
        self._file.write(lines)
        self._left -= len(lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
