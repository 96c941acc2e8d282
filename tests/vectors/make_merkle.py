"""Makes merkle.json: `python tests/vectors/make_merkle.py`.

The eight leaves are those that implementations of RFC 6962 have tested each other with since 2013. Everything else is
computed here by the recursive definitions of RFC 6962 section 2.1, word for word, with nothing of the product.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]


def split(leaves: list[bytes]) -> int:
    """The largest power of two smaller than the number of leaves."""
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    """Merkle Tree Hash of a list."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(leaves)
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """Audit path of leaf m."""
    if len(leaves) == 1:
        return []
    k = split(leaves)
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], complete: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b)."""
    if m == len(leaves):
        return [] if complete else [mth(leaves)]
    k = split(leaves)
    if m <= k:
        return [*subproof(m, leaves[:k], complete), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n]); nothing to prove from the empty tree."""
    return subproof(m, leaves, True) if m else []


def main() -> None:
    sizes = range(len(LEAVES) + 1)
    vectors = {
        "leaves": [leaf.hex() for leaf in LEAVES],
        "roots": [mth(LEAVES[:n]).hex() for n in sizes],
        "inclusion": [
            {"index": m, "size": n, "proof": [h.hex() for h in path(m, LEAVES[:n])]}
            for n in sizes
            for m in range(n)
        ],
        "consistency": [
            {"first": m, "second": n, "proof": [h.hex() for h in proof(m, LEAVES[:n])]}
            for n in sizes
            for m in range(n + 1)
        ],
    }
    Path(__file__).with_name("merkle.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
