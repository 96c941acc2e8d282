"""Builds the real things from settings; each half loads only what it needs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_platform.wiring.reading import open_workspace as open_workspace
    from lineage_platform.wiring.recorder import load_subject_keys as load_subject_keys
    from lineage_platform.wiring.recorder import open_recorder as open_recorder
    from lineage_platform.wiring.workspace import load_workspace as load_workspace

_HOMES = {
    "load_subject_keys": "recorder",
    "load_workspace": "workspace",
    "open_recorder": "recorder",
    "open_workspace": "reading",
}

__all__ = ["load_subject_keys", "load_workspace", "open_recorder", "open_workspace"]


def __getattr__(name: str) -> Any:
    """Load the module of a name when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
