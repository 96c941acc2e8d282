"""Overdue requests show as a failed check, on the day they become so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from assets.build import build
from assets.materialize import run_assets
from assets.platform import Platform
from assets.requests import KEY
from lineage_platform.model.requests import Request, Step
from lineage_platform.policy.deadlines import rule_for
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import load_workspace
from tests.assets.worlds import make_workspace


class Later(Platform):
    """A platform on another day."""

    day = datetime.now(UTC).date()

    def today(self) -> date:
        return self.day


@pytest.fixture
def platform(settings: Settings) -> Later:
    make_workspace(settings.workspace)
    return Later(settings, load_workspace(settings))


def passes(platform: Platform) -> bool:
    with dg.DagsterInstance.ephemeral() as instance:
        return run_assets(build(platform), instance, [[KEY]])


def test_a_request_that_becomes_overdue(platform: Later, recorder: Recorder) -> None:
    assert passes(platform)
    rule = rule_for("takedown", "CN", {"takedown": 2})
    number = recorder.receive(Request("takedown", "CN", platform.day, rule, "legal", name="A firm"))
    for days, well in ((0, True), (2, True), (3, False)):
        platform.day = datetime.now(UTC).date() + timedelta(days=days)
        assert passes(platform) == well, days
    recorder.take_step(number, Step("refuse", "legal", "not theirs"))
    assert passes(platform)


def test_it_runs_every_day(platform: Later) -> None:
    schedule = build(platform).resolve_schedule_def("requests_schedule")
    assert schedule.cron_schedule == "5 0 * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
