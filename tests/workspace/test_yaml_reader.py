"""YAML that is unsafe or unclear is refused, with the line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from lineage_platform.workspace.yaml_reader import MAX_BYTES, Refused, read_yaml


def read(tmp_path: Path, content: str | bytes) -> dict[str, object]:
    path = tmp_path / "x.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_yaml(path, "x.yaml").value


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcde", "bcdef", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "got"),
    [
        (
            "a: !!python/object/apply:os.system [echo]\n",
            1,
            "the tag tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("a: 1\nb: !custom x\n", 2, "the tag !custom"),
        ("a: !!str x\n", 1, "the tag"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' a second time"),
        ("a: {b: 1, b: 2}\n", 1, "the key 'b' a second time"),
        ("a: 1\n---\nb: 2\n", 2, "a second YAML document"),
        ("", None, "an empty file"),
        ("# only a comment\n", None, "an empty file"),
        ("- a\n- b\n", 1, "a list"),
        ("text\n", 1, "'text'"),
        ("a: *nowhere\n", 1, "the alias *nowhere"),
        ("a: &a [*a]\n", 1, "inside itself"),
        (BOMB, 4, "more than 10,000 values"),
        ("a: " + "[" * 200 + "]" * 200 + "\n", 1, "nesting deeper"),
        ("a: b: c\n", 1, "mapping values are not allowed here"),
        ("a: 1\n\tb: 2\n", 2, "found character"),
        ("a: 'open\n", 2, "found unexpected end of stream"),
        ("{a: b}: c\n", 1, "a key that is not plain text"),
        ('a: "\\0"\n', 1, "character U+0000"),
        ('a: "x\\ud800"\n', 1, "character U+D800"),
        ("a: \x07\n", 1, "character U+0007"),
        ("a: 你好\n".encode("gb18030"), 1, "byte 0xc4"),
        ("a: 1\n".encode("utf-16"), 1, "byte 0xff"),
        (b"a: " + b"x" * MAX_BYTES, None, "more than 1,000,000 bytes"),
    ],
)
def test_refused(tmp_path: Path, content: str | bytes, line: int | None, got: str) -> None:
    with pytest.raises(Refused) as caught:
        read(tmp_path, content)
    assert caught.value.problem.line == line
    assert got in caught.value.problem.got


def test_a_merge_key_is_a_key_like_any_other(tmp_path: Path) -> None:
    assert read(tmp_path, "<<: {a: 1}\n") == {"<<": {"a": 1}}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yaml")
    with pytest.raises(Refused, match="no regular file"):
        read_yaml(tmp_path / "x.yaml", "x.yaml")


def test_scalars_follow_the_core_schema(tmp_path: Path) -> None:
    text = """
    texts: [no, on, 1:30, 2024-01-01, 0o17x, 1_000, "1", '', 1e999x, .inf]
    numbers: [1, -2, +3, 0.5, .5, 1e3]
    others: [true, False, null, ~]
    block: |
      two
      lines
    """
    value = read(tmp_path, text)
    assert value["texts"] == ["no", "on", "1:30", "2024-01-01", "0o17x", "1_000", "1", "", "1e999x", ".inf"]
    assert value["numbers"] == [1, -2, 3, 0.5, 0.5, 1000.0]
    assert value["others"] == [True, False, None, None]
    assert value["block"] == "two\nlines\n"


def test_lines_and_aliases(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# c\na: &x\n  b: 1\n\nlist:\n- one\n- *x\n")
    document = read_yaml(path, "x.yaml")
    assert document.value == {"a": {"b": 1}, "list": ["one", {"b": 1}]}
    places = [("a",), ("a", "b"), ("list", 1), ("list", 1, "b"), ("none",)]
    assert [document.line(place) for place in places] == [2, 3, 7, 7, 2]


_KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"], include_characters="\n"), max_size=20)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


class _Quoting(yaml.SafeDumper):
    """Strings in quotes: without, some strings of YAML 1.1 (`0E0`) are numbers of YAML 1.2."""


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, '"')
)


@given(value=st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4))
@example(value={"0": "0E0"})
def test_what_yaml_writes_is_read_back(
    value: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("yaml") / "x.yaml"
    path.write_text(yaml.dump(value, Dumper=_Quoting, allow_unicode=True), encoding="utf-8")
    assert read_yaml(path, "x.yaml").value == value


@given(
    content=st.binary(max_size=200)
    | st.text(alphabet="ab:-[]{}&*!|>'\"#\n ,?%@`\t0", max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("yaml") / "x.yaml"
    path.write_bytes(content)
    try:
        assert isinstance(read_yaml(path, "x.yaml").value, dict)
    except Refused as refused:
        assert refused.problem.file == "x.yaml"
