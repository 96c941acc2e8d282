from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.ledger import merkle
from lineage_platform.ledger.checkpoint import Checkpoint, compare, parse_and_verify, sign
from lineage_platform.ledger.note import key_id, sign_note, verify_note
from tests.ledger.logs import Log

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "lineage.example/5f0c"


def checkpoint(log: Log, size: int | None = None, origin: str = ORIGIN) -> Checkpoint:
    size = log.size if size is None else size
    return Checkpoint(origin, size, merkle.root(size, log.node))


def test_a_note_that_another_program_signed() -> None:
    """The example in the documentation of golang.org/x/mod/sumdb/note."""
    key = Ed25519PublicKey.from_public_bytes(
        base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    )
    assert key_id("PeterNeumann", key).hex() == "c74f20a3"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert verify_note(f"{text}\n— PeterNeumann {signature}\n", "PeterNeumann", key) == text


@given(st.integers(0, 2**63), st.binary(min_size=32, max_size=32))
def test_signed_and_read_again(size: int, root: bytes) -> None:
    original = Checkpoint(ORIGIN, size, root)
    note = sign(original, KEY)
    assert note.startswith(f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n\n— {ORIGIN} ")
    assert parse_and_verify(note, KEY.public_key()) == original


@given(st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    """Any other byte anywhere, but in the key id or name of the signature, where it becomes an unknown signer."""
    note = sign(Checkpoint(ORIGIN, 42, b"\7" * 32), KEY).encode()
    position = data.draw(st.integers(0, len(note) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != note[position]))
    changed = (note[:position] + bytes([byte]) + note[position + 1 :]).decode(errors="replace")
    with pytest.raises((VerificationFailed, InvalidInput)):
        assert parse_and_verify(changed, KEY.public_key()) is None


def test_another_key_is_not_ours() -> None:
    note = sign(Checkpoint(ORIGIN, 1, b"\0" * 32), Ed25519PrivateKey.generate())
    with pytest.raises(VerificationFailed, match="no signature"):
        parse_and_verify(note, KEY.public_key())


def test_signatures_of_witnesses_are_passed_over() -> None:
    original = Checkpoint(ORIGIN, 1, b"\0" * 32)
    witness = sign_note(original.text, "witness.example", Ed25519PrivateKey.generate())
    note = sign(original, KEY) + witness.rpartition("\n\n")[2]
    assert parse_and_verify(note, KEY.public_key()) == original


def test_extension_lines_are_signed_and_passed_over() -> None:
    original = Checkpoint(ORIGIN, 1, b"\0" * 32)
    assert parse_and_verify(sign_note(original.text + "more\n", ORIGIN, KEY), KEY.public_key()) == original


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n01\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n+1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n١\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1\n{base64.urlsafe_b64encode(b'?' * 32).decode().rstrip('=')}\n",
        f"{ORIGIN}\n1\n\n{base64.b64encode(bytes(32)).decode()}\n",
    ],
)
def test_signed_but_no_checkpoint(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_and_verify(sign_note(text, ORIGIN, KEY), KEY.public_key())


@pytest.mark.parametrize(
    "note", ["", "text", "text\n", f"{ORIGIN}\n1\nroot\n\n", f"{ORIGIN}\n\n- {ORIGIN} AAAA\n"]
)
def test_no_note(note: str) -> None:
    with pytest.raises(InvalidInput):
        parse_and_verify(note, KEY.public_key())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\u00a0b"])
def test_names_that_a_note_cannot_carry(name: str) -> None:
    with pytest.raises(InvalidInput, match="name of a signer"):
        sign_note("text\n", name, KEY)


@pytest.mark.parametrize("text", ["no end", "tab\there\n"])
def test_texts_that_a_note_cannot_carry(text: str) -> None:
    with pytest.raises(InvalidInput, match="control characters"):
        sign_note(text, ORIGIN, KEY)


@pytest.mark.parametrize("broken", [Checkpoint(ORIGIN, -1, bytes(32)), Checkpoint(ORIGIN, 0, bytes(31))])
def test_what_is_no_checkpoint_is_not_signed(broken: Checkpoint) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        sign(broken, KEY)


@given(st.integers(0, 40), st.integers(0, 40))
def test_two_checkpoints_of_one_history(first: int, second: int) -> None:
    log = Log(bytes([i]) for i in range(40))
    found = compare(checkpoint(log, first), checkpoint(log, second), log.size, log.node)
    assert found.consistent
    assert (found.earlier.size, found.later.size) == (min(first, second), max(first, second))
    merkle.verify_consistency(
        found.earlier.size, found.later.size, found.proof, found.earlier.root, found.later.root
    )


@given(st.integers(1, 40), st.data())
def test_a_rewritten_history_is_accused_with_both_roots(size: int, data: st.DataObject) -> None:
    leaves = [bytes([i]) for i in range(40)]
    exported = checkpoint(Log(leaves), size)
    changed = data.draw(st.integers(0, size - 1))
    now = Log([*leaves[:changed], b"rewritten", *leaves[changed + 1 :]])
    found = compare(exported, checkpoint(now), now.size, now.node)
    assert not found.consistent
    assert found.earlier == exported
    assert found.recomputed == (merkle.root(size, now.node) if size < now.size else None)


def test_a_ledger_that_no_longer_has_what_it_signed() -> None:
    exported = checkpoint(Log(bytes([i]) for i in range(9)))
    now = Log(bytes([i]) for i in range(5))
    found = compare(exported, checkpoint(now), now.size, now.node)
    assert not found.consistent
    assert "entries were lost" in found.reason


def test_a_ledger_whose_entries_are_not_what_its_own_checkpoint_says() -> None:
    log = Log(bytes([i]) for i in range(9))
    later = Checkpoint(ORIGIN, 9, b"\1" * 32)
    found = compare(checkpoint(log, 4), later, log.size, log.node)
    assert not found.consistent
    assert found.recomputed == merkle.root(9, log.node)


def test_checkpoints_of_two_ledgers_cannot_be_compared() -> None:
    log = Log([b"a"])
    with pytest.raises(InvalidInput, match="two ledgers"):
        compare(checkpoint(log), checkpoint(log, origin="other"), log.size, log.node)


def test_the_checkpoint_in_the_documentation_is_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    note = next(block for block in text.split("```") if "\n42\n" in block).lstrip("\n")
    assert parse_and_verify(note, KEY.public_key()).size == 42
