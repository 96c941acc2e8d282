from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from lineage_platform.errors import InvalidInput, Unavailable, VerificationFailed
from lineage_platform.files import Remote, create, length, open_input, read_bytes, remove_tree
from lineage_platform.files.storage import file_system
from lineage_platform.model.versions import File, Part
from lineage_platform.store import RemoteStore, open_store
from lineage_platform.store.objects import Swept
from tests.files.server import Request, Server, first_of_each, wait_for


@pytest.fixture
def store(bucket: Remote) -> RemoteStore:
    opened = open_store(bucket)
    assert isinstance(opened, RemoteStore)
    return opened


def part(store: RemoteStore, data: bytes, name: str = "a/b.parquet", attempt: str = "one") -> Part:
    where = store.scratch(attempt) / name
    with create(where) as file:
        file.write(data)
    return Part(name, "documents", str(where), hashlib.sha256(data).hexdigest(), len(data), 1)


def objects(store: RemoteStore) -> list[str]:
    from pyarrow.fs import FileSelector

    found = file_system().get_file_info(
        FileSelector((store.root / "objects").address, recursive=True, allow_not_found=True)
    )
    return sorted(item.base_name for item in found if item.is_file)


def test_a_part_becomes_an_object(store: RemoteStore, s3: Server) -> None:
    made = part(store, b"text")
    s3.forget()
    (file,) = store.adopt([made])
    assert file == File(made.name, made.role, made.sha256, 4, 1)
    assert str(store.path(file)) == f"{store.root}/objects/{made.sha256[:2]}/{made.sha256}.parquet"
    assert read_bytes(store.path(file)) == b"text"
    store.verify(file)
    assert "ListObjects" not in s3.operations()
    assert s3.count("CopyObject") == 1


def test_adopting_again_is_calm(store: RemoteStore, s3: Server) -> None:
    made = part(store, b"text")
    (file,) = store.adopt([made])
    again = part(store, b"text", "other.parquet", attempt="two")
    store.adopt([made, again])
    store.discard("one")
    s3.forget()
    store.adopt([made, replace(again, path=str(store.path(file)))])
    assert s3.operations() == {"HeadObject"}
    assert objects(store) == [f"{made.sha256}.parquet"]


def test_good_bytes_replace_rotten_ones(store: RemoteStore) -> None:
    made = part(store, b"text")
    (file,) = store.adopt([made])
    with create(store.path(file)) as harmed:
        harmed.write(b"next")
    with pytest.raises(VerificationFailed):
        store.verify(file)
    store.adopt([made])
    store.verify(file)


def test_an_object_cut_off_is_replaced(store: RemoteStore) -> None:
    made = part(store, b"text")
    (file,) = store.adopt([made])
    with create(store.path(file)) as harmed:
        harmed.write(b"te")
    with pytest.raises(VerificationFailed, match="expected 4 bytes"):
        store.verify(file)
    store.adopt([made])
    store.verify(file)


@pytest.mark.parametrize("harm", ["longer", "gone"])
def test_a_part_that_is_not_what_it_says(store: RemoteStore, harm: str) -> None:
    made = part(store, b"text")
    if harm == "gone":
        store.discard("one")
    else:
        part(store, b"texts")
    with pytest.raises(VerificationFailed, match=r"is gone|has 5 bytes"):
        store.adopt([made])
    assert objects(store) == []


def test_verify_of_what_is_missing(store: RemoteStore) -> None:
    file = store.put_bytes("m.json", "manifest", b"{}{}")
    store.verify(file)
    remove_tree(store.path(file).parent)
    with pytest.raises(VerificationFailed, match="is missing"):
        store.verify(file)


def test_a_small_object_is_one_request(store: RemoteStore, s3: Server) -> None:
    file = store.put_bytes("m.json", "manifest", b"{}")
    assert s3.requests == [Request("PutObject", store.path(file).key, None)]


