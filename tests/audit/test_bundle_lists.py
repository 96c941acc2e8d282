"""Events that list only their largest statements: a bundle carries the whole list, which the event binds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lineage_platform.audit.bundle.lists import lists_of
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.statements import canonical_list
from lineage_platform.events.facets import MAX_TERMS, TERMS
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.verifying import quiet
from tests.recording.worlds import STEP, digest, listing, result, source, terms


def test_every_list_is_what_its_event_binds(recorder: Recorder, settings: Settings) -> None:
    """Of runs and of changes outside any, with pieces in time, and with more statements than an event lists."""
    today = datetime.now(UTC).date()
    ends = (today + timedelta(days=9)).isoformat()
    pieces = [replace(terms(), valid_to=ends), replace(terms(licence="MIT"), valid_from=ends)]
    many = [terms(declared=f"licence {number}") for number in range(MAX_TERMS + 5)]
    snapshot = recorder.observe(source(), digest("a"), listing("a"), None, pieces)
    with recorder.attempt("documents/notes", STEP, [snapshot]) as attempt:
        version = attempt.commit(result(attempt.scratch, "a", statements=[*many, pieces[0]], carried=many))
    recorder.observe(source(), digest("a"), listing("a"), None, [terms(licence="ISC")])
    with open_workspace(settings=settings) as opened:
        checked = 0
        for leaf in opened.catalog.leaves(range(20)).values():
            event = json.loads(leaf.payload or b"")
            holder = event["dataset"] if "dataset" in event else event["outputs"][0]
            if (facet := holder["facets"].get(TERMS)) is None:
                continue
            made = holder["facets"]["version"]["datasetVersion"] if "run" in event else None
            listed = opened.catalog.listed(leaf.index, made)
            assert hashlib.sha256(canonical_list(listed)).hexdigest() == facet["digest"]
            assert listed[:MAX_TERMS] == facet["terms"]
            checked += 1
            report = Report(quiet)
            bundle = {"lists": {str(leaf.index): listed}}
            assert lists_of(bundle, {leaf.index: event}, report) == {leaf.index: listed}
            bundle = {"lists": {str(leaf.index): listed[1:]}}
            assert lists_of(bundle, {leaf.index: event}, report) == {}
            assert report.problems == 1
            if made == version.id:
                assert len(listed) == MAX_TERMS + 6
        assert checked == 3
