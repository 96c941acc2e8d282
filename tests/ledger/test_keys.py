from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.ledger.keys import (
    add_secret,
    load_or_create_key,
    load_or_create_secrets,
    load_public_key,
    public_key_pem,
)

MAKE = (
    "import sys; from pathlib import Path; from lineage_platform.ledger.keys import load_or_create_key as key; "
    + ("print(key(Path(sys.argv[1])).public_key().public_bytes_raw().hex())")
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes_raw()


@pytest.fixture(autouse=True)
def ordinary_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_made_once_private_with_its_public_key_beside(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys" / "ledger.pem"
    key = load_or_create_key(path)
    assert raw(load_or_create_key(path)) == raw(key)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert sorted(item.name for item in path.parent.iterdir()) == ["ledger.pem", "ledger.pub"]
    assert raw(serialization.load_pem_private_key(path.read_bytes(), None)) == raw(key)
    assert load_public_key(path.with_suffix(".pub")) == key.public_key()
    assert path.with_suffix(".pub").read_bytes() == public_key_pem(key.public_key())


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    with ThreadPoolExecutor(4) as pool:
        outputs = list(
            pool.map(
                lambda _: (
                    subprocess.run(
                        [sys.executable, "-c", MAKE, str(path)], check=True, capture_output=True, text=True
                    ).stdout
                ),
                range(4),
            )
        )
    assert len(set(outputs)) == 1
    assert outputs[0].strip() == load_or_create_key(path).public_key().public_bytes_raw().hex()
    assert sorted(item.name for item in path.parent.iterdir()) == ["ledger.pem", "ledger.pub"]


def test_threads_that_start_together_make_one_key(tmp_path: Path) -> None:
    for attempt in range(20):
        path = tmp_path / f"keys{attempt}" / "ledger.pem"
        with ThreadPoolExecutor(4) as pool:
            assert len({raw(key) for key in pool.map(lambda _: load_or_create_key(path), range(4))}) == 1  # noqa: B023


@pytest.mark.parametrize("wide", [0o604, 0o640, 0o601, 0o610, 0o666])
def test_a_key_that_others_could_use_is_refused(tmp_path: Path, wide: int) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    load_or_create_key(path)
    path.chmod(wide)
    with pytest.raises(InvalidInput, match=f"got mode {wide:04o}, expected 0600"):
        load_or_create_key(path)


@pytest.mark.parametrize("wide", [0o770, 0o702, 0o777])
def test_a_folder_that_others_write_is_refused(tmp_path: Path, wide: int) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    load_or_create_key(path)
    path.parent.chmod(wide)
    with pytest.raises(InvalidInput, match="only its owner writes"):
        load_or_create_key(path)


@pytest.mark.parametrize("calm", [0o755, 0o1777])
def test_a_folder_that_others_read_or_cannot_rename_in_is_used_as_it_is(tmp_path: Path, calm: int) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    folder.chmod(calm)
    load_or_create_key(folder / "ledger.pem")
    assert mode(folder) == calm


def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    path = Path("/etc/passwd")  # of root, for everyone else
    if os.geteuid() == 0:
        path = tmp_path / "keys" / "ledger.pem"
        load_or_create_key(path)
        os.chown(path, 65534, 65534)
    with pytest.raises(Unavailable, match=f"belongs to user {path.stat().st_uid}"):
        load_or_create_key(path)


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    load_or_create_key(tmp_path / "real" / "ledger.pem")
    (tmp_path / "keys").mkdir(0o700)
    (tmp_path / "keys" / "ledger.pem").symlink_to(tmp_path / "real" / "ledger.pem")
    with pytest.raises(InvalidInput, match="symbolic link"):
        load_or_create_key(tmp_path / "keys" / "ledger.pem")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(0o700)
    os.mkfifo(tmp_path / "keys" / "ledger.pem", 0o600)
    with pytest.raises(InvalidInput, match="regular file"):
        load_or_create_key(tmp_path / "keys" / "ledger.pem")


ENCRYPTED = Ed25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
)
OTHER_KIND = x25519.X25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.mark.parametrize(
    "data", [b"", b"no key", ENCRYPTED, OTHER_KIND], ids=["empty", "text", "encrypted", "kind"]
)
def test_what_is_no_plain_ed25519_key_is_refused_and_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    path.parent.mkdir(0o700)
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(InvalidInput, match="expected an unencrypted Ed25519 key"):
        load_or_create_key(path)
    assert path.read_bytes() == data


def test_the_public_key_of_another_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    load_or_create_key(path)
    path.with_suffix(".pub").write_bytes(public_key_pem(Ed25519PrivateKey.generate().public_key()))
    with pytest.raises(InvalidInput, match="the public key of another key"):
        load_or_create_key(path)


@pytest.mark.parametrize("data", [b"no key", None], ids=["text", "missing"])
def test_no_public_key(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "ledger.pub"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InvalidInput, match="expected an Ed25519 public key"):
        load_public_key(path)


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "subject.key"
    secret = load_or_create_secrets(path)
    [key] = secret.keys
    assert path.read_bytes() == key and len(key) == 32
    assert load_or_create_secrets(path) == secret
    assert mode(path) == 0o600
    path.write_bytes(key[:-1])
    with pytest.raises(InvalidInput, match="got 31 bytes, expected 32"):
        load_or_create_secrets(path)


def test_secrets_are_added_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "subject.key"
    with pytest.raises(InvalidInput, match="got no key"):
        add_secret(path)
    keys = [load_or_create_secrets(path)]
    for _ in range(3):
        keys.append(add_secret(path))
        assert load_or_create_secrets(path) == keys[-1]
        assert keys[-1].keys[:-1] == keys[-2].keys
        assert mode(path) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["subject.key"]
    path.chmod(0o640)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="others could have read the key"):
        add_secret(path)
    assert path.read_bytes() == before


def test_many_add_secrets_at_once(tmp_path: Path) -> None:
    path = tmp_path / "subject.key"
    load_or_create_secrets(path)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: add_secret(path), range(8)))
    assert sorted(len(keys.keys) for keys in made) == list(range(2, 10))
    assert load_or_create_secrets(path).keys == max(made, key=lambda keys: len(keys.keys)).keys


def test_a_file_of_secrets_that_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "subject.key"
    load_or_create_secrets(path)
    add_secret(path)
    whole = path.read_bytes()
    first, second = whole.splitlines(keepends=True)
    for data in (
        b"",
        whole[:-1],
        whole[:40],
        first,
        whole[5:],
        second.replace(b" ", b""),
        first[:-2] + b"x\n" + second,
    ):
        path.write_bytes(data)
        with pytest.raises(InvalidInput, match="restore the file"):
            load_or_create_secrets(path)


def test_a_kill_loses_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "subject.key"
    first = load_or_create_secrets(path).keys[0]
    adding = (
        "import sys; from pathlib import Path; from lineage_platform.ledger.keys import add_secret\n"
        "while True: print(add_secret(Path(sys.argv[1])).newest, flush=True)"
    )
    known = [first]
    for seconds in (0, 0.003, 0.01, 0.02):
        with subprocess.Popen([sys.executable, "-c", adding, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            told = process.stdout.readline().decode().strip()
            time.sleep(seconds)
            process.kill()
        keys = load_or_create_secrets(path)
        assert list(keys.keys[: len(known)]) == known and told in keys.ids
        assert mode(path) == 0o600
        known = list(keys.keys)