def test_discard_lists_its_own_folder_alone(store: RemoteStore, s3: Server) -> None:
    part(store, b"text")
    part(store, b"text", attempt="onetwo")
    s3.forget()
    store.discard("one")
    listed = [request.key for request in s3.requests if request.operation == "ListObjects"]
    assert listed == [f"{store.root.key}/scratch/one/"]
    assert store.attempts() == {"onetwo"}
    store.discard("one")


@pytest.mark.parametrize("attempt", ["", "..", "a/b", ".hidden", "a" * 65])
def test_only_plain_names_are_attempts(store: RemoteStore, attempt: str) -> None:
    for use in (store.scratch, store.discard):
        with pytest.raises(InvalidInput, match="name of an attempt"):
            use(attempt)


def test_sweep_takes_what_nobody_names(store: RemoteStore) -> None:
    assert store.sweep(set(), store.attempts()) == Swept(0, 0, 0)
    kept, lost = store.adopt([part(store, b"kept"), part(store, b"lost", "b.parquet")])
    part(store, b"working", attempt="alive")
    part(store, b"killed", attempt="dead")
    found = store.attempts()
    assert found == {"one", "alive", "dead"}
    assert store.sweep({kept.sha256}, found - {"alive"}) == Swept(1, 4, 2)
    assert objects(store) == [f"{kept.sha256}.parquet"]
    assert store.attempts() == {"alive"}
    assert store.sweep({kept.sha256}, set()) == Swept(0, 0, 0)
    assert length(store.path(lost)) is None


def test_faults_on_the_way(store: RemoteStore, s3: Server) -> None:
    with s3.failing(first_of_each("500 Internal Server Error", "dropped")):
        (file,) = store.adopt([part(store, b"text")])
        store.put_bytes("m.json", "manifest", b"{}")
        store.discard("one")
    store.verify(file)


def test_outage(store: RemoteStore, s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    made = part(store, b"text")
    source = open_input(store.scratch("one") / made.name)
    with s3.failing(lambda request: "503 Slow Down"):
        for use in (
            lambda: store.adopt([made]),
            lambda: store.put_bytes("m.json", "manifest", b"{}"),
            lambda: store.discard("one"),
            store.attempts,
            lambda: store.sweep(set(), {"one"}),
        ):
            with pytest.raises(Unavailable, match=str(store.root)):
                use()
        with pytest.raises(OSError, match="AWS") as raw:
            source.read()
        assert isinstance(store.fault(raw.value), Unavailable)
    assert store.fault(ValueError()) is None
    assert objects(store) == []


_VICTIM = """
import sys
from lineage_platform.files import place
from lineage_platform.transformations.parts import HashingFile
file = HashingFile(place(sys.argv[1]))
for number in range(3):
    file.write(bytes([number]) * (11 * 1024 * 1024))
print("written", flush=True)
sys.stdin.read()
"""


def test_killed_in_the_middle_of_an_upload(store: RemoteStore, s3: Server) -> None:
    where = store.scratch("killed") / "shard-00000.bin"
    victim = subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(where)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert victim.stdout is not None
    wait_for(lambda: s3.count("UploadPart") >= 2)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    assert s3.count("CompleteMultipartUpload") == 0
    assert length(where) is None
    assert store.sweep(set(), store.attempts()) == Swept(0, 0, 0)


def test_a_store_is_one_deployments(store: RemoteStore) -> None:
    store.claim("one")
    store.claim("one")
    with pytest.raises(InvalidInput, match="got the store of 'one', expected that of 'two'"):
        store.claim("two")
    assert store.sweep(set(), store.attempts()) == Swept(0, 0, 0)
    store.claim("one")


@pytest.mark.parametrize("what", ["objects", "scratch"])
def test_files_of_others_are_not_taken_for_ones_own(store: RemoteStore, what: str) -> None:
    made = part(store, b"text", attempt="theirs")
    if what == "objects":
        store.adopt([made])
        store.discard("theirs")
    with pytest.raises(InvalidInput, match="got a folder with files of others"):
        store.claim("one", {"ours"})
    assert length(store.root / "deployment") is None
    store.claim("one", {"ours", made.sha256, "theirs"})
