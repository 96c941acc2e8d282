"""Documents as a corpus has them, made up: English prose, Chinese prose and program code, 5 kB on average, log-normal.

Words and identifiers are drawn by Zipf's law. Known shares are exact copies and near copies of earlier
documents, some carry an e-mail address or a telephone number, a few lines are broken. The same seed gives the same bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

EXACT_SHARE = 0.05
NEAR_SHARE = 0.05
CHANGED_WORDS = 0.01
FILE_BYTES = 64 << 20

Kind = Literal["own", "exact", "near"]
Language = Literal["english", "chinese", "code"]
LANGUAGES: tuple[Language, ...] = ("english", "chinese", "code")
SHARES = (0.55, 0.25, 0.20)

_FUNCTION_WORDS = tuple(
    word
    for line in (
        "the of and to a in that is was he for it with as his on be at by i this had not are but from or have an they",
        "which one you were her all she there would their we him been has when who will more no if out so said what",
        "up its about into than them can only other new some could time these two may then do first any my now such",
        "like our over man me even most made after also did many before must through back years where much your way",
    )
    for word in line.split()
)
_KEYWORDS = ("if", "for", "while", "return", "assert", "with", "yield", "raise")


@dataclass(frozen=True)
class Plan:
    """What one document is: its own text, or a copy of document `of`."""

    kind: Kind
    of: int
    language: Language


@dataclass(frozen=True)
class Known:
    """What is known of a generated corpus: documents, copies among them, broken lines, bytes of text."""

    documents: int
    exact: int
    near: int
    broken: int
    bytes: int


class Generator:
    """Documents by number; any of them can be made without the others."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        random = np.random.default_rng([seed, 1])
        self._words = [*_FUNCTION_WORDS, *_pseudo_words(random, 60_000)]
        self._han = _han_words(random, 25_000)
        self._word_weights = _zipf(len(self._words), 1.05)
        self._han_weights = _zipf(len(self._han), 1.0)

    def plan(self, number: int) -> Plan:
        """What document `number` is."""
        random = np.random.default_rng([self.seed, 2, number])
        share, other, language = random.random(), random.random(), random.random()
        kind: Kind = "exact" if share < EXACT_SHARE else "near" if share < EXACT_SHARE + NEAR_SHARE else "own"
        chosen = LANGUAGES[int(np.searchsorted(np.cumsum(SHARES[:-1]), language, side="right"))]
        return Plan("own" if number < 20 else kind, int(other * number), chosen)

    def text(self, number: int) -> str:
        """The text of document `number`."""
        plan = self.plan(number)
        if plan.kind == "exact":
            return self.text(plan.of)
        random = np.random.default_rng([self.seed, 3, number])
        if plan.kind == "near":
            return self._changed(self.text(plan.of), random)
        size = float(np.clip(random.lognormal(np.log(5000) - 0.32, 0.8), 200, 60_000))
        if plan.language == "english":
            text = self._english(random, size)
        elif plan.language == "chinese":
            text = self._chinese(random, size)
        else:
            text = self._code(random, size)
        if number % 50 == 0:
            text += f"\nWrite to {self._words[200 + number % 5000]}@example.org or call 138{number % 10**8:08d}.\n"
        return text

    def _changed(self, text: str, random: np.random.Generator) -> str:
        pieces = re.split(r"(\s+)", text) if " " in text else list(text)
        for place in np.flatnonzero(random.random(len(pieces)) < CHANGED_WORDS).tolist():
            if not pieces[place].isspace():
                pieces[place] = self._words[int(random.integers(200, 5000))]
        return "".join(pieces)

    def _draw(self, random: np.random.Generator, count: int) -> list[str]:
        places = np.searchsorted(self._word_weights, random.random(count))
        return [self._words[place] for place in places.tolist()]

    def _english(self, random: np.random.Generator, size: float) -> str:
        words = self._draw(random, int(size / 6.0) + 8)
        ends = np.cumsum(random.integers(7, 26, len(words) // 7 + 1))
        start, sentences = 0, []
        for number, end in enumerate(ends[ends < len(words)].tolist()):
            middle = start + (end - start) // 2
            words[middle] += ","
            sentence = " ".join(words[start:end])
            sentences.append(f"{sentence[0].upper()}{sentence[1:]}." + ("\n" if number % 5 == 4 else ""))
            start = end
        return " ".join(sentences).replace("\n ", "\n\n")

    def _chinese(self, random: np.random.Generator, size: float) -> str:
        places = np.searchsorted(self._han_weights, random.random(int(size / 6.3) + 8))
        words = [self._han[place] for place in places.tolist()]
        for number, place in enumerate(np.cumsum(random.integers(3, 9, len(words) // 3)).tolist()):
            if place >= len(words):
                break
            words[place] += "。\n" if number % 12 == 11 else "。" if number % 3 == 2 else "，"
        return "".join(words)

    def _code(self, random: np.random.Generator, size: float) -> str:
        words = iter(self._draw(random, int(size / 5) + 40))
        lines: list[str] = []
        length = 0
        indent = 0
        for choice in random.integers(0, 8, int(size / 20) + 4).tolist():
            a, b, c = next(words, "x"), next(words, "y"), next(words, "z")
            if choice == 0 or not lines:
                line, indent = f"\ndef {a}_{b}({c}: int, {b}: str = '{a}') -> None:", 1
            elif choice < 3:
                line = "    " * indent + f"{_KEYWORDS[len(a) % 8]} {a}_{b}({c}) == {len(b)}:"
                indent = min(indent + 1, 4)
            elif choice == 3:
                line, indent = "    " * indent + f"# {a} {b} {c}", max(1, indent - 1)
            else:
                line = "    " * indent + f"{a}.{b} = {c}[{len(a)}] + self._{b}({a!r})"
            lines.append(line)
            length += len(line) + 1
            if length >= size:
                break
        return "\n".join(lines)


def write(folder: Path, documents: int, seed: int = 0) -> Known:
    """JSON Lines below `folder`/<language>/, and `known.json`; what is already there is left as it is."""
    done = folder / "known.json"
    if done.exists():
        return Known(**json.loads(done.read_text(encoding="utf-8")))
    generator = Generator(seed)
    recent = lru_cache(maxsize=256)(generator.text)
    pending: dict[Language, list[bytes]] = {language: [] for language in LANGUAGES}
    files = dict.fromkeys(LANGUAGES, 0)
    exact = near = broken = size = 0
    for number in range(documents):
        plan = generator.plan(number)
        exact += plan.kind == "exact"
        near += plan.kind == "near"
        text = recent(number)
        size += len(text.encode())
        record = {"id": f"d{number}", "text": text, "license": "MIT" if number % 7 == 0 else None}
        lines = pending[plan.language]
        lines.append(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        if number % 1000 == 999:
            lines.append(b'{"id": "broken", "text": \n')
            broken += 1
        if number % 256 == 255:
            _flush(folder, pending, files, FILE_BYTES)
    _flush(folder, pending, files, 0)
    known = Known(documents, exact, near, broken, size)
    done.write_text(json.dumps(known.__dict__), encoding="utf-8")
    return known


def _flush(
    folder: Path, pending: dict[Language, list[bytes]], files: dict[Language, int], least: int
) -> None:
    for language, lines in pending.items():
        if lines and sum(map(len, lines)) >= least:
            (folder / language).mkdir(parents=True, exist_ok=True)
            (folder / language / f"{files[language]:04d}.jsonl").write_bytes(b"".join(lines))
            files[language] += 1
            lines.clear()


def _pseudo_words(random: np.random.Generator, count: int) -> list[str]:
    """Pronounceable words, all different, the short ones first."""
    onsets = (
        "b",
        "c",
        "d",
        "f",
        "g",
        "h",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "v",
        "st",
        "tr",
        "pl",
        "gr",
        "ch",
        "sh",
    )
    rhymes = ("a", "e", "i", "o", "u", "an", "er", "in", "on", "ing", "ar", "el", "ent", "ist", "ate", "ow")
    words: dict[str, None] = {}
    while len(words) < count:
        syllables = 2 + min(3, len(words) * 3 // count)
        parts = [
            onsets[first] + rhymes[second]
            for first, second in zip(
                random.integers(0, len(onsets), syllables),
                random.integers(0, len(rhymes), syllables),
                strict=True,
            )
        ]
        words["".join(parts)] = None
    return list(words)


def _han_words(random: np.random.Generator, count: int) -> list[str]:
    """Words of one to four common characters (GB 2312, level 1), all different, most of them of two."""
    cells = [bytes([row, cell]) for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF)]
    characters = [cell.decode("gb2312") for cell in cells]
    random.shuffle(characters)
    weights = _zipf(len(characters), 0.6)
    words: dict[str, None] = {}
    while len(words) < count:
        length = int(np.searchsorted((0.1, 0.8, 0.92), random.random())) + 1
        places = np.searchsorted(weights, random.random(length))
        words["".join(characters[place] for place in places.tolist())] = None
    return list(words)


def _zipf(count: int, exponent: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Cumulative probabilities of ranks 1 to `count`."""
    weights = 1 / np.arange(1, count + 1) ** exponent
    return np.cumsum(weights / weights.sum())
