from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Remote, pattern, place

NAMES = st.text("abcXYZ019-_.[]*? ü", min_size=1).filter(lambda name: name not in (".", ".."))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("/data/store", Path("/data/store")),
        ("data", Path("data")),
        ("file:///data/a%20b", Path("/data/a b")),
        ("file://localhost/data", Path("/data")),
        ("file:/data", Path("/data")),
        ("s3://bucket", Remote("bucket", "")),
        ("s3://bucket/", Remote("bucket", "")),
        ("s3://bucket/a/b/", Remote("bucket", "a/b")),
        ("s3://my.bucket-1/a%20b", Remote("my.bucket-1", "a%20b")),
        ("s3://bucket/a?b#c", Remote("bucket", "a?b#c")),
    ],
)
def test_what_is_written_is_a_place(written: str, found: Path | Remote) -> None:
    assert place(written) == found
    assert place(found) is found


@pytest.mark.parametrize(
    "written",
    [
        "gs://bucket/x",
        "https://host/x",
        "file://host/x",
        "file:///data/a#b",
        "file:///data/a?b",
        "s3://",
        "s3://UPPER/x",
        "s3://ab/x",
        "s3:/bucket/x",
        "s3:bucket/x",
        "s3://bucket//x",
        "s3://bucket/a/../b",
        "s3://key:secret@bucket/x",
        "s3://bucket/a\nb",
    ],
)
def test_what_is_no_place(written: str) -> None:
    with pytest.raises(InvalidInput, match="expected") as caught:
        place(written)
    assert "secret" not in str(caught.value)


@given(st.lists(NAMES, max_size=3), NAMES)
def test_a_remote_is_used_like_a_path(folders: list[str], name: str) -> None:
    root = Remote("bucket", "/".join(folders))
    inside = root / name
    local = Path("/", *folders) / name
    assert (inside.name, inside.suffix) == (local.name, local.suffix)
    assert inside.parent == root
    assert place(str(inside)) == inside
    assert pickle.loads(pickle.dumps(inside)) == inside
    assert pattern(inside) == str(inside)


def test_a_pattern_is_one_file() -> None:
    assert pattern(Path("/a[b]*?")) == "/a[[]b][*][?]"
