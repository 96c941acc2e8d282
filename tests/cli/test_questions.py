"""Verbs that ask, and what goes wrong with them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_platform.errors import NotFound
from lineage_platform.wiring import open_workspace
from tests.audit.definitions import World
from tests.cli.conftest import Lineage


def test_json_is_what_python_gives(lineage: Lineage, world: World) -> None:
    with open_workspace(settings=world.settings) as opened:
        assert lineage("trace", "0", "--corpus", "demo", "--json").json == opened.trace("0", "demo").to_dict()
        document = opened.trace_document("1", row=3, text=True).to_dict()
        assert lineage("trace", "1", "--row", "3", "--text", "--json").json == document
        assert "text" not in lineage("trace", "1", "--row", "3", "--json").json
        assert lineage("shards", "--json").json == opened.shards().to_dict()
        assert lineage("decisions", "--json").json == opened.decisions().to_dict()
        some = opened.decisions("demo", source="forum", reason="exact-duplicate", limit=2).to_dict()
        said = lineage(
            "decisions", "demo", "--source=forum", "--reason=exact-duplicate", "--limit=2", "--json"
        )
        assert said.json == some
        for option, value in (
            ("source", "press"),
            ("licence", "MIT"),
            ("consent-basis", "consent"),
            ("document", str(world.key("press", 1))),
            ("subject", "person1@example.org"),
        ):
            answer = opened.impact(**{option.replace("-", "_"): value}).to_dict()  # type: ignore[arg-type]
            assert lineage("impact", f"--{option}", value, "--json").json == answer


def test_people_read_the_same(lineage: Lineage, world: World) -> None:
    said = lineage("trace", "shard-00001", "--corpus", "demo")
    assert said.code == 0
    for word in ("press", "CC-BY-NC-4.0", "not-personal-data", "annotations/blog", "pack", "licence-unknown"):
        assert word in said.out
    said = lineage("trace", "1", "--row", "2", "--text")
    for word in ("text SHA-256", "demo/deduplicated", "kept", "Evidence"):
        assert word in said.out
    assert said.out.index("Decisions") < said.out.index("Text:\n") < said.out.index("Transformations")
    said = lineage("impact", "--licence", "MIT")
    assert "some home-made licence" in said.out
    assert "8 documents" in said.out
    said = lineage("decisions", "demo", "--limit", "2")
    for word in (
        "6 records",
        "First 2 of 6",
        "forum/0.jsonl",
        "malformed-record",
        "exact-duplicate",
        "no JSON",
    ):
        assert word in said.out
    said = lineage("impact", "--document", next(iter(map(str, world.duplicates))))
    for word in ("0 documents", "Dropped as duplicates", *map(str, list(world.duplicates.values())[:1])):
        assert word in said.out
    assert "shard-00002.parquet" not in lineage("shards").out  # files lie under their digest
    assert lineage("shards").out.count("/objects/") == 9


def test_a_subject_need_not_stand_in_a_process_list(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = lineage("impact", "--subject", "person1@example.org", "--json").json
    monkeypatch.setattr(sys, "stdin", io.StringIO("Person1@example.org\n"))
    assert lineage("impact", "--subject", "-", "--json").json == expected


def test_verify_and_checkpoint(lineage: Lineage, tmp_path: Path) -> None:
    assert lineage("verify").out.endswith("all is as it was recorded\n")
    assert lineage("verify", "--json").json["ok"] is True
    kept = tmp_path / "kept.checkpoint"
    assert lineage("checkpoint", "export", "--output", str(kept)).code == 0
    exported = lineage("checkpoint", "export")
    assert exported.out == kept.read_text() == lineage("checkpoint", "export", "--json").json["note"]
    same = lineage("checkpoint", "compare", str(kept), "--json")
    assert same.code == 0
    assert same.json["consistent"] is True
    kept.write_text(kept.read_text().replace("\n\n", "\nX\n\n"))
    altered = lineage("checkpoint", "compare", str(kept))
    assert altered.code == 1
    assert "does not belong to this text" in altered.err
    kept.write_bytes(b"\xff")
    assert lineage("checkpoint", "compare", str(kept)).code == 2
    assert lineage("checkpoint", "compare", str(tmp_path / "none")).code == 2
    assert lineage("checkpoint", "export", "--output", str(tmp_path / "no" / "folder")).code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("trace", "shard-00007", "--corpus", "demo"), 1, ("shard-00007", "nearest", "shard-00001")),
        (("trace", "0", "--corpus", "dmeo"), 1, ("dmeo", "nearest: demo")),
        (("trace", "0", "--version", "99"), 1, ("99",)),
        (("trace", "0", "--row", "99999"), 1, ("99999",)),
        (("trace", "0", "--row", "-1"), 2, ("row: got -1", "0 or more")),
        (("trace", "0", "--token", "-7"), 2, ("token: got -7", "0 or more")),
        (("trace", "0", "--row", "1", "--token", "2"), 2, ("one of them",)),
        (("trace", "0", "--text"), 2, ("--text",)),
        (("trace", "0", "--as-of", "yesterday"), 2, ("yesterday", "ISO 8601")),
        (("trace", "--row", "1"), 2, ("without a shard",)),
        (("impact",), 2, ("expected one of",)),
        (("impact", "--source", "pres"), 1, ("nearest: press",)),
        (("impact", "--licence", "MTI"), 1, ("MIT",)),
        (("impact", "--document", "none"), 2, ("none",)),
        (("impact", "--source", "press", "--licence", "MIT"), 2, ("2 questions",)),
        (("shards", "--corpus", "none"), 1, ("none", "known: demo")),
        (("decisions", "none"), 1, ("none",)),
        (("decisions", "--reason", "qualty"), 1, ("nearest: quality",)),
        (("decisions", "--limit", "-1"), 2, ("limit",)),
        (("unknown",), 2, ("unknown",)),
        (("trace", "0", "--no-such-option"), 2, ("--no-such-option",)),
        (("--workspace", "/does/not/exist", "sources"), 2, ("/does/not/exist",)),
        (("sources",), 2, ("sources",)),  # the recorded world has no YAML
    ],
)
def test_errors(lineage: Lineage, arguments: tuple[str, ...], code: int, words: tuple[str, ...]) -> None:
    said = lineage(*arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("lineage: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err
    told = lineage(*arguments, "--json")
    assert (told.code, told.out) == (code, "")
    assert told.error["exit_code"] == code
    assert f"lineage: {told.error['message']}\n" == said.err


def test_nearest_names_in_json(lineage: Lineage) -> None:
    assert lineage("impact", "--source", "pres", "--json").error["nearest"] == ["press"]


def test_nothing_recorded_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Lineage) -> None:
    for name in ("LINEAGE_DATABASE_URL", "LINEAGE_HOME"):
        monkeypatch.delenv(name, raising=False)
    said = run("--workspace", str(tmp_path), "trace", "0")
    assert said.code == 1
    assert "lineage materialize" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_our_tables(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Lineage
) -> None:
    monkeypatch.setenv("LINEAGE_DATABASE_URL", empty_database_url)
    said = run("--workspace", str(tmp_path), "shards")
    assert said.code == 1
    assert "nothing has been recorded" in said.err


def test_a_database_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Lineage) -> None:
    monkeypatch.setenv("LINEAGE_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    said = run("--workspace", str(tmp_path), "trace", "0")
    assert said.code == 3
    assert said.err.count("\n") == 1
    assert "secret" not in said.err


def test_what_a_trace_loads(world: World) -> None:
    """A question must not wait for what it does not need."""
    heavy = {
        "alembic",
        "daft",
        "dagster",
        "great_expectations",
        "numba",
        "numpy",
        "openlineage",
        "pandas",
        "pyarrow",
        "pydantic",
        "rich",
        "sqlalchemy",
        "tokenizers",
        "yaml",
    }
    program = (
        "import sys; from lineage_platform.cli.main import main; code = main(); "
        f"print(sorted({heavy!r} & {{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "trace", "0", "--corpus", "demo"],
        env={**world.settings.environment(), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert "shard-00000" in done.stdout


def test_tables_on_a_terminal(world: World) -> None:
    master, slave = os.openpty()
    program = "import sys; from lineage_platform.cli.main import main; sys.exit(main())"
    environment = {**world.settings.environment(), "TERM": "xterm", "COLUMNS": "160", "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [sys.executable, "-c", program, "trace", "0"], stdout=slave, stderr=slave, env=environment
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:  # the other end is closed
            break
    os.close(master)
    assert process.wait() == 0
    assert "─".encode() in shown
    assert b"CC-BY-NC-4.0" in shown


def test_five_known_names_where_none_is_near() -> None:
    error = NotFound("corpus", "zzz", ["f", "b", "a", "c", "e", "d", "a"])
    assert str(error) == "no corpus named 'zzz'; known: a, b, c, d, e"
    assert error.nearest == ()
    assert str(NotFound("corpus", "zzz")) == "no corpus named 'zzz'"
    assert str(NotFound("corpus", "demo", ["demos", "x"])) == "no corpus named 'demo'; nearest: demos"
