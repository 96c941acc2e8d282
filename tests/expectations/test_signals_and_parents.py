from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from expectations import parents, signals
from lineage_platform.model import tables
from tests.expectations.worlds import SNAPSHOT, failed, frame, hashes, keys

pytestmark = pytest.mark.slow

TWICE = [keys(2)[0], *keys(2)]


def signal_frame(**values: Any) -> pd.DataFrame:
    given = {"document": TWICE, "raw_sha256": hashes(3), "effective": ["y", "n", "unknown"]}
    return frame(tables.SIGNALS, signals.COLUMNS, 3, **{**given, **values})


def parent_frame(**values: Any) -> pd.DataFrame:
    given = {"document": TWICE, "kind": ["part-of"] * 3, "parent": [7, 8, 9], "parent_terms": [1, 1, 1]}
    return frame(tables.PARENTS, parents.COLUMNS, 3, **{**given, **values})


def test_signals_as_they_should_be() -> None:
    whole = signal_frame()
    assert failed(signals.check([whole], snapshot=SNAPSHOT)) == set()
    assert failed(signals.check([whole.iloc[:1], whole.iloc[1:]], snapshot=SNAPSHOT)) == set()
    assert failed(signals.check([], snapshot=SNAPSHOT)) == set()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"document": TWICE[::-1]}, "keys ascend"),
        ({"document": [1, 2, 3]}, "keys belong to the snapshot"),
        ({"raw_sha256": [None, *hashes(2)]}, "digest of what was found"),
        ({"effective": ["y", "n", "yes"]}, "answer"),
    ],
)
def test_signals_with_one_thing_wrong(values: dict[str, Any], name: str) -> None:
    assert failed(signals.check([signal_frame(**values)], snapshot=SNAPSHOT)) == {name}


def test_parents_as_they_should_be() -> None:
    whole = parent_frame()
    for frames in ([whole], [whole.iloc[:1], whole.iloc[1:]], []):
        assert failed(parents.check(frames, snapshot=SNAPSHOT, kind="part-of")) == set()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"document": TWICE[::-1]}, "keys ascend"),
        ({"document": [1, 2, 3]}, "keys belong to the snapshot"),
        ({"kind": ["part-of", "part-of", "copy-of"]}, "kind"),
        ({"parent_terms": [1, None, 1]}, "parents have terms"),
    ],
)
def test_parents_with_one_thing_wrong(values: dict[str, Any], name: str) -> None:
    assert failed(parents.check([parent_frame(**values)], snapshot=SNAPSHOT, kind="part-of")) == {name}


def test_a_parent_that_was_not_found_is_a_warning() -> None:
    lost = parent_frame(parent=[7, None, 9], parent_terms=[1, None, 1])
    found = parents.check([lost], snapshot=SNAPSHOT, kind="part-of")
    assert [(check.name, check.severity, check.column) for check in found if not check.success] == [
        ("parents are found", "warn", "parent")
    ]
