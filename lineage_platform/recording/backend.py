"""What recording writes to."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lineage_platform.catalog.engine import Database
from lineage_platform.store import Store


@dataclass(frozen=True)
class Backend:
    """The catalog's database, the store of files, and the key that signs checkpoints."""

    database: Database
    store: Store
    key: Ed25519PrivateKey
