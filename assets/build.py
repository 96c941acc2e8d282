"""From a workspace to everything Dagster shows and runs of it."""

from __future__ import annotations

import dagster as dg

from assets.automation import job_of, schedule_of, sources_sensor
from assets.factory import asset_of
from assets.platform import Platform
from assets.release_watch import release_watch
from assets.requests import requests_asset, requests_job, requests_schedule
from assets.sources import source_asset
from assets.steps import steps_of
from assets.withdrawal_watch import withdrawal_watch


def build(platform: Platform) -> dg.Definitions:
    """Everything Dagster shows and runs of one workspace."""
    workspace = platform.workspace
    jobs = {corpus.id: job_of(corpus) for corpus in workspace.corpora}
    looking = requests_job()
    return dg.Definitions(
        assets=[
            *map(source_asset, workspace.sources),
            *map(asset_of, steps_of(workspace)),
            requests_asset(workspace),
        ],
        jobs=[*jobs.values(), looking],
        schedules=[
            *(schedule_of(corpus, jobs[corpus.id]) for corpus in workspace.corpora if corpus.schedule),
            requests_schedule(looking),
        ],
        sensors=[sources_sensor(workspace), withdrawal_watch(platform), *release_watch(platform)],
        resources={"platform": platform},
        executor=dg.in_process_executor,
    )
