"""Nothing outside the workspace is read unless the settings name it, whatever a path looks like."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from tests.workspace.worlds import World

ONE = "sources/one.yaml"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.jsonl").write_text('{"id": 1, "title": "t", "body": "b"}\n')
    return folder


def relocate(world: World, location: str) -> None:
    world.edit(ONE, "location: data/*.jsonl", f"location: {location}")


@pytest.mark.parametrize(
    ("location", "got"),
    [
        ("../outside/*.jsonl", "leaves the workspace"),
        ("data/../../outside/secret.jsonl", "leaves the workspace"),
        ("/etc/passwd", "'/etc/passwd'"),
        ("data/*.csv", "matches no file"),
        ("data/none.jsonl", "does not exist"),
        ("data", "no regular file"),
        ("data/", "no regular file"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("http://example.org/x", "http://example.org/x"),
        ("ftp://example.org/x", "ftp://"),
        ("s3:///key", "s3:///key"),
        ("https://user:secret@example.org/x", "a user or password"),
        ("python", "`format: jsonl`"),
        (".lineage/keys/*", "matches no file"),
        ("~/x", "does not exist"),
    ],
)
def test_refused(world: World, outside: Path, location: str, got: str) -> None:
    relocate(world, location)
    found = world.problem()
    assert got in found.got
    assert "secret@" not in str(found)


@pytest.mark.parametrize(
    "location", ["s3://bucket/x/*.parquet", "gs://b/x", "az://b/x", "https://example.org/x.jsonl"]
)
def test_object_stores_are_named_not_touched(world: World, location: str) -> None:
    relocate(world, location)
    assert world.load().source("one").location == location


def test_absolute_paths_need_a_setting(world: World, outside: Path) -> None:
    relocate(world, f"{outside}/*.jsonl")
    assert "LINEAGE_ALLOW_PATHS" in world.problem().expected
    assert world.load({"LINEAGE_ALLOW_PATHS": str(outside)}).source("one").location == f"{outside}/*.jsonl"


def test_absolute_paths_inside_the_workspace(world: World) -> None:
    relocate(world, f"{world.root}/data/a.jsonl")
    assert world.load().source("one").location == str(world.root / "data/a.jsonl")


@pytest.mark.parametrize("location", ["data/link.jsonl", "data/*.jsonl", "data/**/*.jsonl"])
def test_links_that_leave(world: World, outside: Path, location: str) -> None:
    (world.root / "data/link.jsonl").symlink_to(outside / "secret.jsonl")
    world.edit("sources/two.yaml", "location: data/*.jsonl", "location: data/a.jsonl")
    world.edit(ONE, "location: data/*.jsonl", f"location: {location}")
    found = world.problem()
    assert "a link that leaves the workspace" in found.got
    assert "link.jsonl" in found.got


def test_folders_that_are_links(world: World, outside: Path) -> None:
    (world.root / "data/more").symlink_to(outside)
    relocate(world, "data/more/*.jsonl")
    assert "a link that leaves the workspace" in world.problem().got


def test_links_inside_the_workspace_stay_in_their_folder(world: World) -> None:
    world.write("other/b.jsonl", "{}\n")
    (world.root / "data/ok.jsonl").symlink_to(world.root / "data/a.jsonl")
    assert world.problems() == ()
    (world.root / "data/b.jsonl").symlink_to(world.root / "other/b.jsonl")
    assert {problem.got for problem in world.problems()} == {
        "'data/*.jsonl': b.jsonl, a link that leaves its folder"
    }


def test_definitions_that_are_links(world: World, outside: Path) -> None:
    (outside / "three.yaml").write_text((world.root / ONE).read_text().replace("id: one", "id: three"))
    (world.root / "sources/three.yaml").symlink_to(outside / "three.yaml")
    found = world.problem()
    assert (found.file, found.field) == ("sources/three.yaml", "file")
    assert "a link that leaves the workspace" in found.got


def test_our_own_state_is_no_source(world: World) -> None:
    world.write(".lineage/keys/subject.key", "k")
    relocate(world, ".lineage/keys/subject.key")
    assert "LINEAGE_HOME" in world.problem().got


def test_the_store_is_no_source_wherever_it_is(world: World) -> None:
    world.write("files/objects/ab/x.jsonl", "{}")
    relocate(world, "files/objects/*/*.jsonl")
    assert "inside the store" in world.problem({"LINEAGE_STORE_URL": str(world.root / "files")}).got
    world.edit(ONE, "files/objects/*/*.jsonl", "s3://bucket/files/scratch/*")
    assert "inside the store" in world.problem({"LINEAGE_STORE_URL": "s3://bucket/files"}).got
    assert world.problems({"LINEAGE_STORE_URL": "s3://bucket/file"}) == ()


def test_pipes(world: World) -> None:
    os.mkfifo(world.root / "data/pipe.jsonl")
    relocate(world, "data/pipe.jsonl")
    assert "no regular file" in world.problem().got


def test_a_name_with_brackets_is_a_file_if_there_is_one(world: World) -> None:
    world.write("data/[a].jsonl", "{}\n")
    relocate(world, '"data/[a].jsonl"')
    assert world.load().source("one").location == str(world.root / "data/[a].jsonl")


def test_a_workspace_whose_own_path_is_a_glob(tmp_path: Path) -> None:
    world = World(tmp_path / "work[1]")
    assert {problem.expected for problem in world.problems()} == {
        "a workspace without *, ? and [ in its path"
    }


def test_evidence(world: World, outside: Path) -> None:
    world.write("LICENSE", "text\n")
    world.edit(
        ONE, "personal_data: none", f"personal_data: none\n  evidence: {{uri: LICENSE, sha256: {'0' * 64}}}"
    )
    found = world.problem()
    assert (found.line, found.field) == (14, "terms.evidence.sha256")
    assert found.got.startswith("a file with SHA-256 b9e68e1b")
    world.edit(ONE, "uri: LICENSE, sha256", "uri: https://example.org/terms, sha256")
    assert world.problems() == ()
    world.edit(ONE, "uri: https://example.org/terms", "uri: ../outside/secret.jsonl")
    assert "leaves the workspace" in world.problem().got


def test_python_distributions(world: World) -> None:
    world.edit(
        ONE, "format: jsonl", "format: python-distributions\ndistributions: [NumPy, great_expectations]"
    )
    relocate(world, "python")
    source = world.load().source("one")
    assert source.location == sysconfig.get_path("purelib")
    assert source.distributions == ("NumPy", "great_expectations")
    world.edit(ONE, "distributions: [NumPy,", "distributions: [nunpy,")
    found = world.problem()
    assert (found.line, found.field, found.got) == (7, "distributions[0]", "'nunpy'")
    assert "numpy" in found.expected


def test_a_folder_of_packages_in_the_workspace(world: World) -> None:
    world.write("site/demo_pkg-1.0.dist-info/METADATA", "Name: demo-pkg\n")
    world.edit(ONE, "format: jsonl", "format: python-distributions\nexclude: [demo.pkg]")
    relocate(world, "site")
    assert world.load().source("one").location == str(world.root / "site")
    world.edit(ONE, "location: site", "location: data/a.jsonl")
    assert any("a folder of installed packages" in problem.expected for problem in world.problems())
