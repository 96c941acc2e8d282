from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from lineage_platform.catalog import writing
from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.forms import memo_key, snapshot_id, version_id
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import Conflict, LineageError, Unavailable
from lineage_platform.ledger.keys import load_or_create_key
from lineage_platform.model.versions import Snapshot
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.store.local import LocalStore
from lineage_platform.wiring import open_recorder
from tests.recording import consistency, victims
from tests.recording.victims import DATASET, PARENT, POINTS
from tests.recording.worlds import STEP, digest, listing, result, source, terms


@pytest.fixture
def snapshot(recorder: Recorder) -> Snapshot:
    return recorder.observe(source(), digest("a"), listing("a"), None, [terms()])


def commit(recorder: Recorder, snapshot: Snapshot, content: str) -> str:
    with recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt:
        return attempt.commit(result(attempt.scratch, content)).id


def name_of(content: str) -> str:
    made_from = memo_key(DATASET, STEP, [snapshot_id("notes", digest("a"))])
    return version_id(DATASET, digest(content), made_from)


def referenced(settings: Settings) -> set[str]:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url) as connection:
        rows = connection.execute(
            "SELECT sha256 FROM lineage.files UNION SELECT manifest_sha256 FROM lineage.versions"
        )
        return {row[0] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_in_the_middle_of_a_commit(
    recorder: Recorder, settings: Settings, snapshot: Snapshot, point: str
) -> None:
    old = commit(recorder, snapshot, "old")
    victims.killed(settings, snapshot, "new", point)
    consistency.check(settings)
    latest = recorder.latest(DATASET)
    assert latest is not None
    committed = point.endswith(("Database.transaction", "LocalStore.discard"))
    assert latest.id == (name_of("new") if committed else old)

    aborted = recorder.abort_orphans(lambda _: False)
    assert len(aborted) == (0 if committed else 1)
    assert recorder.abort_orphans(lambda _: False) == []
    consistency.check(settings)

    assert commit(recorder, snapshot, "new") == name_of("new")
    assert recorder.sweep() is not None
    consistency.check(settings)
    assert consistency.objects(settings) == referenced(settings)
    assert consistency.scratch(settings) == []


def test_runs_of_the_living_are_left_alone(
    recorder: Recorder, settings: Settings, snapshot: Snapshot
) -> None:
    with recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt:
        made = result(attempt.scratch, "new")
        assert recorder.abort_orphans(lambda run: run == PARENT.run_id) == []
        recorder.sweep()
        attempt.commit(made)
    consistency.check(settings)


def test_a_run_that_was_taken_for_dead_cannot_commit(
    recorder: Recorder, settings: Settings, snapshot: Snapshot
) -> None:
    with (
        pytest.raises(Conflict, match="was closed as ABORT while it worked"),
        recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt,
    ):
        made = result(attempt.scratch, "new")
        assert recorder.store.adopt(made.parts)
        assert recorder.abort_orphans(lambda _: False) == [attempt.run_id]
        attempt.commit(made)
    assert recorder.latest(DATASET) is None
    consistency.check(settings)


class TestConnection:
    """The connection is cut by the server, at a point or while COMMIT is under way."""

    @pytest.fixture
    def cut(self, settings: Settings) -> Callable[[Connection], None]:
        def terminate(connection: Connection) -> None:
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
            with psycopg.connect(settings.database_url or "") as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])

        return terminate

    @pytest.mark.parametrize("name", ["start_run", "insert_version", "complete_run"])
    def test_lost_inside_a_transaction(
        self,
        recorder: Recorder,
        settings: Settings,
        snapshot: Snapshot,
        cut: Callable[[Connection], None],
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        original = getattr(writing, name)
        calls: list[int] = []

        def once(connection: Connection, *args: Any, **options: Any) -> Any:
            given = original(connection, *args, **options)
            calls.append(1)
            if len(calls) == 1:
                cut(connection)
            return given

        monkeypatch.setattr(writing, name, once)
        assert commit(recorder, snapshot, "new") == name_of("new")
        assert len(calls) == 2
        consistency.check(settings)

    @pytest.mark.parametrize("which", [1, 2])
    def test_lost_after_the_commit_was_carried_out(
        self,
        recorder: Recorder,
        settings: Settings,
        snapshot: Snapshot,
        monkeypatch: pytest.MonkeyPatch,
        which: int,
    ) -> None:
        calls: list[int] = []
        original = psycopg.Connection.commit

        def lost(connection: psycopg.Connection) -> None:
            original(connection)
            calls.append(1)
            if len(calls) == which:
                connection.close()
                raise psycopg.OperationalError("the connection is lost")

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Connection, "commit", lost)
            assert commit(recorder, snapshot, "new") == name_of("new")
        assert len(calls) == 3
        consistency.check(settings)
        leaves = kinds(settings)
        assert leaves == ["START", "TERMS", "COMPLETE", "START", "COMPLETE"]

    def test_a_database_that_stays_away(
        self, settings: Settings, recorder: Recorder, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        database = Database(settings.database_url or "", delays=(0.0, 0.0))
        mine = Recorder(database, LocalStore(settings.store), load_or_create_key(settings.key_file))
        original = writing.insert_version

        def always(connection: Connection, *args: Any, **options: Any) -> Any:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return original(connection, *args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(writing, "insert_version", always)
            with pytest.raises(Unavailable, match="the database does not answer"):
                commit(mine, snapshot, "new")
        mine.close()
        assert kinds(settings)[-1] == "FAIL"
        consistency.check(settings)
        assert commit(recorder, snapshot, "new") == name_of("new")
        consistency.check(settings)


class TestDisk:
    def test_full_while_writing(self, recorder: Recorder, settings: Settings, snapshot: Snapshot) -> None:
        old = commit(recorder, snapshot, "old")
        said = victims.limited(settings, snapshot, "new", length=64)
        assert said.startswith(f"no space left to write under {settings.store}")
        assert "nothing of this attempt was kept" in said
        self._nothing_but(recorder, settings, old)

    def test_full_at_the_manifest(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot, small_disk: Path
    ) -> None:
        old = commit(recorder, snapshot, "old")
        with (
            pytest.raises(LineageError, match=r"no space left .* free space and run again"),
            recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt,
        ):
            made = result(attempt.scratch, "new")
            with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError):
                while True:
                    filler.write(b"x" * 512)
            attempt.commit(made)
        (small_disk / "filler").unlink()
        self._nothing_but(recorder, settings, old)
        assert commit(recorder, snapshot, "new") == name_of("new")
        consistency.check(settings)

    @pytest.fixture
    def small_disk(self, settings: Settings) -> Iterator[Path]:
        """A store on a file system of one megabyte of its own; needs root and the right to mount."""
        if os.geteuid() != 0 or shutil.which("mount") is None:
            pytest.skip("only root can mount")
        settings.store.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(settings.store)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("this container may not mount")
        yield settings.store
        subprocess.run(["umount", str(settings.store)], check=True)

    def _nothing_but(self, recorder: Recorder, settings: Settings, version: str) -> None:
        latest = recorder.latest(DATASET)
        assert latest is not None
        assert latest.id == version
        assert kinds(settings)[-1] == "FAIL"
        assert consistency.scratch(settings) == []
        consistency.check(settings)


class TestConcurrency:
    def test_the_older_view_loses(self, recorder: Recorder, settings: Settings, snapshot: Snapshot) -> None:
        other = recorder.observe(source(), digest("b"), listing("b"))
        with (
            pytest.raises(Conflict, match="was committed from other inputs while this attempt worked"),
            recorder.attempt(DATASET, STEP, [snapshot], PARENT) as late,
        ):
            made = result(late.scratch, "late")
            early = commit(recorder, other, "early")
            late.commit(made)
        latest = recorder.latest(DATASET)
        assert latest is not None
        assert latest.id == early
        consistency.check(settings)
        recorder.sweep()
        assert consistency.objects(settings) == referenced(settings)

    def test_equal_inputs_do_not_conflict(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        with recorder.attempt(DATASET, STEP, [snapshot], PARENT) as late:
            made = result(late.scratch, "same")
            early = commit(recorder, snapshot, "same")
            assert late.commit(made).id == early
        consistency.check(settings)

    def test_many_at_once(self, recorder: Recorder, settings: Settings, snapshot: Snapshot) -> None:
        """Each thread is a writer with inputs of its own; one of those that overlap wins, the others keep nothing."""
        barrier = threading.Barrier(4)
        upstream = [recorder.observe(source(f"s{n}"), digest(f"{n}"), listing(f"{n}")) for n in range(4)]

        def write(number: int) -> str:
            mine = open_recorder(settings)
            try:
                with mine.attempt(DATASET, STEP, [upstream[number]], PARENT) as attempt:
                    made = result(attempt.scratch, f"content {number}")
                    barrier.wait(30)
                    return attempt.commit(made).id
            except Conflict:
                return "conflict"
            finally:
                mine.close()

        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(write, range(4)))
        assert sorted(outcomes)[:3] == ["conflict"] * 3
        consistency.check(settings)

    def test_the_same_content_at_once_is_one_version(self, settings: Settings, snapshot: Snapshot) -> None:
        barrier = threading.Barrier(4)

        def write(_: int) -> str:
            mine = open_recorder(settings)
            with mine.attempt(DATASET, STEP, [snapshot], PARENT) as attempt:
                made = result(attempt.scratch, "same")
                barrier.wait(30)
                name = attempt.commit(made).id
            mine.close()
            return name

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(write, range(4))) == {name_of("same")}
        consistency.check(settings)

    def test_sources_observed_at_once(self, settings: Settings, recorder: Recorder) -> None:
        def observe(number: int) -> int:
            content = f"{number % 2}"
            return recorder.observe(source(), digest(content), listing(content), None, [terms()]).number

        with ThreadPoolExecutor(4) as pool:
            numbers = set(pool.map(observe, range(16)))
        assert len(numbers) == 2
        consistency.check(settings)

    def test_one_pin(self, recorder: Recorder) -> None:
        with ThreadPoolExecutor(4) as pool:
            values = set(
                pool.map(lambda number: recorder.pin("demo", "abc", "shards", lambda: number), range(12))
            )
        assert len(values) == 1


