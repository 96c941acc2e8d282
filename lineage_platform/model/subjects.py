"""What stands for a data subject: a keyed hash, under keys that rotate.

The first key hashes the name; each later key hashes what the key before it gave. So an old hash leads to the newer ones without
the person, and whoever names the person gets them all:

    keys = SubjectKeys((first, second))
    keys.hash("someone@example.org")       # under `second`, with the one under `first` beside it
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property

from lineage_platform.errors import InvalidInput

_ID_DIGITS = 16


@dataclass(frozen=True)
class SubjectHash:
    """A person under the newest key, whose id is `key`, and under those before it, oldest first. All are 32 bytes."""

    hash: bytes
    key: str
    earlier: tuple[bytes, ...] = ()

    @property
    def all(self) -> tuple[bytes, ...]:
        """Under every key there was."""
        return (*self.earlier, self.hash)


@dataclass(frozen=True)
class SubjectKeys:
    """The keys there were, oldest first, at least one. They stay in this deployment, so that a hash is a pseudonym (GDPR
    art. 4(5))."""

    keys: tuple[bytes, ...] = field(repr=False)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Names of the keys, oldest first."""
        return tuple(map(key_id, self.keys))

    @property
    def newest(self) -> str:
        """The id of the key that hashes from now on."""
        return self.ids[-1]

    def hash(self, name: str) -> SubjectHash:
        """A person by the name that records give: in NFC, without white space around it, case folded."""
        folded = unicodedata.normalize("NFC", name).strip().casefold()
        *earlier, newest = self._nested(folded.encode("utf-8", "surrogatepass"), self.keys)
        return SubjectHash(newest, self.newest, tuple(earlier))

    def later(self, hashed: bytes, key: str) -> tuple[bytes, ...]:
        """What a hash under the key `key` is under those after it, oldest first. Raises InvalidInput for an unknown key."""
        if key not in self.ids:
            raise InvalidInput(
                f"subject key: got {', '.join(self.ids)}, expected also {key}, which hashed a data subject"
            )
        return self._nested(hashed, self.keys[self.ids.index(key) + 1 :])

    def _nested(self, value: bytes, keys: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """HMAC-SHA256 (RFC 2104) of each under the next."""
        found = []
        for key in keys:
            value = hmac.digest(key, value, hashlib.sha256)
            found.append(value)
        return tuple(found)


def key_id(key: bytes) -> str:
    """A name of a key that says nothing of it."""
    return hmac.digest(key, b"lineage-platform subject key", hashlib.sha256).hex()[:_ID_DIGITS]
