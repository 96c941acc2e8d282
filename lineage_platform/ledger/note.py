"""Signed notes, C2SP signed-note (https://c2sp.org/signed-note), with Ed25519 signatures.

A note is text, a blank line, and signature lines `— <name> <base64(key id + signature)>`. The key id is the first four
bytes of SHA-256(name || 0x0A || 0x01 || public key); lines of names or key ids we do not know are ignored.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lineage_platform.errors import InvalidInput, VerificationFailed

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """Four bytes that tell keys of one name apart; they are no security."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note with one signature line. Raises InvalidInput for text or name that the format cannot hold."""
    _check_name(name)
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise InvalidInput(
            f"note: got {text[:80]!r}, expected lines that end in a line feed, no control characters"
        )
    signature = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def verify_note(note: str, name: str, key: Ed25519PublicKey) -> str:
    """The text of a note that `name` signed with `key`.

    Raises InvalidInput when it is no signed note, VerificationFailed when it has no valid signature of that key.
    """
    _check_name(name)
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise InvalidInput(
            "note: got no signature lines, expected text, a blank line and `— name base64` lines"
        )
    text += "\n"
    found = False
    for line in lines[:-1].split("\n"):
        signer, signature = _signature(line)
        if signer != name or signature[:_KEY_ID_BYTES] != key_id(name, key):
            continue
        found = True
        try:
            key.verify(signature[_KEY_ID_BYTES:], text.encode())
        except InvalidSignature as error:
            raise VerificationFailed(
                f"note: the signature of {name!r} does not belong to this text; expected the text as it was signed"
            ) from error
    if not found:
        raise VerificationFailed(
            f"note: got no signature of {name!r} with key id {key_id(name, key).hex()}; expected the public key that "
            "belongs to the ledger"
        )
    return text


def _check_name(name: str) -> None:
    if (
        not name
        or "+" in name
        or any(character.isspace() or not character.isprintable() for character in name)
    ):
        raise InvalidInput(
            f"name of a signer: got {name!r}, expected printable characters without space or plus sign"
        )


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) == 3 and parts[0] == "—" and parts[1]:
        try:
            signature = base64.b64decode(parts[2], validate=True)
        except ValueError:  # binascii.Error, and what is not ASCII
            signature = b""
        if len(signature) > _KEY_ID_BYTES:
            return parts[1], signature
    raise InvalidInput(f"note: got signature line {line[:120]!r}, expected `— name base64`")
