"""What entries alone tell about terms is what the catalog believes, whatever was stated, restated and reinstated."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lineage_platform.audit.bundle.told import Told
from lineage_platform.audit.rights import Rights
from lineage_platform.errors import Conflict
from lineage_platform.model.overlay import Cover
from lineage_platform.model.when import When
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.recording.worlds import digest, listing, source, terms

DAYS = [date(2020, 1, 1), date(2026, 1, 1), datetime.now(UTC).date(), date(2090, 1, 1)]
SAID = {"reason": "asked for", "author": "me"}

names = st.sampled_from("abc")
licences = st.sampled_from(["MIT", "CC0-1.0", "CC-BY-NC-4.0"])
verbs = st.sampled_from(["state", "state", "split", "restate", "restate", "number", "reinstate"])
ends = st.sampled_from([None, 2, 80])
plans = st.lists(st.tuples(verbs, names, licences, ends, st.lists(names, max_size=2)), max_size=9)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans)
def test_entries_tell_what_the_catalog_believes(
    recorder: Recorder, settings: Settings, plan: list[tuple[str, str, str, int | None, list[str]]]
) -> None:
    mark = uuid4().hex[:12]
    known = {name: f"{name}{mark}" for name in "abc"}
    for name in known.values():
        recorder.observe(source(name), digest("x"), listing("x"), None, [terms(name)])
    laid: list[int] = []
    for verb, letter, licence, years, parents in plan:
        name = known[letter]
        derived = tuple(known[parent] for parent in dict.fromkeys(parents))
        stated = replace(terms(name, licence=licence), derived_from=derived)
        if verb == "state":
            recorder.observe(source(name), digest("x"), listing("x"), None, [stated])
        elif verb == "split":
            parts = [
                replace(stated, valid_to="2026-01-01"),
                replace(stated, licence="ISC", valid_from="2026-01-01"),
            ]
            recorder.observe(source(name), digest("x"), listing("x"), None, parts)
        elif verb in ("restate", "number"):
            begins = datetime.now(UTC) - timedelta(days=1)
            stops = None if years is None else begins + timedelta(days=365 * years)
            laid += recorder.restate(
                [Cover(source=name) if verb == "restate" else Cover(terms=stated.number)],
                terms(name, licence=licence),
                **SAID,
                valid_from=begins,
                valid_to=stops,
            )
        elif laid:
            try:
                recorder.reinstate([laid[-1]], **SAID)
            except Conflict:
                laid.pop()
    numbers = [terms(name).number for name in known.values()]
    with open_workspace(settings=settings) as opened, opened.catalog.snapshot():
        leaves = opened.catalog.leaves(range(len(opened.catalog.leaf_hashes())))
        events = [(index, json.loads(leaf.payload or b"")) for index, leaf in sorted(leaves.items())]
        for day in DAYS:
            rights = Rights(opened.catalog, When(valid_at=day))
            rights.learn(numbers)
            told = Told(events, day, {}, {})
            rows = [None, *(row for row in laid if row in rights.overlays)]
            for number in numbers:
                for row in rows:
                    assert told.statement(number, row) == rights.statement((number, row)), (day, number, row)
