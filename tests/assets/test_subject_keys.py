"""The key that hashes data subjects is part of how documents are made, where there are any."""

from __future__ import annotations

from assets.documents import documents_step
from assets.platform import Platform
from lineage_platform.ledger.keys import add_secret
from lineage_platform.settings import Settings
from lineage_platform.wiring import load_workspace
from tests.assets.worlds import make_workspace


def key_of(settings: Settings, source: str) -> object:
    platform = Platform(settings, load_workspace(settings))
    step = documents_step(platform.workspace.source(source))
    return step.transformation(platform, {}).parameters.get("subject_key")


def test_another_key_is_another_transformation(settings: Settings) -> None:
    make_workspace(settings.workspace)
    first = key_of(settings, "notes")
    assert first == key_of(settings, "notes")
    newest = add_secret(settings.subject_key_file).newest
    assert key_of(settings, "notes") == newest != first
    assert key_of(settings, "reviews") is None
