"""Locations: stable paths, links that lead out, URLs, and clear errors."""

import os
from pathlib import Path

import fsspec
import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations import reading
from lineage_platform.transformations.reading.locate import folder_of, locate
from tests.transformations.sources import make_source, records, shown


def paths(location: Path | str, kind: str = "text") -> list[str]:
    return [file.path for file in locate(make_source(location, kind))]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deep/d.txt", "sub/.hidden.txt", "e[1].txt", "f.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_files_in_the_order_of_their_paths(tree: Path) -> None:
    assert paths(tree / "*.txt") == ["a.txt", "b.txt", "e[1].txt"]
    assert paths(tree / "**" / "*.txt") == ["a.txt", "b.txt", "e[1].txt", "sub/c.txt", "sub/deep/d.txt"]
    assert paths(tree / "sub" / "*" / "d.txt") == ["deep/d.txt"]
    assert paths(tree / "sub" / "c.txt") == ["c.txt"]
    assert paths(tree / "e[1].txt") == ["e[1].txt"]
    assert paths(tree / "s*b" / "*.txt") == ["sub/c.txt"]
    assert paths(f"file://{tree}/*.md") == ["f.md"]


def test_a_file_has_its_address_size_and_time(tree: Path) -> None:
    os.utime(tree / "f.md", ns=(5, 7))
    assert locate(make_source(tree / "*.md", "text")) == [("f.md", str(tree / "f.md"), 4, "7")]
    assert reading.appearance(make_source(tree / "*.md", "text")) == [("f.md", 4, "7")]


@pytest.mark.parametrize(("location", "problem"), [("*.csv", "matches no file"), ("no.txt", "matches no file"), ("sub", "got the folder")])  # fmt: skip
def test_no_file(tree: Path, location: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        paths(tree / location)


def test_links_inside_are_followed_and_links_out_refused(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    (tree / "sub" / "inside.txt").symlink_to(tree / "sub" / "c.txt")
    assert shown(records(make_source(tree / "sub" / "*.txt", "text"))) == ["sub/c.txt", "sub/c.txt"]
    (tree / "link.txt").symlink_to(outside / "secret.txt")
    (tree / "folder").symlink_to(outside)
    for location in (tree / "link.txt", tree / "l*.txt", tree / "*" / "secret.txt"):
        with pytest.raises(InvalidInput, match=r"txt: a link leads to .*secret\.txt, out of "):
            records(make_source(location, "text"))
    (tree / "nowhere.txt").symlink_to(tree / "gone")
    with pytest.raises(InvalidInput, match=r"nowhere\.txt: cannot be read: No such file"):
        paths(tree / "nowhere.txt")


def test_the_base_itself_may_be_behind_a_link(tree: Path) -> None:
    (tree / "alias").symlink_to(tree / "sub")
    assert shown(records(make_source(tree / "alias" / "*.txt", "text"))) == ["sub/c.txt"]


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tree: Path) -> None:
    os.mkfifo(tree / "pipe.txt")
    with pytest.raises(InvalidInput, match=r"pipe\.txt: not a regular file"):
        records(make_source(tree / "pipe.txt", "text"))


def test_a_name_that_is_not_utf_8(tree: Path) -> None:
    Path(os.fsdecode(os.fsencode(tree) + b"/\xff.md")).write_text("x")
    with pytest.raises(InvalidInput, match="a file name that is not UTF-8; rename the file"):
        records(make_source(tree / "*.md", "text"))


def test_a_file_that_may_not_be_read(tree: Path) -> None:
    folder = folder_of(make_source(tree / "*.txt", "text"))
    with pytest.raises(InvalidInput, match=r"zzz\.txt: cannot be read: No such file or directory"):
        folder.open("zzz.txt")


def test_urls(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    try:
        for name in ("data/a.jsonl", "data/x/b.jsonl", "data/c.txt"):
            store.pipe(f"/{name}", b'{"text": "%s"}' % name.encode())
        assert paths("memory://data/*.jsonl") == ["a.jsonl"]
        assert paths("memory://data/**/*.jsonl") == ["a.jsonl", "x/b.jsonl"]
        source = make_source("memory://data/a.jsonl", "jsonl")
        assert [file.address for file in locate(source)] == ["memory:///data/a.jsonl"]
        assert shown(records(source)) == ["data/a.jsonl"]
        ((_, size, changed),) = reading.appearance(source)
        assert size == 24
        assert changed
        for location in ("memory://data/none", "memory://none/*"):
            with pytest.raises(InvalidInput, match="matches no file"):
                paths(location)
        with pytest.raises(InvalidInput, match="cannot be read: Invalid pattern"):
            paths("memory://data/**.jsonl")
    finally:
        store.rm("/data", recursive=True)
    with pytest.raises(InvalidInput, match="location: got klingon://bucket/x"):
        paths("klingon://bucket/x")
