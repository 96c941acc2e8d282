"""Whose a store is: one deployment's, since a sweep deletes what its catalog does not name."""

from __future__ import annotations

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, create, read_bytes

NAME = "deployment"


def claim(root: Place, deployment: str) -> None:
    """Write down whose the store is, or find that it was. Raises InvalidInput when it is another deployment's."""
    note = root / NAME
    try:
        owner = read_bytes(note).decode(errors="replace").strip()
    except FileNotFoundError:
        with create(note) as file:
            file.write(f"{deployment}\n".encode())
        return
    if owner != deployment:
        raise InvalidInput(
            f"{root}: got the store of {owner[:100]!r}, expected that of {deployment!r} or an empty one; set LINEAGE_STORE_URL "
            f"to another folder or prefix, or, if the other deployment is gone for ever, remove {note}"
        )
