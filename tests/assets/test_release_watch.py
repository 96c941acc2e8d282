"""As days pass: what expires reopens a release, what an embargo held back is made, and Dagster hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest

from assets.build import build
from assets.materialize import run_assets
from assets.platform import Platform
from lineage_platform.errors import Conflict, VerificationFailed
from lineage_platform.model.releases import StateChange
from lineage_platform.settings import Settings, read_settings
from lineage_platform.wiring import load_workspace
from tests.assets.release_worlds import SOURCE, edit, make_open_workspace
from tests.assets.running import lineage

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)


class Days(Platform):
    """A platform on a day of our choice."""

    day = TODAY
    made: ClassVar[list[Days]] = []

    def today(self) -> date:
        return self.day


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    root = make_open_workspace(tmp_path_factory.mktemp("watch"))
    edit(root / SOURCE, "basis: concluded", "basis: concluded\n  valid_to: 2999-02-01")
    done = lineage(root, "materialize", "open")
    assert done.returncode == 0, done.stdout + done.stderr
    yield read_settings(root, {})
    for platform in Days.made:
        platform.recorder.close()
    lineage(root, "down")


def on(settings: Settings, day: date) -> Days:
    platform = Days(settings, load_workspace(settings))
    platform.day = day
    Days.made.append(platform)
    return platform


def observe(settings: Settings) -> None:
    done = lineage(settings.workspace, "materialize", "open")
    assert done.returncode == 0, done.stdout + done.stderr


def release(platform: Days, instance: dg.DagsterInstance) -> str:
    """Run the asset; the state of the release that this gave."""
    run_assets(build(platform), instance, [["open", "release"]])
    with platform.reading() as reading:
        return next(row for row in reading.releases("open").releases if row.current).state


def tick(platform: Days, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    sensor = build(platform).resolve_sensor_def("release_watch")
    found = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(found, dg.SensorResult)
    return found


def test_a_day_decides(settings: Settings) -> None:
    with dg.instance_for_test() as instance:
        assert release(on(settings, TODAY), instance) == "released"
        first = tick(on(settings, TODAY), instance, None)
        assert (list(first.asset_events or ()), list(first.run_requests or ())) == ([], [])
        again = tick(on(settings, TODAY), instance, first.cursor)
        assert again.skip_reason is not None

        later = date(2999, 2, 1)
        expired = tick(on(settings, later), instance, first.cursor)
        [evaluation] = list(expired.asset_events or [])
        assert isinstance(evaluation, dg.AssetCheckEvaluation)
        assert (evaluation.passed, evaluation.check_name) == (False, "releases")
        assert "terms-expired stops 24 documents of open" in (evaluation.description or "")
        assert "2999-02-01" in (evaluation.description or "")
        nothing = tick(on(settings, later), instance, expired.cursor)
        assert nothing.skip_reason is not None

        with on(settings, later).reading() as reading:
            (entry,) = reading.releases("open").releases
            assert (entry.state, entry.state_day) == ("reopened", "2999-02-01")
            assert reading.verify().ok
        edit(Path(settings.workspace) / SOURCE, "2999-02-01", "2999-03-01")
        observe(settings)
        renewed = tick(on(settings, later), instance, expired.cursor)
        [evaluation] = list(renewed.asset_events or [])
        assert isinstance(evaluation, dg.AssetCheckEvaluation)
        assert evaluation.passed
        with on(settings, later).reading() as reading:
            assert [row.state for row in reading.releases("open").releases] == ["released"]


def test_an_embargo_ends(settings: Settings) -> None:
    source = Path(settings.workspace) / SOURCE
    edit(source, "valid_to: 2999-03-01", "embargo_until: 2999-06-01\n  embargo_then: open")
    observe(settings)
    with dg.instance_for_test() as instance:
        assert release(on(settings, TODAY), instance) == "refused"
        before = tick(on(settings, date(2999, 5, 31)), instance, None)
        assert not before.run_requests
        ended = tick(on(settings, date(2999, 6, 1)), instance, before.cursor)
        [request] = list(ended.run_requests or [])
        assert request.asset_selection == [dg.AssetKey(["open", "release"])]
        assert release(on(settings, date(2999, 6, 1)), instance) == "released"

        edit(source, "embargo_then: open", "embargo_then: review")
        observe(settings)
        assert release(on(settings, TODAY), instance) == "refused"
        assert not tick(on(settings, date(2999, 6, 1)), instance, None).run_requests


def test_states_are_changed_from_what_was_seen(settings: Settings) -> None:
    platform = on(settings, TODAY)
    with platform.reading() as reading:
        chosen = next(row for row in reading.releases("open").releases if row.state == "reopened")
        news = StateChange(chosen.release, "released", "reopened", "a second look", TODAY, ())
        with pytest.raises(Conflict, match="it is reopened now"):
            reading.recorder.change_release(news)
        [kept] = reading.catalog.files([chosen.release], "verdicts")
        path = Path(str(reading.store.path(kept.file)))
        content = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(content.replace(b'"allowed"', b'"refused"'))
        with pytest.raises(VerificationFailed, match="is not what was recorded"):
            reading.review(TODAY)
        path.write_bytes(content)
        held = StateChange(chosen.release, "reopened", "quarantined", "a court asks", TODAY, ())
        reading.recorder.change_release(held)
        assert reading.review(TODAY) == ()
        assert reading.release(chosen.release).release.state == "quarantined"
        assert reading.verify().ok
