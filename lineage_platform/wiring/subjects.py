"""The keyed hash that stands for a data subject in a workspace."""

from __future__ import annotations

from lineage_platform.errors import InvalidInput
from lineage_platform.settings import Settings


def hash_of_subject(settings: Settings, subject: str) -> bytes:
    """The hash of a subject as records name them. Raises InvalidInput where the workspace has no key yet."""
    from lineage_platform.ledger.keys import load_or_create_secret
    from lineage_platform.transformations.reading.subject import subject_hash

    if not settings.subject_key_file.exists():
        raise InvalidInput(
            f"{settings.subject_key_file}: got no key, expected the one that the records were hashed with; "
            "set LINEAGE_SUBJECT_KEY_FILE"
        )
    return subject_hash(load_or_create_secret(settings.subject_key_file), subject)
