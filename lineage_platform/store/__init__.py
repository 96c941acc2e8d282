"""Immutable files under their digest: in a local folder, or on object storage.

store = open_store(place("s3://bucket/corpora"))
files = store.adopt(parts)
store.path(files[0])      # a Path or a Remote
"""

from __future__ import annotations

from pathlib import Path

from lineage_platform.files import Place
from lineage_platform.store.local import LocalStore
from lineage_platform.store.remote import RemoteStore

Store = LocalStore | RemoteStore


def open_store(root: Place) -> Store:
    """The store at a place; nothing is made or asked yet."""
    return LocalStore(root) if isinstance(root, Path) else RemoteStore(root)
