"""Training-data lineage at document level.

Every token span of a training shard leads back to the exact record of the exact file it came from, with licence and
consent basis; every record that did not make it has a row saying why.

    from lineage_platform import open_workspace

    with open_workspace("examples/demo") as workspace:
        trace = workspace.trace("shard-00000", corpus="demo")
        print(trace.to_pandas())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_platform.wiring import open_workspace

__all__ = ["open_workspace"]


def __getattr__(name: str) -> Any:
    if name == "open_workspace":
        from lineage_platform.wiring import open_workspace

        return open_workspace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
