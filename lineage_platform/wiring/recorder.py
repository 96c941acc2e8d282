"""The write side, from settings."""

from __future__ import annotations

from functools import partial

from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.migrate import migrate
from lineage_platform.catalog.urls import database_urls
from lineage_platform.ledger.keys import load_or_create_key, load_or_create_secrets
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.recording.recorder import Recorder
from lineage_platform.settings import Settings
from lineage_platform.store import open_store
from lineage_platform.wiring.subjects import later_hashes


def open_recorder(settings: Settings) -> Recorder:
    """Start or find the database, bring it to this version's tables, load or make the signing key.

    Raises Unavailable when the database or a key is not to be had, InvalidInput when settings or a key file are wrong.
    """
    urls = database_urls(settings)
    migrate(urls.psycopg)
    key = load_or_create_key(settings.key_file)
    database = Database(urls.psycopg, revive=partial(database_urls, settings))
    return Recorder(database, open_store(settings.store), key, partial(later_hashes, settings))


def load_subject_keys(settings: Settings) -> SubjectKeys:
    """Keys of the hashes that stand for data subjects; the first is made on first use."""
    return load_or_create_secrets(settings.subject_key_file)
