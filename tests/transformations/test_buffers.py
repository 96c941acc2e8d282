"""Arrow string columns as flat buffers: round trips, replaced rows, and kernels that cannot be cached."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.buffers import kernel, large_string, lengths, replace_rows, utf8_buffers

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=12)


@given(TEXTS, st.data())
def test_buffers_and_back(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts)))
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        values, offsets = utf8_buffers(pa.array(texts, kind).slice(start))
        assert large_string(values, offsets).to_pylist() == texts[start:]
        assert lengths(offsets).tolist() == [len(text.encode()) for text in texts[start:]]
        assert not values.flags.writeable
        assert not offsets.flags.writeable


def test_nulls_and_nothing() -> None:
    values, offsets = utf8_buffers(pa.array(["a", None, "b"]))
    assert large_string(values, offsets).to_pylist() == ["a", "", "b"]
    values, offsets = utf8_buffers(pa.array([None, None], pa.large_string()))
    assert large_string(values, offsets).to_pylist() == ["", ""]
    assert large_string(*utf8_buffers(pa.array([], pa.string()))).to_pylist() == []


@settings(deadline=None)
@given(TEXTS, st.data())
def test_replaced_rows(texts: list[str], data: st.DataObject) -> None:
    rows = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1)))) if texts else []
    new = [data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=9)) for _ in rows]
    expected = list(texts)
    for row, text in zip(rows, new, strict=True):
        expected[row] = text
    column = pa.array(["before", *texts], pa.large_string()).slice(1)
    found = replace_rows(column, np.array(rows, np.int64), pa.array(new, pa.large_string()))
    assert found.to_pylist() == expected
    found.validate(full=True)


def test_a_kernel_whose_file_cannot_be_cached_is_compiled_all_the_same() -> None:
    names: dict[str, object] = {}
    exec(compile("def double(x):\n    return 2 * x", "<nowhere>", "exec"), names)
    double = kernel(names["double"])  # type: ignore[type-var]
    assert double(21) == 42  # type: ignore[operator]


def test_large_string_takes_what_kernels_make() -> None:
    column = large_string(np.frombuffer(b"abc", np.uint8), np.array([0, 1, 1, 3]))
    assert column.to_pylist() == ["a", "", "bc"]
