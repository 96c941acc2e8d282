"""A data subject is found whatever the order of ingests, rotations, requests, rows of the overlay and questions."""

from __future__ import annotations

import hmac
import itertools
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lineage_platform.audit.overlay import cover
from lineage_platform.errors import InvalidInput
from lineage_platform.ledger.keys import add_secret
from lineage_platform.model.overlay import Cover
from lineage_platform.model.subjects import SubjectKeys, key_id
from lineage_platform.model.when import When
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import load_subject_keys, open_workspace
from lineage_platform.wiring.requests import open_request
from lineage_platform.wiring.subjects import hash_of_subject
from tests.recording.worlds import terms

KEYS = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5, unique=True)
PEOPLE = st.sampled_from(["Ada@example.org", "bo@example.org", "王伟"])
STEPS = st.lists(st.tuples(st.sampled_from(["ingest", "cover", "request", "rotate"]), PEOPLE), max_size=10)
EXAMPLES = itertools.count()


@given(KEYS, PEOPLE)
def test_one_key_is_what_it_was(keys: list[bytes], name: str) -> None:
    plain = hmac.digest(keys[0], name.casefold().encode(), "sha256")
    assert SubjectKeys((keys[0],)).hash(name).hash == plain
    assert SubjectKeys(tuple(keys)).hash(name).all[0] == plain


@given(KEYS, PEOPLE)
def test_old_hashes_lead_to_new_ones_without_the_person(keys: list[bytes], name: str) -> None:
    chain = SubjectKeys(tuple(keys))
    found = chain.hash(name).all
    for position, key in enumerate(keys):
        assert chain.later(found[position], key_id(key)) == found[position + 1 :]
        assert SubjectKeys(tuple(keys[: position + 1])).hash(name).all == found[: position + 1]
    with pytest.raises(InvalidInput, match="expected also 0000"):
        chain.later(found[0], "0" * 16)
    assert not any(key.hex() in repr(chain) or repr(key) in repr(chain) for key in keys)


@hypothesis_settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_person_is_found(recorder: Recorder, settings: Settings, steps: list[tuple[str, str]]) -> None:
    load_subject_keys(settings)
    example = next(EXAMPLES)  # others than those of the examples before, under whose keys these begin
    steps = [(step, f"{example} {name}") for step, name in steps]
    rows: dict[int, str] = {}
    asked: defaultdict[str, set[str]] = defaultdict(set)
    documents: list[tuple[bytes, int]] = []
    people: list[str] = []
    with open_workspace(settings=settings) as workspace:
        for step, name in steps:
            if step == "rotate":
                add_secret(settings.subject_key_file)
            elif step == "ingest":
                documents.append((load_subject_keys(settings).hash(name).hash, len(documents)))
                people.append(name)
            elif step == "cover":
                covers = [Cover.of_subject(hash_of_subject(settings, name))]
                [row] = recorder.restate(covers, terms(), reason="asked for", author="me")
                rows[row] = name
            else:
                (settings.workspace / "sources").mkdir(exist_ok=True)
                made = open_request(workspace, "erasure", "EU", author="dpo", subject=name.upper())
                asked[name].add(made.request)
            covered = {
                document: item.overlay
                for item in cover(
                    workspace.catalog.overlay(When()),
                    lambda _source: [],
                    lambda hashes: [pair for pair in documents if pair[0] in hashes],
                )
                for document in range(item.first, item.last + 1)
            }
            last = {name: row for row, name in sorted(rows.items())}
            assert covered == {at: last[name] for at, name in enumerate(people) if name in last}
            for person in set(people) | set(asked):
                hashes = hash_of_subject(settings, person).all
                mine = [number for hashed, number in documents if hashed in hashes]
                assert [people[number] for number in mine] == [it for it in people if it == person]
                assert {item.request for item in workspace.requests(person).requests} == asked[person]
        assert [item for item in workspace.verify().problems if item.kind == "overlay"] == []


def test_an_answer_needs_the_key_that_the_overlay_was_hashed_with(
    recorder: Recorder, settings: Settings
) -> None:
    load_subject_keys(settings)
    covers = [Cover.of_subject(hash_of_subject(settings, "someone"))]
    recorder.restate(covers, terms(), reason="asked for", author="me")
    settings.subject_key_file.unlink()
    with open_workspace(settings=settings) as workspace:
        with pytest.raises(InvalidInput, match=r"subject\.key: got no key"):
            workspace.catalog.overlay(When())
        load_subject_keys(settings)
        with pytest.raises(InvalidInput, match="which hashed a data subject"):
            workspace.catalog.overlay(When())
        assert workspace.overlay().overlay[0].subject_key == covers[0].subject_key
