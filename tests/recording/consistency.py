"""An independent look at what a recorder has left: everything is recomputed from stored bytes."""

from __future__ import annotations

import hashlib
import json

import psycopg
from psycopg.rows import dict_row

from lineage_platform.catalog.forms import whole
from lineage_platform.events.validation import validate
from lineage_platform.ledger.canonical import canonical
from lineage_platform.ledger.checkpoint import parse_and_verify
from lineage_platform.ledger.keys import load_or_create_key
from lineage_platform.model.versions import File
from lineage_platform.settings import Settings
from lineage_platform.store.local import LocalStore
from lineage_platform.store.manifest import manifest, manifest_file, read_manifest


def _root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, straight from its definition."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + _root(hashes[:split]) + _root(hashes[split:])).digest()


def check(settings: Settings) -> None:
    """Assert that catalog, ledger and store agree."""
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url, row_factory=dict_row) as connection:

        def rows(query: str) -> list[dict]:
            return connection.execute(query).fetchall()

        leaves = rows("SELECT * FROM lineage.ledger_leaves ORDER BY index")
        hashes = []
        for position, leaf in enumerate(leaves):
            assert leaf["index"] == position
            event = json.loads(leaf["payload"])
            assert canonical(event) == leaf["payload"]
            validate(event)
            commitment = hashlib.sha256(leaf["salt"] + leaf["payload"]).digest()
            hashes.append(hashlib.sha256(b"\x00" + commitment).digest())
            assert hashes[-1] == leaf["leaf_hash"]
        times = [leaf["recorded_at"] for leaf in leaves]
        assert times == sorted(times)

        nodes = {
            (row["level"], row["index"]): row["hash"] for row in rows("SELECT * FROM lineage.ledger_nodes")
        }
        expected = {
            (level, index): _root(hashes[index << level : (index + 1) << level])
            for level in range(1, len(hashes).bit_length())
            for index in range(len(hashes) >> level)
        }
        assert nodes == expected

        public = load_or_create_key(settings.key_file).public_key()
        for row in rows("SELECT * FROM lineage.checkpoints"):
            checkpoint = parse_and_verify(row["note"], public)
            assert (checkpoint.size, checkpoint.root) == (row["size"], row["root"])
            assert checkpoint.root == _root(hashes[: checkpoint.size])

        for run in rows("SELECT * FROM lineage.runs"):
            own = [leaf for leaf in leaves if leaf["run_id"] == run["run_id"]]
            assert own[0]["kind"] == "START"
            assert own[-1]["kind"] == run["state"]
            assert own[-1]["index"] == run["ledger_index"]
            assert (run["ended_at"] is None) == (run["state"] == "START")

        store = LocalStore(settings.store)
        for version in rows("SELECT * FROM lineage.versions"):
            listed = rows("SELECT * FROM lineage.files")
            mine = [
                File(**{k: v for k, v in row.items() if k != "version_id"})
                for row in listed
                if row["version_id"] == version["id"]
            ]
            for file in mine:
                store.verify(file)
            by_terms = {
                row["terms"]: (row["documents"], row["tokens"])
                for row in rows("SELECT * FROM lineage.version_terms")
                if row["version_id"] == version["id"]
            }
            packed = rows("SELECT * FROM lineage.shards ORDER BY shard")
            statistics = whole(
                version["statistics"], by_terms, [row for row in packed if row["version_id"] == version["id"]]
            )
            data = manifest(version["dataset"], version["content_digest"], mine, statistics)
            assert hashlib.sha256(data).hexdigest() == version["manifest_sha256"]
            stored = store.path(manifest_file(version["manifest_sha256"])).read_bytes()
            assert read_manifest(stored)[2] == tuple(sorted(mine, key=lambda file: file.name))
            leaf = leaves[version["ledger_index"]]
            assert (leaf["kind"], leaf["run_id"]) == ("COMPLETE", version["run_id"])
            output = json.loads(leaf["payload"])["outputs"][0]
            assert output["facets"]["version"]["datasetVersion"] == version["id"]
            assert output["outputFacets"]["lineagePlatform_manifest"]["sha256"] == version["manifest_sha256"]
            covering = rows(f"SELECT 1 FROM lineage.checkpoints WHERE size > {version['ledger_index']}")
            assert covering

        for row in rows("SELECT * FROM lineage.terms"):
            event = json.loads(leaves[row["ledger_index"]]["payload"])
            dataset = event["dataset"] if "dataset" in event else event["outputs"][0]
            stated = {
                item["terms"]: [item["statement"], *item.get("others", ())]
                for item in dataset["facets"]["lineagePlatform_terms"]["terms"]
            }
            assert row["statement"] in stated[str(row["number"])]


def objects(settings: Settings) -> set[str]:
    """SHA-256 of every object in the store."""
    return {path.name.partition(".")[0] for path in (settings.store / "objects").glob("??/*")}


def scratch(settings: Settings) -> list[str]:
    """Everything in the scratch folder."""
    return sorted(path.name for path in (settings.store / "scratch").glob("*"))
