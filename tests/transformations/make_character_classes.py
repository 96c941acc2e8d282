"""Makes `measures/character_classes.json` from this Python's Unicode database; run it to write the file again.

    python tests/transformations/make_character_classes.py

The file is kept rather than computed when needed, so that a newer Python with a newer Unicode does not change what a
measure says of the same text.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

TARGET = (
    Path(__file__).parents[2] / "lineage_platform" / "transformations" / "measures" / "character_classes.json"
)
LIMIT = 0x40000

WHITE = "09-0D 20 85 A0 1680 2000-200A 2028-2029 202F 205F 3000"  # property White_Space
HAN = (  # property Script=Han, with the extensions up to Unicode 15.1
    "2E80-2E99 2E9B-2EF3 2F00-2FD5 3005 3007 3021-3029 3038-303B 3400-4DBF 4E00-9FFF F900-FA6D FA70-FAD9 "
    "20000-2A6DF 2A700-2B739 2B740-2B81D 2B820-2CEA1 2CEB0-2EBE0 2EBF0-2EE5D 2F800-2FA1D 30000-3134A 31350-323AF"
)
OTHER_UNSPACED = (  # Kana, then Thai, Lao, Myanmar, Khmer
    "3041-3096 3099-309A 309D-309F 30A1-30FA 30FC-30FF 31F0-31FF FF66-FF9F "
    "0E01-0E3A 0E40-0E4E 0E81-0EBD 0EC0-0ECD 0EDC-0EDF 1000-103F 1050-108F 1780-17D3"
)
BULLETS = "B7 2022-2023 2043 2219 25A0-25A1 25AA-25AB 25CB 25CF 25C6-25C7 25E6 30FB"


def _listed(ranges: str) -> set[int]:
    found: set[int] = set()
    for item in ranges.split():
        first, _, last = item.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


def _ranges(member: Callable[[int], bool]) -> list[str]:
    ranges: list[str] = []
    first = None
    for point in range(LIMIT + 1):
        inside = point < LIMIT and member(point)
        if inside and first is None:
            first = point
        if not inside and first is not None:
            ranges.append(f"{first:X}" if first == point - 1 else f"{first:X}-{point - 1:X}")
            first = None
    return ranges


def character_classes() -> dict[str, Any]:
    """The content of the file."""
    white, han, bullets = _listed(WHITE), _listed(HAN), _listed(BULLETS)
    unspaced = han | _listed(OTHER_UNSPACED)
    return {
        "unicode": unicodedata.unidata_version,
        "white": _ranges(white.__contains__),
        "letter": _ranges(lambda point: unicodedata.category(chr(point))[0] == "L" or point in han),
        "punctuation": _ranges(lambda point: unicodedata.category(chr(point))[0] == "P"),
        "han": _ranges(han.__contains__),
        "unspaced": _ranges(unspaced.__contains__),
        "bullet": _ranges(bullets.__contains__),
    }


if __name__ == "__main__":
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in character_classes().items()
    )
    TARGET.write_text("{\n" + lines + "\n}\n")
