"""What questions to a workspace need: its definition, its records, its files, its policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lineage_platform.catalog.reading import Reading, connect
from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.catalog.urls import database_urls
from lineage_platform.errors import InvalidInput
from lineage_platform.settings import Settings
from lineage_platform.store import Store, open_store
from lineage_platform.wiring.subjects import later_hashes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from lineage_platform.model.definitions import Source, Workspace
    from lineage_platform.policy.policyset import PolicySet
    from lineage_platform.recording import Recorder


def policy_folders(settings: Settings) -> list[Path]:
    """Where a workspace keeps policies of its own: `policies/`, if it is there."""
    folder = settings.workspace / "policies"
    return [folder] if folder.is_dir() else []


class Opened:
    """A workspace's settings and what is opened of it, each when it is first needed; a context manager that gives connections back."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self._stack.close()

    @cached_property
    def definition(self) -> Workspace:
        """What the YAML of the workspace declares. Raises InvalidInput."""
        from lineage_platform.wiring import load_workspace

        return load_workspace(self.settings)

    @cached_property
    def recorder(self) -> Recorder:
        """The write side; makes database, tables and signing key where they are missing."""
        from lineage_platform.wiring import open_recorder

        recorder = open_recorder(self.settings)
        self._stack.callback(recorder.close)
        return recorder

    @cached_property
    def catalog(self) -> Reading:
        """The catalog, read only. Raises NotFound when nothing was recorded, Unavailable when the database is down."""
        if self.settings.database_url is None and not self.settings.database_home.exists():
            raise NothingRecorded
        return self._stack.enter_context(
            connect(database_urls(self.settings).psycopg, partial(later_hashes, self.settings))
        )

    @cached_property
    def store(self) -> Store:
        """The files of committed versions."""
        return open_store(self.settings.store)

    @property
    def policies(self) -> PolicySet:
        """The policies that ship, with those of the workspace. Raises InvalidInput with all that is wrong with them."""
        from lineage_platform.policy.policies import load

        return load(policy_folders(self.settings))

    @property
    def operator(self) -> Mapping[str, Any]:
        """What the operator declares in `lineage.yaml`. Raises InvalidInput."""
        from lineage_platform.workspace.loading import load_operator

        return load_operator(self.settings.workspace, self.settings)

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key that checkpoints are verified with. Raises InvalidInput."""
        from lineage_platform.ledger.keys import load_public_key

        return load_public_key(self.settings.key_file.with_suffix(".pub"))

    def _corpus(self, corpus: str | None) -> str:
        if corpus is not None:
            return corpus
        known = self.catalog.corpora()
        if not known:
            raise NothingRecorded
        if len(known) > 1:
            raise InvalidInput(f"corpus: got none, expected one of {', '.join(known)}")
        return known[0]

    @property
    def declared(self) -> Sequence[Source] | None:
        """The sources of the YAML; none where there is no YAML, None where it has errors."""
        if not (self.settings.workspace / "sources").is_dir():
            return ()
        try:
            return self.definition.sources
        except InvalidInput:
            return None
