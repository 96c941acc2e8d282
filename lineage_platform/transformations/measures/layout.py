"""How words, lines and paragraphs of several texts lie in memory, on their way from one kernel to the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Words(NamedTuple):
    """Words of several texts, one after the other; `first[i]` to `first[i + 1]` are those of text i."""

    surface: npt.NDArray[np.uint64]  # hash of the word as it stands
    normal: npt.NDArray[np.uint64]  # hash of its normal form, 0 if it has none
    characters: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]


class Passages(NamedTuple):
    """Lines or paragraphs of several texts, laid out like `Words`."""

    surface: npt.NDArray[np.uint64]
    characters: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]


def new_words(entries: int, texts: int) -> Words:
    """Room for at most `entries` words of at most `texts` texts."""
    return Words(
        np.empty(entries, np.uint64),
        np.empty(entries, np.uint64),
        np.empty(entries, np.int32),
        np.empty(texts + 1, np.int64),
    )


def new_passages(entries: int, texts: int) -> Passages:
    """Room for at most `entries` lines or paragraphs of at most `texts` texts."""
    return Passages(np.empty(entries, np.uint64), np.empty(entries, np.int32), np.empty(texts + 1, np.int64))
