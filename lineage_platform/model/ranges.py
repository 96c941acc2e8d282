"""Ranges of document keys that overlap -> disjoint ones, each with what counts there."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from typing import TypeVar

Order = TypeVar("Order", int, tuple[bool, int, float, int])


def disjoint(ranges: Iterable[tuple[int, int, Order]]) -> list[tuple[int, int, Order]]:
    """The same keys in disjoint, ascending ranges of (first, last, order), both ends inclusive: where several ranges cover a
    key, the lowest order counts; neighbours of equal order are one."""
    starts = sorted(ranges)
    bounds = sorted({first for first, _, _ in starts} | {last + 1 for _, last, _ in starts})
    active: list[tuple[Order, int]] = []
    result: list[tuple[int, int, Order]] = []
    position = 0
    for here, following in itertools.pairwise(bounds):
        while position < len(starts) and starts[position][0] <= here:
            _, last, order = starts[position]
            heapq.heappush(active, (order, last))
            position += 1
        while active and active[0][1] < here:
            heapq.heappop(active)
        if not active:
            continue
        lowest = active[0][0]
        if result and result[-1][2] == lowest and result[-1][1] + 1 == here:
            result[-1] = (result[-1][0], following - 1, lowest)
        else:
            result.append((here, following - 1, lowest))
    return result
