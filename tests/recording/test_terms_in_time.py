"""Terms as they change over time: pieces, and writers that meet."""

from __future__ import annotations

import dataclasses
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from lineage_platform.errors import Conflict
from lineage_platform.model.versions import Snapshot
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.recording import consistency
from tests.recording.test_recorder import query
from tests.recording.worlds import digest, listing, source, terms


@pytest.fixture
def snapshot(recorder: Recorder) -> Snapshot:
    return recorder.observe(source(), digest("a"), listing("a", "b"), None, [terms()])


def test_pieces_of_time_are_one_change(recorder: Recorder, settings: Settings, snapshot: Snapshot) -> None:
    today = datetime.now(UTC).date()
    before = dataclasses.replace(terms(), valid_to=str(today - timedelta(days=9)))
    now = dataclasses.replace(terms(licence="MIT"), valid_from=before.valid_to, valid_to=None)
    recorder.observe(source(), digest("a"), listing("a", "b"), None, [before, now])
    assert recorder.terms_of_source("notes") == [now]
    query_ = "SELECT payload FROM lineage.ledger_leaves WHERE kind = 'TERMS' ORDER BY index DESC LIMIT 1"
    (payload,) = query(settings, query_)[0]
    facet = json.loads(payload)["dataset"]["facets"]["lineagePlatform_terms"]
    assert facet["count"] == 1
    (said,) = facet["terms"]
    assert (said["statement"]["licence"], [item["licence"] for item in said["others"]]) == (
        "MIT",
        ["CC-BY-4.0"],
    )
    size = query(settings, "SELECT count(*) FROM lineage.ledger_leaves")
    recorder.observe(source(), digest("a"), listing("a", "b"), None, [now, before])
    assert query(settings, "SELECT count(*) FROM lineage.ledger_leaves") == size
    consistency.check(settings)


def test_of_two_writers_one_wins_and_the_other_is_told(
    recorder: Recorder, settings: Settings, snapshot: Snapshot
) -> None:
    since = recorder.terms_entry("notes")
    assert since >= 0
    outcomes: list[str | Conflict] = []
    start = threading.Barrier(2)

    def write(licence: str) -> None:
        start.wait()
        try:
            said = [terms(licence=licence)]
            recorder.observe(source(), digest("a"), listing("a", "b"), None, said, since=since)
            outcomes.append(licence)
        except Conflict as error:
            outcomes.append(error)

    threads = [threading.Thread(target=write, args=(licence,)) for licence in ("MIT", "Apache-2.0")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [item for item in outcomes if isinstance(item, str)]
    (told,) = [item for item in outcomes if isinstance(item, Conflict)]
    assert f"its terms were changed (ledger entry {recorder.terms_entry('notes')})" in str(told)
    assert recorder.terms_of_source("notes") == [terms(licence=won)]
    assert query(settings, "SELECT count(*) FROM lineage.terms") == [(2,)]
    again = recorder.terms_entry("notes")
    recorder.observe(source(), digest("a"), listing("a", "b"), None, [terms(licence=won)], since=since)
    assert recorder.terms_entry("notes") == again
    consistency.check(settings)