class TestSweep:
    def test_does_not_race_with_reuse(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Bytes that nobody names lie in the store; a writer adopts the same ones; the sweeper comes just then."""
        orphan = result(recorder.store.scratch("dead"), "new")
        recorder.store.adopt(orphan.parts)
        sweeper = open_recorder(settings)
        swept = []
        original = LocalStore.adopt

        def adopt(store: LocalStore, parts: Any) -> Any:
            files = original(store, parts)
            swept.append(sweeper.sweep())
            return files

        with monkeypatch.context() as patch:
            patch.setattr(LocalStore, "adopt", adopt)
            commit(recorder, snapshot, "new")
        sweeper.close()
        assert swept == [None]
        consistency.check(settings)

    def test_a_writer_waits_for_the_sweeper(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sweeper = open_recorder(settings)
        sweeper.sweep()  # from now on the store is this deployment's
        recorder.store.adopt(result(recorder.store.scratch("dead"), "new").parts)
        begun, may_go_on = threading.Event(), threading.Event()
        original = LocalStore.sweep

        def sweep(store: LocalStore, keep: Any, forget: Any) -> Any:
            begun.set()
            assert may_go_on.wait(30)
            return original(store, keep, forget)

        monkeypatch.setattr(LocalStore, "sweep", sweep)
        with ThreadPoolExecutor(2) as pool:
            sweeping = pool.submit(sweeper.sweep)
            assert begun.wait(30)
            committing = pool.submit(commit, recorder, snapshot, "new")
            wait_for_a_waiter(settings)
            assert not committing.done()
            may_go_on.set()
            assert committing.result(30) == name_of("new")
            swept = sweeping.result(30)
        sweeper.close()
        assert swept is not None
        assert swept.objects == 2
        consistency.check(settings)

    def test_keeps_manifests(self, recorder: Recorder, settings: Settings, snapshot: Snapshot) -> None:
        commit(recorder, snapshot, "new")
        swept = recorder.sweep()
        assert swept is not None
        assert swept.objects == 0
        consistency.check(settings)


def test_a_process_killed_while_it_holds_the_ledger_does_not_hold_it_on(
    recorder: Recorder, settings: Settings, snapshot: Snapshot
) -> None:
    victims.killed(settings, snapshot, "new", "before lineage_platform.catalog.ledger:Ledger.write")
    assert recorder._database.transaction(lambda connection: Ledger(connection).size) == 4


def kinds(settings: Settings) -> list[str]:
    with psycopg.connect(settings.database_url or "") as connection:
        return [row[0] for row in connection.execute("SELECT kind FROM lineage.ledger_leaves ORDER BY index")]


def wait_for_a_waiter(settings: Settings) -> None:
    with psycopg.connect(settings.database_url or "", autocommit=True) as connection:
        while not connection.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall():
            connection.execute("SELECT pg_sleep(0.01)")
