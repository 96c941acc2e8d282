"""A history that was rewritten by whoever owns key and database is found by a checkpoint from before, and by nothing else."""

from __future__ import annotations

import psycopg
import pytest

from lineage_platform.errors import InvalidInput, NotFound, VerificationFailed
from lineage_platform.ledger import merkle
from lineage_platform.ledger.checkpoint import Checkpoint, sign
from lineage_platform.ledger.keys import load_or_create_key
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.definitions import World, declared, records
from tests.audit.worlds import observe


def small_world(settings: Settings, recorder: Recorder, *names: str) -> World:
    """Observed sources, nothing else."""
    sources = {name: declared(name, "CC0-1.0", "not-personal-data", "none") for name in names}
    world = World(settings, None, sources, {name: records(name) for name in names})  # type: ignore[arg-type]
    for name in names:
        observe(world, recorder, name)
    return world


def rewrite(settings: Settings) -> None:
    """Give the first entry another salt, and everything above it what follows from that, signed again."""
    key = load_or_create_key(settings.key_file)
    with psycopg.connect(settings.database_url or "") as connection:
        rows = connection.execute("SELECT salt, payload FROM lineage.ledger_leaves ORDER BY index").fetchall()
        salts = [merkle.new_salt(), *(salt for salt, _ in rows[1:])]
        hashes = [
            merkle.leaf_hash(merkle.commitment(salt, payload))
            for salt, (_, payload) in zip(salts, rows, strict=True)
        ]
        nodes = {(0, index): leaf for index, leaf in enumerate(hashes)}
        for level, index, digest in merkle.new_nodes(0, hashes, lambda *place: nodes[place]):
            nodes[level, index] = digest
            connection.execute(
                "UPDATE lineage.ledger_nodes SET hash = %s WHERE level = %s AND index = %s",
                (digest, level, index),
            )
        change = "UPDATE lineage.ledger_leaves SET salt = %s, leaf_hash = %s WHERE index = 0"
        connection.execute(change, (salts[0], hashes[0]))
        origin = connection.execute("SELECT id FROM lineage.deployment").fetchall()[0][0]
        for (size,) in connection.execute("SELECT size FROM lineage.checkpoints").fetchall():
            root = merkle.root(size, lambda *place: nodes[place])
            note = sign(Checkpoint(f"lineage-platform/{origin}", size, root), key)
            connection.execute(
                "UPDATE lineage.checkpoints SET root = %s, note = %s WHERE size = %s", (root, note, size)
            )


def test_only_a_checkpoint_from_before_tells(settings: Settings, recorder: Recorder) -> None:
    small_world(settings, recorder, "press")
    with open_workspace(settings=settings) as opened:
        before = opened.checkpoint()
        assert opened.compare_checkpoint(before.note).consistent
    small_world(settings, recorder, "press", "blog")
    with open_workspace(settings=settings) as opened:
        extended = opened.compare_checkpoint(before.note)
        assert extended.consistent
        proof = [bytes.fromhex(item) for item in extended.proof]
        sizes = (extended.earlier.size, extended.later.size)
        roots = (bytes.fromhex(extended.earlier.root), bytes.fromhex(extended.later.root))
        merkle.verify_consistency(*sizes, proof, *roots)
        assert extended.earlier == before
        assert len(extended.to_pandas()) == 2
    rewrite(settings)
    with open_workspace(settings=settings) as opened:
        assert opened.verify().ok
        told = opened.compare_checkpoint(before.note)
        assert not told.consistent
        assert "rewritten" in told.reason
        assert told.earlier.note == before.note


def test_entries_that_were_lost(settings: Settings, recorder: Recorder) -> None:
    small_world(settings, recorder, "press", "blog")
    with open_workspace(settings=settings) as opened:
        before = opened.checkpoint()
    with psycopg.connect(settings.database_url or "") as connection:
        connection.execute("DELETE FROM lineage.checkpoints WHERE size > 3")
        connection.execute("DELETE FROM lineage.ledger_leaves WHERE index >= 3")
    with open_workspace(settings=settings) as opened:
        told = opened.compare_checkpoint(before.note)
        assert not told.consistent
        assert "entries were lost" in told.reason


def test_what_is_no_checkpoint_of_ours(settings: Settings, recorder: Recorder) -> None:
    with open_workspace(settings=settings) as opened, pytest.raises(NotFound):
        opened.checkpoint()
    small_world(settings, recorder, "press")
    key = load_or_create_key(settings.key_file)
    foreign = sign(Checkpoint("lineage-platform/another", 3, b"\0" * 32), key)
    with open_workspace(settings=settings) as opened:
        with pytest.raises(InvalidInput, match="two ledgers"):
            opened.compare_checkpoint(foreign)
        with pytest.raises(InvalidInput):
            opened.compare_checkpoint("nothing\n")
        with pytest.raises(VerificationFailed):
            opened.compare_checkpoint(opened.checkpoint().note.replace("\n3\n", "\n4\n"))
        opened.settings.key_file.with_suffix(".pub").unlink()
        with pytest.raises(InvalidInput, match="public key"):
            opened.verify()
