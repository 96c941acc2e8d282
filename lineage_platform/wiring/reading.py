"""The read side, from settings: `open_workspace`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_platform.errors import VerificationFailed
from lineage_platform.settings import Settings, read_settings
from lineage_platform.wiring.lineage_questions import LineageQuestions
from lineage_platform.wiring.rights_questions import RightsQuestions

if TYPE_CHECKING:
    from lineage_platform.audit.answers import SignedCheckpoint, Verification
    from lineage_platform.audit.checkpoints import Comparison


def open_workspace(
    path: str | os.PathLike[str] | None = None, *, settings: Settings | None = None
) -> OpenWorkspace:
    """A workspace to ask, by its directory (default: LINEAGE_WORKSPACE, or the current one). Nothing is started yet."""
    return OpenWorkspace(settings or read_settings(Path(path) if path is not None else None))


def _quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


class OpenWorkspace(LineageQuestions, RightsQuestions):
    """Questions to a workspace's records; a context manager that gives connections back.

    with open_workspace("examples/demo") as workspace:
        print(workspace.trace("shard-00000", corpus="demo").to_pandas())

    The embedded database is started when the first question needs it. Times without a zone are taken as local.
    """

    def verify(self, tell: Callable[[str, int, int], None] = _quiet) -> Verification:
        """Recompute everything that was recorded; `tell(what, done, total)` is called on the way. Raises InvalidInput."""
        from lineage_platform.audit.verify import verify

        return verify(self.catalog, self.store, self.public_key, tell)

    def bundle(self, release: str) -> tuple[str, bytes]:
        """The id of a release (given by id, the beginning of one, or corpus) and its evidence as one file.

        Raises NotFound, and VerificationFailed where it does not hold: a bundle is checked before it is given.
        """
        from lineage_platform.audit.bundle.checking import verify_bundle
        from lineage_platform.audit.bundle.making import make_bundle

        name, data = make_bundle(self.catalog, self.store, release, self.public_key)
        if problems := verify_bundle(data, self.public_key).problems:
            first = problems[0]
            raise VerificationFailed(
                f"{name}: {len(problems)} problems, first {first.kind} {first.id}: got {first.got}, expected "
                f"{first.expected}; run `lineage verify`"
            )
        return name, data

    def checkpoint(self) -> SignedCheckpoint:
        """The ledger's newest signed checkpoint. Raises NotFound when nothing was recorded."""
        from lineage_platform.audit.checkpoints import newest

        return newest(self.catalog)

    def compare_checkpoint(self, note: str) -> Comparison:
        """Whether the ledger still extends a checkpoint that was exported before.

        Raises InvalidInput when it is no checkpoint of this ledger, VerificationFailed when its signature does not hold.
        """
        from lineage_platform.audit.checkpoints import compare

        return compare(self.catalog, note, self.public_key)
