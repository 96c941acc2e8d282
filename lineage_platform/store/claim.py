"""Whose a store is: one deployment's, since a sweep deletes what its catalog does not name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, create, read_bytes

NAME = "deployment"


def claim(
    root: Place, deployment: str, names: Callable[[], Iterable[str]], own: Collection[str] = ()
) -> None:
    """Write down whose the store is, or find that it was. Raises InvalidInput when it is another deployment's.

    So it is too where nothing is written down, and none of the `names` of what is in it is the deployment's `own`.
    """
    note = root / NAME
    try:
        owner = read_bytes(note).decode(errors="replace").strip()
    except FileNotFoundError:
        _refuse_strange(root, names(), own)
        with create(note) as file:
            file.write(f"{deployment}\n".encode())
        return
    if owner != deployment:
        raise InvalidInput(
            f"{root}: got the store of {owner[:100]!r}, expected that of {deployment!r} or an empty one; set LINEAGE_STORE_URL "
            f"to another folder or prefix, or, if the other deployment is gone for ever, remove {note}"
        )


def _refuse_strange(root: Place, names: Iterable[str], own: Collection[str]) -> None:
    strange = None
    for name in names:
        if name in own:
            return
        strange = strange or name
    if strange is not None:
        raise InvalidInput(
            f"{root}: got a folder with files of others, such as {strange[:100]!r} in its `objects` or `scratch`, expected an "
            "empty one; set LINEAGE_STORE_URL to a folder or prefix of its own"
        )
