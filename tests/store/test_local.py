from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput, LineageError, VerificationFailed
from lineage_platform.model.versions import File, Part
from lineage_platform.store.local import LocalStore as Store
from lineage_platform.store.local import disk_full
from lineage_platform.store.manifest import manifest, read_manifest
from lineage_platform.store.objects import Swept, address

SHA = hashlib.sha256(b"x").hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home" / "store")


def part(store: Store, data: bytes, name: str = "a/b.parquet", attempt: str = "one") -> Part:
    path = store.scratch(attempt) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Part(name, "documents", str(path), hashlib.sha256(data).hexdigest(), len(data), 1)


def objects(store: Store) -> list[str]:
    return sorted(path.name for path in (store.root / "objects").glob("*/*"))


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("documents/00000.parquet", ".parquet"),
        ("shard-00000.bin", ".bin"),
        ("plain", ""),
        ("../../etc/passwd", ""),
        ("x.par/../quet", ""),
        ("x.a b", ""),
        ("x." + "a" * 40, ""),
        ("tokenizer.json", ".json"),
    ],
)
def test_addresses(name: str, ending: str) -> None:
    assert address(SHA, name) == f"objects/{SHA[:2]}/{SHA}{ending}"


@pytest.mark.parametrize("digest", ["", SHA.upper(), "../" + SHA[3:], SHA + "\n", SHA[:-1]])
def test_only_digests_are_addresses(digest: str) -> None:
    with pytest.raises(InvalidInput, match="expected 64 lower-case hex digits"):
        address(digest, "x")


@pytest.mark.parametrize("attempt", ["", "..", "a/b", ".hidden", "a" * 65])
def test_only_plain_names_are_attempts(store: Store, attempt: str) -> None:
    for use in (store.scratch, store.discard):
        with pytest.raises(InvalidInput, match="name of an attempt"):
            use(attempt)


def test_a_part_becomes_an_object(store: Store) -> None:
    made = part(store, b"text")
    (file,) = store.adopt([made])
    assert file == File(made.name, made.role, made.sha256, 4, 1)
    path = store.path(file)
    assert path.read_bytes() == b"text"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert not Path(made.path).exists()
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700
    store.verify(file)


def test_adopting_again_is_calm(store: Store) -> None:
    made = part(store, b"text")
    assert store.adopt([made]) == store.adopt([made])
    again = part(store, b"text", "other.parquet", attempt="two")
    store.adopt([again])
    assert objects(store) == [f"{made.sha256}.parquet"]


def test_good_bytes_replace_rotten_ones(store: Store) -> None:
    (file,) = store.adopt([part(store, b"text")])
    store.path(file).chmod(0o644)
    store.path(file).write_bytes(b"rott")
    store.adopt([part(store, b"text", attempt="two")])
    store.verify(file)


@pytest.mark.parametrize("harm", ["longer", "gone", "link", "folder"])
def test_a_part_that_is_not_what_it_says(store: Store, harm: str) -> None:
    made = part(store, b"text")
    path = Path(made.path)
    path.unlink()
    if harm == "longer":
        path.write_bytes(b"texts")
    elif harm == "link":
        path.symlink_to(path.parent / "elsewhere")
        (path.parent / "elsewhere").write_bytes(b"text")
    elif harm == "folder":
        path.mkdir()
    with pytest.raises((VerificationFailed, OSError)):
        store.adopt([made])
    assert objects(store) == []


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_verify(store: Store, harm: str) -> None:
    file = store.put_bytes("m.json", "manifest", b"{}{}")
    store.verify(file)
    path = store.path(file)
    path.chmod(0o644)
    path.unlink() if harm == "gone" else path.write_bytes(b"[][]" if harm == "changed" else b"{}")
    with pytest.raises(VerificationFailed, match=r"is missing|expected 4 bytes"):
        store.verify(file)


def test_put_bytes_leaves_no_draft(store: Store) -> None:
    file = store.put_bytes("m.json", "manifest", b"{}")
    assert store.put_bytes("m.json", "manifest", b"{}") == file
    assert list((store.root / "scratch").iterdir()) == []


def test_discard(store: Store) -> None:
    part(store, b"text")
    store.discard("one")
    store.discard("one")
    assert not (store.root / "scratch" / "one").exists()


def test_sweep_takes_what_nobody_names(store: Store) -> None:
    kept, lost = store.adopt([part(store, b"kept"), part(store, b"lost", "b.parquet")])
    part(store, b"working", attempt="alive")
    part(store, b"killed", attempt="dead")
    (store.root / "scratch" / ".draft").write_bytes(b"killed")
    found = store.attempts()
    assert found == {"one", "alive", "dead", ".draft"}
    assert store.sweep({kept.sha256}, found - {"alive"}) == Swept(1, 4, 3)
    assert objects(store) == [f"{kept.sha256}.parquet"]
    assert [path.name for path in (store.root / "scratch").iterdir()] == ["alive"]
    assert store.sweep({kept.sha256}, set()) == Swept(0, 0, 0)
    assert not store.path(lost).exists()


def test_sweep_of_a_store_that_was_never_used(store: Store) -> None:
    assert store.sweep(set(), set()) == Swept(0, 0, 0)


@hypothesis_settings(max_examples=15)
@given(st.lists(st.tuples(st.binary(max_size=8), st.sampled_from(["a.bin", "b.bin", "c.parquet", "d"]))))
def test_whatever_is_stored_comes_back(written: list[tuple[bytes, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        files = [
            store.adopt([part(store, data, name, attempt=str(i))])[0]
            for i, (data, name) in enumerate(written)
        ]
        for file, (data, _) in zip(files, written, strict=True):
            assert store.path(file).read_bytes() == data


def test_an_error_of_the_disk_behind_another(tmp_path: Path) -> None:
    try:
        try:
            raise OSError(28, os.strerror(28))
        except OSError as error:
            raise RuntimeError("engine failed") from error
    except RuntimeError as error:
        told = disk_full(error, tmp_path)
    assert isinstance(told, LineageError)
    assert "No space left on device" in str(told)
    assert disk_full(FileNotFoundError(2, "no"), tmp_path) is None


@given(
    st.lists(st.builds(File, st.text(), st.text(), st.just(SHA), st.integers(0, 2**50), st.integers(0, 9)))
)
def test_manifest(files: list[File]) -> None:
    listed = tuple(sorted(files, key=lambda file: file.name))
    dataset, digest, found = read_manifest(manifest("demo/shards", SHA, files, {"documents": 7}))
    assert (dataset, digest) == ("demo/shards", SHA)
    assert found == listed


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"files": [{}]}', b"\xff"])
def test_what_is_no_manifest(data: bytes) -> None:
    with pytest.raises(VerificationFailed, match="expected the file list of a version"):
        read_manifest(data)


def test_a_store_is_one_deployments(store: Store) -> None:
    store.claim("one")
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700
    store.claim("one")
    with pytest.raises(InvalidInput, match="got the store of 'one', expected that of 'two'"):
        store.claim("two")
    assert store.sweep(set(), store.attempts()) == Swept(0, 0, 0)
    store.claim("one")


@pytest.mark.parametrize("what", ["objects", "scratch"])
def test_files_of_others_are_not_taken_for_ones_own(store: Store, what: str) -> None:
    made = part(store, b"text", attempt="theirs")
    if what == "objects":
        store.adopt([made])
        store.discard("theirs")
    with pytest.raises(InvalidInput, match="got a folder with files of others"):
        store.claim("one", {"ours"})
    assert not (store.root / "deployment").exists()
    store.claim("one", {"ours", made.sha256, "theirs"})
