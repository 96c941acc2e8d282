"""Two writers of one dataset at the same time, on local files and on object storage."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.urls import database_urls
from lineage_platform.errors import Conflict
from lineage_platform.files import create, length
from lineage_platform.files.storage import file_system
from lineage_platform.ledger.keys import load_or_create_key
from lineage_platform.model.versions import Part, Result, Snapshot, Statistics, Version
from lineage_platform.recording.recorder import Recorder
from lineage_platform.settings import Settings
from lineage_platform.store import Store, open_store
from tests.recording.worlds import STEP, digest, listing, source, terms

DATASET = "documents/notes"


@pytest.fixture(params=["local", "remote"])
def placed(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    if request.param == "local":
        return settings
    return dataclasses.replace(settings, store=request.getfixturevalue("bucket"))


@pytest.fixture
def writers(placed: Settings) -> Iterator[tuple[Recorder, Recorder]]:
    made = [
        Recorder(
            Database(database_urls(placed).psycopg, revive=partial(database_urls, placed)),
            open_store(placed.store),
            load_or_create_key(placed.key_file),
        )
        for _ in range(2)
    ]
    yield made[0], made[1]
    for recorder in made:
        recorder.close()


def snapshots(recorder: Recorder) -> list[Snapshot]:
    return [recorder.observe(source(), digest(name), listing(name), terms=[terms()]) for name in "ab"]


def result(store: Store, run_id: str, content: str) -> Result:
    parts = []
    for name in ("one.bin", "two.bin"):
        data = f"{content} {name}".encode() * 100
        where = store.scratch(run_id) / name
        with create(where) as file:
            file.write(data)
        parts.append(Part(name, "documents", str(where), digest(data.decode()), len(data), 1))
    counts = {terms().number: (3, 30)}
    return Result(digest(content), tuple(parts), Statistics(3, 3, 0, 0, by_terms=counts), (terms(),))


def objects(store: Store) -> set[str]:
    if isinstance(store.root, Path):
        return {path.name.partition(".")[0] for path in (store.root / "objects").glob("??/*")}
    from pyarrow.fs import FileSelector

    found = file_system().get_file_info(FileSelector((store.root / "objects").address, recursive=True))
    return {item.base_name.partition(".")[0] for item in found if item.is_file}


def names(version: Version) -> set[str]:
    return {file.sha256 for file in version.files}


def test_the_second_keeps_nothing(writers: tuple[Recorder, Recorder]) -> None:
    first, second = writers
    old, new = snapshots(first)
    with (
        pytest.raises(Conflict, match="was committed from other inputs"),
        second.attempt(DATASET, STEP, [old]) as late,
    ):
        with first.attempt(DATASET, STEP, [new]) as early:
            version = early.commit(result(first.store, early.run_id, "early"))
        late.commit(result(second.store, late.run_id, "late"))
    assert first.latest(DATASET) == version
    assert len(objects(first.store) - names(version)) == 1, "the manifest"
    assert length(second.store.scratch(late.run_id) / "one.bin") is None
    for file in version.files:
        second.store.verify(file)


def test_both_at_once(writers: tuple[Recorder, Recorder]) -> None:
    inputs = snapshots(writers[0])
    together = threading.Barrier(2)
    outcomes: list[Version | Conflict] = []

    def write(recorder: Recorder, snapshot: Snapshot, content: str) -> None:
        try:
            with recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
                made = result(recorder.store, attempt.run_id, content)
                together.wait()
                outcomes.append(attempt.commit(made))
        except Conflict as error:
            outcomes.append(error)

    threads = [
        threading.Thread(target=write, args=(recorder, snapshot, content))
        for recorder, snapshot, content in zip(writers, inputs, ("one", "two"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = [item for item in outcomes if isinstance(item, Version)]
    assert len(outcomes) == 2 and len(versions) == 1
    assert writers[1].latest(DATASET) == versions[0]
    writers[0].sweep()
    assert len(objects(writers[0].store) - names(versions[0])) == 1, "the manifest"
    assert writers[0].store.attempts() == set()
