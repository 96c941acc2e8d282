"""Bundles: what a release rests on, in one file that is checked by itself; a change of any byte is found."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lineage_platform.audit.bundle.checking import verify_bundle
from lineage_platform.audit.bundle.form import encoded, written
from lineage_platform.audit.bundle.making import make_bundle
from lineage_platform.errors import NotFound, VerificationFailed
from lineage_platform.ledger import merkle
from lineage_platform.ledger.checkpoint import Checkpoint, sign
from lineage_platform.ledger.keys import public_key_pem
from lineage_platform.model.overlay import Cover
from lineage_platform.model.releases import Judged, PolicyException, StateChange
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.definitions import World
from tests.audit.releasing import make_release
from tests.audit.worlds import make_world, observe, subject_hash
from tests.events.test_schemas import places
from tests.recording.worlds import terms

SAID = {"reason": "asked for", "author": "me"}
WAIVER = PolicyException(
    id="waiver",
    policy="licence-no-commercial-use",
    uses=("commercial-pretraining",),
    jurisdictions=("EU",),
    approver="A. Officer",
    reason="a letter",
    approved_at="2020-01-01",
    expires="2999-01-01",
)


@pytest.fixture(scope="module")
def released(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, bytes]]:
    """A world with an overlay, of which some is lifted, a release of it, and the bundle of that."""
    from urllib.parse import urlsplit

    import psycopg

    from lineage_platform.settings import read_settings
    from lineage_platform.wiring import open_recorder

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bundle_world")
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "workspace").mkdir()
    url = urlsplit(server)._replace(path="/bundle_world").geturl()
    settings = read_settings(
        folder / "workspace", {"LINEAGE_HOME": str(folder / "home"), "LINEAGE_DATABASE_URL": url}
    )
    recorder = open_recorder(settings)
    world = make_world(settings, recorder)
    lay(world, recorder)
    make_release(world, recorder, exceptions=[WAIVER])
    recorder.close()
    with open_workspace(settings=settings) as opened:
        yield world, opened.bundle("demo")[1]


def lay(world: World, recorder: Recorder) -> None:
    """Rows of every kind, over one another; some lifted."""
    key = world.key("press", 7)
    person = subject_hash(world.settings, "person1@example.org")
    covers = [
        Cover(document=key),
        Cover(keys=(key - 2, key + 2)),
        Cover(subject=person),
        Cover(source="blog"),
    ]
    rows = recorder.restate(covers, terms("press", licence="CC-BY-NC-4.0"), **SAID)
    recorder.restate([Cover(source="blog")], terms("blog", licence="CC0-1.0"), **SAID)
    recorder.reinstate(rows[:1], **SAID)


def problems(data: bytes) -> set[str]:
    return {item.kind for item in verify_bundle(data).problems}


def test_a_bundle_is_checked_by_itself(released: tuple[World, bytes]) -> None:
    world, data = released
    answer = verify_bundle(data)
    assert answer.ok, answer.problems
    assert answer.checked["statements"] >= 6
    assert answer.checked["files"] == 5
    with open_workspace(settings=world.settings) as opened:
        assert verify_bundle(data, opened.public_key).ok
        assert opened.bundle("demo") == opened.bundle(json.loads(data)["release"])
        with pytest.raises(NotFound, match="no release named 'demi'; known: demo/release@"):
            opened.bundle("demi")
    other = Ed25519PrivateKey.generate().public_key()
    assert {item.kind for item in verify_bundle(data, other).problems} == {"checkpoint"}


def test_no_database_and_no_workspace_are_needed(released: tuple[World, bytes], tmp_path: Path) -> None:
    file = tmp_path / "release.json"
    file.write_bytes(released[1])
    command = [str(Path(sys.executable).parent / "lineage"), "verify", str(file), "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"]
    assert list(tmp_path.iterdir()) == [file]


@hypothesis_settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_change_of_any_byte_is_found(released: tuple[World, bytes], data: st.DataObject) -> None:
    whole = released[1]
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    assert not verify_bundle(whole[:place] + bytes([byte]) + whole[place + 1 :]).ok
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert not verify_bundle(whole[:cut]).ok
    assert not verify_bundle(whole + b" ").ok


def altered(data: bytes, *path: str, value: Any) -> bytes:
    bundle = json.loads(data)
    holder = bundle
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value(holder[path[-1]])
    return written(bundle)


def test_every_part_is_bound(released: tuple[World, bytes]) -> None:
    data = released[1]
    bundle = json.loads(data)
    refused = "released" if bundle["state"] != "released" else "reopened"
    assert problems(altered(data, "state", value=lambda _: refused)) == {"release-state"}
    assert problems(altered(data, "release", value=lambda name: f"{name[:-1]}x")) == {"version"}
    for number, entry in enumerate(bundle["entries"]):
        event = json.loads(base64.b64decode(entry["payload"]))
        if "run" in event:
            fewer = altered(data, "entries", value=lambda found, n=number: found[:n] + found[n + 1 :])
            assert problems(fewer) >= {"version"}, event["job"]
    assert problems(altered(data, "entries", value=lambda entries: entries[::-1])) >= {"ledger-entry"}
    assert problems(altered(data, "lists", value=lambda _: {"1": []})) >= {"terms"}
    assert problems(altered(data, "covered", value=lambda _: {"press": ["1"]})) >= {"bundle"}
    for name in bundle["files"]:
        assert problems(
            altered(data, "files", name, value=lambda text: encoded(base64.b64decode(text) + b" "))
        )
    assert problems(b"{}") == {"bundle"}
    assert problems(b"\xff") == {"bundle"}
    assert problems(b"[" * 100_000) == {"bundle"}


WRONG = (None, True, 0, -1, 1.5, "", "x", [], {}, [1], [{}], {"a": 1}, "AA==", "9" * 30, 1 << 52)


@hypothesis_settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_stands_there_it_is_told(released: tuple[World, bytes], data: st.DataObject) -> None:
    """A bundle of another shape is a problem, never a fault of ours."""
    bundle = json.loads(released[1])
    path = data.draw(st.sampled_from([path for path in places(bundle) if path[0] != "format"]))
    holder: Any = bundle
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = data.draw(st.sampled_from([item for item in WRONG if item != holder[path[-1]]]))
    assert not verify_bundle(written(bundle)).ok


@hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_a_file_holds_it_is_told(released: tuple[World, bytes], data: st.DataObject) -> None:
    """The same inside the files of the release, which only the digests protect."""
    bundle = json.loads(released[1])
    name = data.draw(st.sampled_from(["verdicts.json", "policies.json", "exceptions.json", "rollups.json"]))
    content = json.loads(base64.b64decode(bundle["files"][name]))
    path = data.draw(st.sampled_from(list(places(content))))
    holder: Any = content
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(st.sampled_from([item for item in WRONG if item != holder[path[-1]]]))
    bundle["files"][name] = encoded(written(content)[:-1])
    assert not verify_bundle(written(bundle)).ok


def forged(data: bytes, change: Any) -> bytes:
    """A bundle whose ledger was written anew, by somebody who has a key of their own: everything but the truth holds."""
    bundle = json.loads(data)
    key = Ed25519PrivateKey.generate()
    leaves: dict[int, bytes] = {}
    for entry in bundle["entries"]:
        event = change(json.loads(base64.b64decode(entry["payload"])))
        entry["payload"] = encoded(written(event)[:-1])
        commitment = merkle.commitment(base64.b64decode(entry["salt"]), base64.b64decode(entry["payload"]))
        leaves[entry["index"]] = merkle.leaf_hash(commitment)
    size = bundle["entries"][-1]["index"] + 1
    hashes = [leaves.get(index, bytes(32)) for index in range(size)]
    nodes = {(0, index): digest for index, digest in enumerate(hashes)}
    for level, index, digest in merkle.new_nodes(0, hashes, lambda *place: nodes[place]):
        nodes[level, index] = digest
    for entry in bundle["entries"]:
        proof = merkle.inclusion_proof(entry["index"], size, lambda *place: nodes[place])
        entry["proof"] = [item.hex() for item in proof]
    root = merkle.root(size, lambda *place: nodes[place])
    origin = bundle["checkpoint"].partition("\n")[0]
    bundle["checkpoint"] = sign(Checkpoint(origin, size, root), key)
    bundle["public_key"] = public_key_pem(key.public_key()).decode()
    return written(bundle)


def test_what_a_forger_with_a_key_cannot_say(released: tuple[World, bytes]) -> None:
    """Statements, counts and inputs contradict what was decided from them, whoever signed."""
    data = released[1]
    assert problems(forged(data, lambda event: event)) == set()

    def restated(event: dict[str, Any]) -> dict[str, Any]:
        facets = event.get("dataset", {}).get("facets", {})
        if "lineagePlatform_overlay" in facets:
            facets["lineagePlatform_overlay"]["statement"]["licence"] = "MIT"
        return event

    assert problems(forged(data, restated)) == {"terms"}

    def counted(event: dict[str, Any]) -> dict[str, Any]:
        if event.get("eventType") == "COMPLETE" and event["job"]["name"] == "demo/release":
            event["outputs"][0]["facets"]["lineagePlatform_terms"]["terms"][0]["documents"] += 1
        return event

    assert problems(forged(data, counted)) == {"terms"}

    def asked(event: dict[str, Any]) -> dict[str, Any]:
        if event.get("eventType") == "COMPLETE" and event["job"]["name"] == "demo/release":
            event["run"]["facets"]["lineagePlatform_transformation"]["parameters"]["uses"] = ["research"]
        return event

    assert problems(forged(data, asked)) >= {"version", "verdict"}


def test_what_changes_later_is_not_part_of_it(recorder: Recorder, settings: Settings) -> None:
    world = make_world(settings, recorder)
    version = make_release(world, recorder, passed=True)
    with open_workspace(settings=settings) as opened:
        before = opened.bundle(version.id)[1]
    recorder.restate([Cover(source="press")], terms("press", licence="MIT"), **SAID)
    world.sources["forum"] = replace(world.sources["forum"], terms=world.sources["press"].terms)
    observe(world, recorder, "forum")
    with open_workspace(settings=settings) as opened:
        after = opened.bundle(version.id)[1]
        assert verify_bundle(after).ok
        assert json.loads(before)["files"] == json.loads(after)["files"]
        assert json.loads(before)["state"] == json.loads(after)["state"] == "released"
    judged = Judged("research", "EU", "refused", ("some-policy",))
    recorder.change_release(
        StateChange(version.id, "released", "reopened", "terms changed", date(2026, 11, 22), (judged,))
    )
    with open_workspace(settings=settings) as opened:
        data = opened.bundle(version.id)[1]
        assert (json.loads(data)["state"], verify_bundle(data).ok) == ("reopened", True)
        assert problems(altered(data, "state", value=lambda _: "released")) == {"release-state"}


def test_what_is_broken_is_not_given_away(recorder: Recorder, settings: Settings) -> None:
    import psycopg

    world = make_world(settings, recorder)
    version = make_release(world, recorder)
    for statement in (
        "UPDATE lineage.overlay SET reason = 'another'",
        f"UPDATE lineage.ledger_leaves SET salt = NULL, payload = NULL WHERE index = {version.ledger_index}",
    ):
        with psycopg.connect(settings.database_url or "") as connection:
            connection.execute(statement)
    with (
        open_workspace(settings=settings) as opened,
        pytest.raises(VerificationFailed, match="run `lineage verify`"),
    ):
        make_bundle(opened.catalog, opened.store, version.id, opened.public_key)
    with psycopg.connect(settings.database_url or "") as connection:
        connection.execute("DELETE FROM lineage.checkpoints")
    with open_workspace(settings=settings) as opened, pytest.raises(NotFound, match="no checkpoint"):
        opened.bundle(version.id)


def test_what_was_made_from_others(recorder: Recorder, settings: Settings) -> None:
    world = make_world(settings, recorder)
    for name, parent in (("blog", "press"), ("press", "forum")):
        world.sources[name] = replace(world.sources[name], derived_from=(parent,))
        observe(world, recorder, name)
    part = [Cover(document=world.key("press", 7))]
    one = str(recorder.restate(part, terms("press", licence="MIT"), **SAID)[0])
    other = str(recorder.restate([Cover(source="blog")], terms("blog", licence="ISC"), **SAID)[0])
    lifted = recorder.restate([Cover(source="forum")], terms("forum", licence="CC0-1.0"), **SAID)
    recorder.reinstate(lifted, **SAID)
    version = make_release(world, recorder)
    with open_workspace(settings=settings) as opened:
        data = opened.bundle(version.id)[1]
    assert json.loads(data)["covered"] == {"press": [one]}
    assert verify_bundle(data).ok
    wrong = ({}, {"press": [other]}, {"press": [one, one]}, {"forum": [one], "press": [one]})
    for covered in wrong:
        assert problems(altered(data, "covered", value=lambda _, new=covered: new)), covered
