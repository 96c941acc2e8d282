"""The keyed hashes that stand for data subjects in a workspace."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_platform.errors import InvalidInput
from lineage_platform.model.subjects import SubjectHash, SubjectKeys
from lineage_platform.settings import Settings


def hash_of_subject(settings: Settings, subject: str) -> SubjectHash:
    """The hashes of a subject as records name them. Raises InvalidInput where the workspace has no key yet."""
    return _keys(settings).hash(subject)


def later_hashes(settings: Settings, hashes: Sequence[tuple[bytes, str]]) -> list[tuple[bytes, ...]]:
    """Of hashes with the ids of their keys: what each is under the keys since. The file is read each time: keys rotate.

    Raises InvalidInput where the workspace has no such key: who is meant cannot be known then.
    """
    keys = _keys(settings)
    return [keys.later(hashed, key) for hashed, key in hashes]


def _keys(settings: Settings) -> SubjectKeys:
    from lineage_platform.ledger.keys import load_or_create_secrets

    if not settings.subject_key_file.exists():
        raise InvalidInput(
            f"{settings.subject_key_file}: got no key, expected the one that the records were hashed with; "
            "set LINEAGE_SUBJECT_KEY_FILE"
        )
    return load_or_create_secrets(settings.subject_key_file)
