"""The Merkle tree of RFC 6962 section 2 (RFC 9162 section 2.1), over complete subtrees that are stored once.

A node (level, index) is the root of the complete subtree over leaves [index * 2^level, (index + 1) * 2^level); level 0
are the leaf hashes. A complete subtree never changes, so an append writes about one node a leaf and a proof reads
O(log n) of them. The functions ask for nodes through `get_node`, whatever keeps them.

The two `verify_` functions follow the algorithms of RFC 9162 (2.1.3.2 and 2.1.4.2), not those that make the proofs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence

from lineage_platform.errors import VerificationFailed

GetNode = Callable[[int, int], bytes]
"""(level, index) -> hash of a complete subtree; raises KeyError or a LineageError when there is none."""

Node = tuple[int, int, bytes]
"""(level, index, hash)"""

SALT_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def new_salt() -> bytes:
    """Salt of one leaf, from the operating system."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, payload: bytes) -> bytes:
    """What a leaf holds: SHA-256(salt || payload). Raises ValueError unless the salt has 32 bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"salt: got {len(salt)} bytes, expected {SALT_BYTES}")
    return hashlib.sha256(salt + payload).digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data); our data is a commitment."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def new_nodes(size_before: int, leaf_hashes: Sequence[bytes], get_node: GetNode) -> list[Node]:
    """The complete subtrees of level 1 and above that appending `leaf_hashes` to a tree of `size_before` completes.

    Leaves are not repeated; `get_node` is asked for what stood before only.
    """
    fresh: dict[tuple[int, int], bytes] = {}
    made: list[Node] = []
    for index, leaf in enumerate(leaf_hashes, start=size_before):
        level, current = 0, leaf
        fresh[0, index] = leaf
        while index & 1:
            left = fresh.get((level, index - 1)) or get_node(level, index - 1)
            level, index, current = level + 1, index >> 1, node_hash(left, current)
            fresh[level, index] = current
            made.append((level, index, current))
    return made


def root(size: int, get_node: GetNode) -> bytes:
    """MTH of the first `size` leaves."""
    if size < 0:
        raise ValueError(f"tree size: got {size}, expected 0 or more")
    return _hash(0, size, get_node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, get_node: GetNode) -> list[bytes]:
    """PATH(index, D[size]): the audit path of a leaf, lowest sibling first. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf index: got {index}, expected 0 or more and below the tree size {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_hash(middle, end, get_node))
            end = middle
        else:
            path.append(_hash(start, middle, get_node))
            start = middle
    return path[::-1]


def consistency_proof(m: int, n: int, get_node: GetNode) -> list[bytes]:
    """PROOF(m, D[n]): that the tree of n leaves extends the tree of m. Raises ValueError unless 0 <= m <= n.

    Empty for m = 0 and m = n, where there is nothing to prove.
    """
    if not 0 <= m <= n:
        raise ValueError(f"tree sizes: got {m} and {n}, expected 0 <= first <= second")
    if m in (0, n):
        return []
    proof: list[bytes] = []
    start, end = 0, n
    while end != m:
        middle = start + _split(end - start)
        if m <= middle:
            proof.append(_hash(middle, end, get_node))
            end = middle
        else:
            proof.append(_hash(start, middle, get_node))
            start = middle
    if start:
        proof.append(_hash(start, end, get_node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> None:
    """Raises VerificationFailed unless `leaf` (a leaf hash) stands at `index` of the tree of `size` under `root_hash`."""
    if not 0 <= index < size:
        raise VerificationFailed(f"inclusion proof: got leaf {index} of a tree of {size} leaves")
    fn, sn, current = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise VerificationFailed(
                f"inclusion proof of leaf {index} in {size}: got {len(proof)} hashes, too many"
            )
        if fn & 1 or fn == sn:
            current = node_hash(sibling, current)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            current = node_hash(current, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise VerificationFailed(
            f"inclusion proof of leaf {index} in {size}: got {len(proof)} hashes, too few"
        )
    _same(f"inclusion proof of leaf {index} in {size}: root", current, root_hash)


def verify_consistency(m: int, n: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """Raises VerificationFailed unless the tree of n leaves under `second_root` extends the m under `first_root`."""
    what = f"consistency proof from {m} to {n}"
    if not 0 <= m <= n:
        raise VerificationFailed(f"{what}: expected 0 <= first <= second")
    if m in (0, n):
        if proof:
            raise VerificationFailed(f"{what}: got {len(proof)} hashes, expected none")
        _same(f"{what}: first root", first_root, second_root if m == n else EMPTY_ROOT)
        return
    path = list(proof) if m & (m - 1) else [first_root, *proof]
    if not path:
        raise VerificationFailed(f"{what}: got no hashes")
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise VerificationFailed(f"{what}: got {len(proof)} hashes, too many")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise VerificationFailed(f"{what}: got {len(proof)} hashes, too few")
    _same(f"{what}: first root", first, first_root)
    _same(f"{what}: second root", second, second_root)


def _split(leaves: int) -> int:
    """The largest power of two below `leaves`."""
    return 1 << (leaves - 1).bit_length() - 1


def _hash(start: int, end: int, get_node: GetNode) -> bytes:
    """MTH of leaves [start, end) of a range that the recursion of RFC 6962 produces: `start` is aligned."""
    leaves = end - start
    if not leaves & (leaves - 1):
        level = leaves.bit_length() - 1
        return get_node(level, start >> level)
    middle = start + _split(leaves)
    return node_hash(_hash(start, middle, get_node), _hash(middle, end, get_node))


def _same(what: str, got: bytes, expected: bytes) -> None:
    if got != expected:
        raise VerificationFailed(f"{what}: got {got.hex()}, expected {expected.hex()}")
