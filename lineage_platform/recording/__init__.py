"""The write side: start a run, commit its version, or fail it; every change of state is one transaction.

with recorder.attempt("documents/alpaca", transformation, [snapshot], parent) as attempt:
    result = read_documents(source, snapshot, scratch=attempt.scratch, ...)
    version = attempt.commit(result, checks)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_platform.recording.attempt import Attempt as Attempt
    from lineage_platform.recording.recorder import Recorder as Recorder

__all__ = ["Attempt", "Recorder"]


def __getattr__(name: str) -> Any:
    """Load a class when it is asked for: its drivers are heavy."""
    if name == "Recorder":
        from lineage_platform.recording.recorder import Recorder

        return Recorder
    if name == "Attempt":
        from lineage_platform.recording.attempt import Attempt

        return Attempt
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
