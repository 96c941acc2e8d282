"""64-bit hashing inside the kernels. Fixed for good: band keys of different runs are compared with each other."""

from __future__ import annotations

import numpy as np

from lineage_platform.transformations.buffers import kernel

SYMBOL = np.uint64(0x9E3779B97F4A7C15)  # multiplier of a rolling hash over characters
SEQUENCE = np.uint64(0xD6E8FEB86659FD93)  # multiplier of a rolling hash over words


@kernel
def mix(value: np.uint64) -> np.uint64:
    """Spread every bit of a 64-bit value over all bits (the finaliser of MurmurHash3)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))
