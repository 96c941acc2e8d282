"""Clusters of linked documents: connected components, and the member of each that comes first by given criteria."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel
from lineage_platform.transformations.links import Links

Numbers = npt.NDArray[np.int64]


def components(links: Links) -> tuple[Numbers, Numbers]:
    """The linked documents, ascending, and for each the number of its cluster: 0, 1, ... by lowest member."""
    documents = np.unique(np.concatenate([links.later, links.first]))
    later = np.searchsorted(documents, links.later)
    first = np.searchsorted(documents, links.first)
    roots = _roots(later, first, np.arange(len(documents)))
    return documents, np.unique(roots, return_inverse=True)[1]


@kernel
def _roots(later: Numbers, first: Numbers, parent: Numbers) -> Numbers:
    """The lowest member that each can be reached from: union by lowest root, with path halving.

    R. E. Tarjan, J. van Leeuwen, "Worst-case analysis of set union algorithms", 1984. `parent` begins as 0, 1, 2, ... and
    is returned.
    """
    for i in range(later.size):
        a, b = later[i], first[i]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[max(a, b)] = min(a, b)
    for i in range(parent.size):  # a parent is never greater than its child, so its own root is settled
        parent[i] = parent[parent[i]]
    return parent


def first_of(clusters: Numbers, *criteria: npt.NDArray[np.generic]) -> Numbers:
    """By cluster number the position of the member with the lowest `criteria`, the first of them weighing most."""
    order = np.lexsort((*reversed(criteria), clusters))
    ordered = clusters[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = ordered[1:] != ordered[:-1]
    return order[begins]
