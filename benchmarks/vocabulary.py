"""Words to make documents of: English and German function words before pronounceable inventions, and words of Han characters.

Frequencies follow Zipf's law. Everything lies in one flat pool of bytes, so that a kernel only copies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

ENGLISH_WORDS, GERMAN_WORDS, HAN_WORDS = 40_000, 60_000, 25_000
DRAWS = 1 << 20
"""Entries of a table that turns a uniform number into a word; rarer words than one in so many are drawn now and then only."""

RARE = 400
"""First rank behind the function words of English and German."""

_FILE = Path(__file__).parent / "words.json"


@dataclass(frozen=True)
class Vocabulary:
    """`pool[starts[i]:starts[i + 1]]` is word i; `draws[l, u]` is a word of language l (English, German, Chinese)."""

    pool: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    draws: npt.NDArray[np.int32]
    mean_bytes: npt.NDArray[np.float64]  # of a word drawn, by language


@lru_cache(maxsize=2)
def make_vocabulary(seed: int) -> Vocabulary:
    """The same words for the same seed."""
    random = np.random.default_rng([seed, 1])
    known = json.loads(_FILE.read_text(encoding="utf-8"))
    languages = [
        _inventions(random, known["english"], ENGLISH_WORDS, capitals=0),
        _inventions(random, known["german"], GERMAN_WORDS, capitals=0.3),
        _han(random, HAN_WORDS),
    ]
    words = [word.encode() for language in languages for word in language]
    sizes = np.array([len(word) for word in words])
    firsts = np.cumsum([0, *(len(language) for language in languages)])
    draws = np.empty((len(languages), DRAWS), np.int32)
    at = (np.arange(DRAWS) + 0.5) / DRAWS
    for number, language in enumerate(languages):
        draws[number] = firsts[number] + np.searchsorted(_zipf(len(language), 1.05), at)
    return Vocabulary(
        np.frombuffer(b"".join(words), np.uint8),
        np.cumsum([0, *sizes.tolist()]),
        draws,
        np.array([sizes[table].mean() for table in draws]),
    )


def _inventions(
    random: np.random.Generator, language: dict[str, list[str]], count: int, *, capitals: float
) -> list[str]:
    """`count` different words: the known ones, then pronounceable ones, the short ones first."""
    onsets, rhymes = language["onsets"], language["rhymes"]
    words = dict.fromkeys(language["words"])
    while len(words) < count:
        syllables = 2 + min(3, len(words) * 3 // count)
        first = random.integers(0, len(onsets), syllables).tolist()
        second = random.integers(0, len(rhymes), syllables).tolist()
        word = "".join([onsets[a] + rhymes[b] for a, b in zip(first, second, strict=True)])
        words[word.capitalize() if random.random() < capitals else word] = None
    return list(words)


def _han(random: np.random.Generator, count: int) -> list[str]:
    """Words of one to four common characters (GB 2312, level 1), all different; the most frequent of one, most of two."""
    cells = [bytes([row, cell]) for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF)]
    characters = [cell.decode("gb2312", "ignore") for cell in cells]
    characters = [character for character in characters if character]
    random.shuffle(characters)
    weights = _zipf(len(characters), 0.6)
    words: dict[str, None] = {}
    while len(words) < count:
        length = 1 if len(words) < 60 else int(np.searchsorted((0.1, 0.8, 0.92), random.random())) + 1
        places = np.searchsorted(weights, random.random(length))
        words["".join(characters[place] for place in places.tolist())] = None
    return list(words)


def _zipf(count: int, exponent: float) -> npt.NDArray[np.float64]:
    """Cumulative probabilities of ranks 1 to `count`."""
    weights = 1 / np.arange(1, count + 1) ** exponent
    return np.cumsum(weights / weights.sum())
