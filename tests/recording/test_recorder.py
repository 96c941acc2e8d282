from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import psycopg
import pytest

from lineage_platform.catalog.forms import memo_key, version_id
from lineage_platform.errors import ChecksFailed, Conflict, InvalidInput, LineageError, NotFound
from lineage_platform.model.versions import CheckResult, ParentRun, Result, Snapshot, Statistics, Version
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.recording import consistency
from tests.recording.worlds import STEP, digest, listing, result, source, table_part, terms

PARENT = ParentRun("dagster", "__ASSET_JOB", "7f7be8cb-7a4e-4c4f-9f93-5b6e7f2f7c10")
DATASET = "documents/notes"


@pytest.fixture
def snapshot(recorder: Recorder) -> Snapshot:
    return recorder.observe(source(), digest("a"), listing("a", "b"), PARENT, [terms()])


def commit(recorder: Recorder, inputs: list, content: str, checks: tuple = (), **options: object) -> Version:
    with recorder.attempt(DATASET, STEP, inputs, PARENT, owner="data@example.org") as attempt:
        return attempt.commit(result(attempt.scratch, content, **options), checks)


def query(settings: Settings, text: str) -> list[tuple]:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url) as connection:
        return connection.execute(text).fetchall()


class TestObserve:
    def test_the_same_content_is_the_same_snapshot(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        size = query(settings, "SELECT count(*) FROM lineage.ledger_leaves")
        again = recorder.observe(source(), digest("a"), listing("a", "b"), PARENT, [terms()])
        assert again == snapshot
        assert snapshot.number == 1
        assert snapshot.files == tuple(listing("a", "b"))
        assert query(settings, "SELECT count(*) FROM lineage.ledger_leaves") == size
        consistency.check(settings)

    def test_numbers_start_at_one_and_never_repeat(self, recorder: Recorder) -> None:
        numbers = [recorder.observe(source(), digest(c), listing(c)).number for c in "abc"]
        assert numbers == [1, 2, 3]
        assert recorder.snapshot("notes").number == 3

    def test_content_that_comes_back_is_current_again(self, recorder: Recorder, settings: Settings) -> None:
        first = recorder.observe(source(), digest("a"), listing("a"))
        second = recorder.observe(source(), digest("b"), listing("b"))
        assert recorder.snapshot("notes") == second
        assert recorder.observe(source(), digest("a"), listing("a")) == first
        assert recorder.snapshot("notes") == first
        consistency.check(settings)

    def test_changed_terms_are_one_dataset_event(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        changed = terms(licence="LicenseRef-withdrawn")
        assert recorder.observe(source(), digest("a"), listing("a", "b"), None, [changed]) == snapshot
        assert recorder.terms_of_source("notes") == [changed]
        rows = query(settings, "SELECT statement->>'licence', ledger_index FROM lineage.terms ORDER BY id")
        assert [row[0] for row in rows] == ["CC-BY-4.0", "LicenseRef-withdrawn"]
        payload = query(settings, f"SELECT payload FROM lineage.ledger_leaves WHERE index = {rows[1][1]}")
        event = json.loads(payload[0][0])
        assert event["dataset"]["name"] == "source/notes"
        assert event["dataset"]["facets"]["ownership"]["owners"][0]["name"] == "data@example.org"
        consistency.check(settings)

    def test_secrets_of_an_address_are_not_kept(self, recorder: Recorder, settings: Settings) -> None:
        hidden = dataclasses.replace(source(), location="s3://user:hunter2@host/a/*.json?X-Signature=hunter3")
        recorder.observe(hidden, digest("a"), listing("a"))
        kept = query(settings, "SELECT definition->>'location' FROM lineage.snapshots")[0][0]
        assert kept == "s3://...@host/a/*.json?..."
        payloads = query(settings, "SELECT payload FROM lineage.ledger_leaves")
        assert not any(b"hunter" in row[0] for row in payloads)

    def test_checks_travel_in_the_event(self, recorder: Recorder, settings: Settings) -> None:
        check = CheckResult("sources: nul \0", True, "error", "1 or more", "1", "files")
        recorder.observe(source(), digest("a"), listing("a"), PARENT, [terms()], [check])
        rows = query(
            settings,
            "SELECT checks, passed, payload FROM lineage.runs JOIN lineage.ledger_leaves ON ledger_index = index",
        )
        assert len(rows) == 1
        told = json.loads(rows[0][2])["outputs"][0]["facets"]["dataQualityAssertions"]["assertions"]
        assert [item["assertion"] for item in told] == [rows[0][0][0]["name"]] == ["sources: nul \ufffd"]
        assert rows[0][1] is True
        consistency.check(settings)

    def test_a_failed_check_lets_nothing_build_on_a_snapshot(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        warned = CheckResult("sources: evidence", False, "warn", "a place", "none")
        failed = CheckResult("sources: files", False, "error", "1 or more", "0")

        def observe(*checks: CheckResult) -> Snapshot:
            return recorder.observe(source(), digest("a"), listing("a", "b"), PARENT, [terms()], checks)

        assert observe(warned) == recorder.snapshot("notes") == snapshot
        assert observe(warned, failed) == recorder.snapshot("notes", usable=False) == snapshot
        with pytest.raises(ChecksFailed, match=r"1 checks failed: sources: files: got 0, expected 1 or more"):
            recorder.snapshot("notes")
        size = query(settings, "SELECT count(*) FROM lineage.ledger_leaves")
        assert observe(warned, failed) == snapshot
        assert query(settings, "SELECT count(*) FROM lineage.ledger_leaves") == size
        assert query(settings, "SELECT passed FROM lineage.runs ORDER BY ledger_index") == [
            (True,),
            (True,),
            (False,),
        ]
        assert observe() == recorder.snapshot("notes") == snapshot
        consistency.check(settings)

    def test_unknown_source(self, recorder: Recorder, snapshot: Snapshot) -> None:
        with pytest.raises(NotFound, match="no source named 'note'; nearest: notes"):
            recorder.snapshot("note")


class TestCommit:
    def test_a_version_is_what_was_committed(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        check = CheckResult("rows", True, "error", "more than 0", "3", "document")
        version = commit(recorder, [snapshot], "one", (check,))
        assert version.id == version_id(DATASET, digest("one"), memo_key(DATASET, STEP, [snapshot.id]))
        assert (version.sequence, version.inputs, version.checks) == (1, (snapshot.id,), (check,))
        assert version.transformation == STEP
        assert version.statistics.by_terms == {terms().number: (3, 30)}
        assert recorder.latest(DATASET) == recorder.usable(DATASET) == recorder.version(version.id) == version
        assert [path.read_bytes()[:3] for path in recorder.paths(version, "documents")] == [b"one", b"one"]
        assert consistency.scratch(settings) == []
        consistency.check(settings)

    def test_events_tell_parent_inputs_and_owner(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        version = commit(recorder, [snapshot], "one")
        rows = query(
            settings,
            f"SELECT payload FROM lineage.ledger_leaves WHERE run_id = '{version.run_id}' ORDER BY index",
        )
        start, complete = (json.loads(row[0]) for row in rows)
        assert [start["eventType"], complete["eventType"]] == ["START", "COMPLETE"]
        for event in (start, complete):
            assert event["run"]["facets"]["parent"]["run"]["runId"] == PARENT.run_id
            assert event["job"]["facets"]["ownership"]["owners"][0]["name"] == "data@example.org"
            assert event["inputs"][0]["facets"]["version"]["datasetVersion"] == snapshot.id
        facets = complete["outputs"][0]["facets"]
        assert facets["lineagePlatform_terms"]["terms"][0]["terms"] == str(terms().number)

    def test_a_table_tells_its_columns_and_where_they_come_from(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        upstream = commit(recorder, [snapshot], "one")
        with recorder.attempt("demo/selection", STEP, [upstream]) as attempt:
            made = Result(digest("empty"), (table_part(attempt.scratch),), Statistics(0, 0, 0, 0))
            version = attempt.commit(made)
        payload = query(
            settings, f"SELECT payload FROM lineage.ledger_leaves WHERE index = {version.ledger_index}"
        )
        facets = json.loads(payload[0][0])["outputs"][0]["facets"]
        assert [field["name"] for field in facets["schema"]["fields"]][:2] == ["document", "identity"]
        assert "columnLineage" in facets
        consistency.check(settings)

    def test_the_same_content_of_the_same_inputs_confirms_the_version(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        first = commit(recorder, [snapshot], "one")
        checks = (CheckResult("rows", False, "warn", "1", "0"),)
        again = commit(recorder, [snapshot], "one", checks)
        assert dataclasses.replace(again, checks=()) == first
        assert again.checks == checks
        assert query(settings, "SELECT count(*) FROM lineage.versions") == [(1,)]
        consistency.check(settings)

    def test_the_same_content_of_other_inputs_is_another_version(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        first = commit(recorder, [snapshot], "one")
        other = recorder.observe(source(), digest("b"), listing("b"))
        second = commit(recorder, [other], "one")
        assert first.content_digest == second.content_digest
        assert (first.id, first.inputs) != (second.id, second.inputs)
        assert recorder.latest(DATASET) == second
        consistency.check(settings)

    def test_a_pin_is_part_of_the_commit(self, recorder: Recorder, snapshot: Snapshot) -> None:
        with recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
            first = attempt.commit(result(attempt.scratch, "one"), (), ("demo", "recipe", "tokenizer"))
        with recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
            attempt.commit(result(attempt.scratch, "two"), (), ("demo", "recipe", "tokenizer"))
        assert recorder.pinned("demo", "recipe", "tokenizer") == first.id

    def test_a_confirmation_mends_a_lost_file(self, recorder: Recorder, snapshot: Snapshot) -> None:
        version = commit(recorder, [snapshot], "one")
        lost = recorder.paths(version, "documents")[0]
        lost.unlink()
        commit(recorder, [snapshot], "one")
        recorder.store.verify(version.files_of("documents")[0])

    def test_equal_content_in_other_roles_is_refused(self, recorder: Recorder, snapshot: Snapshot) -> None:
        commit(recorder, [snapshot], "one")
        with (
            pytest.raises(LineageError, match=r"has no extra, .* expected a content digest"),
            recorder.attempt(DATASET, STEP, [snapshot]) as attempt,
        ):
            made = result(attempt.scratch, "one")
            extra = dataclasses.replace(made.parts[0], role="extra")
            attempt.commit(dataclasses.replace(made, parts=(*made.parts, extra)))

    def test_committing_twice_is_committing_once(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        with recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
            made = result(attempt.scratch, "one")
            assert attempt.commit(made) == attempt.commit(made)
        assert query(settings, "SELECT kind FROM lineage.ledger_leaves ORDER BY index") == [
            (kind,) for kind in ("START", "TERMS", "COMPLETE", "START", "COMPLETE")
        ]

    def test_rows_with_terms_that_nobody_stated_are_refused(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        with pytest.raises(LineageError, match="terms that nobody has stated"):
            commit(recorder, [snapshot], "one", statements=[terms(declared="MIT")], carried=[])
        assert recorder.latest(DATASET) is None
        consistency.check(settings)

    def test_record_terms_are_stated_by_the_version(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        stated = [terms(), terms(declared="MIT", licence="MIT")]
        version = commit(recorder, [snapshot], "one", statements=stated)
        assert recorder.terms_of_source("notes") == stated
        assert recorder.statements(version.statistics.by_terms) == {item.number: item for item in stated}
        rows = query(settings, "SELECT declared, run_id::text, ledger_index FROM lineage.terms ORDER BY id")
        assert rows[1] == ("MIT", version.run_id, version.ledger_index)
        consistency.check(settings)

    def test_an_attempt_does_not_take_back_terms_stated_while_it_worked(
        self, recorder: Recorder, snapshot: Snapshot
    ) -> None:
        withdrawn = terms(licence="LicenseRef-withdrawn")
        with recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
            recorder.observe(source(), digest("a"), listing("a", "b"), None, [withdrawn])
            attempt.commit(result(attempt.scratch, "one"))
        assert recorder.terms_of_source("notes") == [withdrawn]

    def test_shards_are_rows(self, recorder: Recorder, settings: Settings, snapshot: Snapshot) -> None:
        shard = {"shard": 3, "documents": 2, "tokens": 20, "stored_tokens": 22}
        with recorder.attempt("demo/shards", STEP, [snapshot]) as attempt:
            made = result(attempt.scratch, "one")
            statistics = dataclasses.replace(made.statistics, details={"shards": [shard]})
            version = attempt.commit(dataclasses.replace(made, statistics=statistics))
        assert query(settings, "SELECT * FROM lineage.shards") == [(version.id, 3, "shard-00003", 2, 20, 22)]

    def test_text_that_postgresql_cannot_keep(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        checks = (CheckResult("nul \0", True, "warn", "\ud800", "x"),)
        version = commit(recorder, [snapshot], "one", checks)
        assert version.checks[0].name == "nul \ufffd"
        consistency.check(settings)


class TestChecks:
    FAILED = CheckResult("unreadable", False, "error", "at most 5 %", "50 %")

    def test_a_failed_check_lets_nothing_build(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        version = commit(recorder, [snapshot], "one", (self.FAILED,))
        assert not version.passed
        assert recorder.latest(DATASET) == version
        with pytest.raises(ChecksFailed, match="unreadable: got 50 %, expected at most 5 %"):
            recorder.usable(DATASET)
        assert recorder.find(DATASET, STEP, [snapshot.id]) is None
        assert query(settings, "SELECT passed FROM lineage.runs WHERE dataset LIKE 'doc%'") == [(False,)]

    def test_a_confirmation_judges_anew(self, recorder: Recorder, snapshot: Snapshot) -> None:
        commit(recorder, [snapshot], "one", (self.FAILED,))
        commit(recorder, [snapshot], "one")
        assert recorder.usable(DATASET).passed

    def test_unknown_dataset(self, recorder: Recorder, snapshot: Snapshot) -> None:
        commit(recorder, [snapshot], "one")
        with pytest.raises(NotFound, match="nearest: documents/notes"):
            recorder.usable("documents/note")
        with pytest.raises(NotFound, match="no version named"):
            recorder.version("documents/notes@0000000000000000")


class TestMemo:
    def test_same_inputs_code_and_parameters(self, recorder: Recorder, snapshot: Snapshot) -> None:
        version = commit(recorder, [snapshot], "one")
        assert recorder.find(DATASET, STEP, [snapshot.id]) == version
        assert recorder.find(DATASET, STEP, []) is None
        assert recorder.find("documents/other", STEP, [snapshot.id]) is None
        changed = dataclasses.replace(STEP, parameters={"normalise": "NFD"})
        assert recorder.find(DATASET, changed, [snapshot.id]) is None
        assert recorder.find(DATASET, dataclasses.replace(STEP, code_version="2"), [snapshot.id]) is None

    def test_an_older_version_can_be_made_current_again(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        first = commit(recorder, [snapshot], "one")
        other = recorder.observe(source(), digest("b"), listing("b"))
        second = commit(recorder, [other], "two")
        assert recorder.latest(DATASET) == second
        found = recorder.find(DATASET, STEP, [snapshot.id])
        assert found == first
        with recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
            assert attempt.confirm(first) == first
        assert recorder.latest(DATASET) == first
        consistency.check(settings)

    def test_only_a_version_of_the_dataset_is_confirmed(self, recorder: Recorder, snapshot: Snapshot) -> None:
        version = commit(recorder, [snapshot], "one")
        with (
            pytest.raises(InvalidInput, match="expected a version made in the same way of the same inputs"),
            recorder.attempt("documents/other", STEP, [snapshot]) as attempt,
        ):
            attempt.confirm(version)


class TestFailure:
    def test_an_exception_is_a_fail_event(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        error = Conflict("s3://user:hunter2@host/data?token=hunter3 is gone")
        with pytest.raises(Conflict), recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt:
            result(attempt.scratch, "one")
            raise error
        told = query(settings, f"SELECT state, error FROM lineage.runs WHERE run_id = '{attempt.run_id}'")
        assert told == [("FAIL", "lineage_platform.errors.Conflict: s3://...@host/data?token=... is gone")]
        assert recorder.latest(DATASET) is None
        assert consistency.scratch(settings) == []
        consistency.check(settings)

    def test_a_foreign_error_does_not_quote_documents(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        with pytest.raises(ValueError, match="secret diary"), recorder.attempt(DATASET, STEP, [snapshot]):
            raise ValueError("cannot parse 'my secret diary'")
        payloads = query(settings, "SELECT payload FROM lineage.ledger_leaves")
        assert not any(b"diary" in row[0] for row in payloads)
        assert query(settings, "SELECT error FROM lineage.runs WHERE state = 'FAIL'") == [("ValueError",)]

    @pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
    def test_being_told_to_stop_is_an_abort(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot, stop: type[BaseException]
    ) -> None:
        with pytest.raises(stop), recorder.attempt(DATASET, STEP, [snapshot]):
            raise stop
        assert query(settings, "SELECT error FROM lineage.runs WHERE state = 'ABORT'") == [(stop.__name__,)]

    def test_an_attempt_without_a_commit_is_an_abort(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot
    ) -> None:
        with recorder.attempt(DATASET, STEP, [snapshot]):
            pass
        assert query(settings, "SELECT count(*) FROM lineage.runs WHERE state = 'ABORT'") == [(1,)]
        consistency.check(settings)

    def test_an_error_after_the_commit_leaves_the_version(
        self, recorder: Recorder, snapshot: Snapshot
    ) -> None:
        with pytest.raises(ZeroDivisionError), recorder.attempt(DATASET, STEP, [snapshot]) as attempt:
            version = attempt.commit(result(attempt.scratch, "one"))
            raise ZeroDivisionError
        assert recorder.latest(DATASET) == version

    @pytest.mark.parametrize("harm", ["gone", "short"])
    def test_a_part_that_is_not_what_it_says(
        self, recorder: Recorder, settings: Settings, snapshot: Snapshot, harm: str
    ) -> None:
        with (
            pytest.raises(LineageError, match=r"gone before it was adopted|expected 500"),
            recorder.attempt(DATASET, STEP, [snapshot]) as attempt,
        ):
            made = result(attempt.scratch, "one")
            path = Path(made.parts[1].path)
            path.unlink() if harm == "gone" else path.write_bytes(b"x")
            attempt.commit(made)
        assert recorder.latest(DATASET) is None
        consistency.check(settings)


class TestPins:
    def test_the_first_writer_wins(self, recorder: Recorder) -> None:
        assert recorder.pinned("demo", "abc", "shards") is None
        assert recorder.pin("demo", "abc", "shards", lambda: 8) == 8
        assert recorder.pin("demo", "abc", "shards", lambda: pytest.fail("asked again")) == 8
        assert recorder.pinned("demo", "abc", "shards") == 8
        assert recorder.pin("demo", "def", "shards", lambda: {"n": "9"}) == {"n": "9"}
