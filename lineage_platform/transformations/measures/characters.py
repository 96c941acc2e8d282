"""Classes of characters, from `character_classes.json` (Unicode data; a fixed version, whatever Python's own is)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

LIMIT = 0x40000
"""Code points from here on have no class: nothing there is white space, letter or punctuation."""

WHITE = 1  # property White_Space
LETTER = 2  # general category L, and every Han character
PUNCTUATION = 4  # general category P
HAN = 8  # property Script=Han
UNSPACED = 16  # Han, Kana, Thai, Lao, Myanmar, Khmer: written without spaces, each character is a word
BULLET = 32  # signs that open an item of a list

_BITS = {
    "white": WHITE,
    "letter": LETTER,
    "punctuation": PUNCTUATION,
    "han": HAN,
    "unspaced": UNSPACED,
    "bullet": BULLET,
}


@cache
def character_classes() -> npt.NDArray[np.uint8]:
    """Class bits by code point, shape (LIMIT,)."""
    data = json.loads(files(__package__).joinpath("character_classes.json").read_text())
    classes = np.zeros(LIMIT, np.uint8)
    for name, bit in _BITS.items():
        for item in data[name]:
            first, _, last = item.partition("-")
            classes[int(first, 16) : int(last or first, 16) + 1] |= bit
    classes.flags.writeable = False
    return classes
