"""`requests`: the register of requests, looked at every day; the check `deadlines` fails while one is overdue."""

import hashlib
import json

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.factory import failure
from assets.metadata import table
from assets.orphans import mark_process
from assets.platform import Platform
from lineage_platform.audit.requests import RequestList
from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.errors import LineageError
from lineage_platform.model.definitions import Workspace

KEY = "requests"
CHECK = "deadlines"
_COLUMNS = ("request", "state", "due", "days_left", "kind", "jurisdiction", "law")


def requests_asset(workspace: Workspace) -> dg.AssetsDefinition:
    """The asset; whoever answers for a corpus answers for requests about it."""

    @dg.asset(
        key=KEY,
        description="Requests of people, firms and courts about the data, with the last day by law for an answer to each.",
        group_name="governance",
        owners=sorted({corpus.steward for corpus in workspace.corpora}),
        kinds={"register"},
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=KEY, blocking=True, description="No open request is past its last day."
            )
        ],
    )
    def look(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads a subscripted one as a value
        mark_process(context)
        try:
            with platform.reading() as reading:
                found = reading.requests(today=platform.today())
        except NothingRecorded:
            found = RequestList(platform.today().isoformat(), 0, 0, ())
        except LineageError as error:
            raise failure(error, context.retry_number) from error
        return _result(found)

    return look


def requests_job() -> UnresolvedAssetJobDefinition:
    """Looks at the register alone."""
    return dg.define_asset_job(
        "look_at_requests",
        selection=dg.AssetSelection.assets(KEY),
        description="Look whether a request is past its last day.",
    )


def requests_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Every day, as soon as it begins (UTC)."""
    return dg.ScheduleDefinition(
        name="requests_schedule",
        job=job,
        cron_schedule="5 0 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks at the register of requests every day at 0:05 (UTC).",
    )


def _result(found: RequestList) -> dg.MaterializeResult:  # type: ignore[type-arg]
    rows = [{name: "" if row[name] is None else str(row[name]) for name in _COLUMNS} for row in found.rows()]
    late = [item.request for item in found.requests if item.overdue]
    check = dg.AssetCheckResult(
        check_name=CHECK,
        passed=not late,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"overdue on {found.day}: requests {', '.join(late)}" if late else None,
        metadata={"open": found.open, "overdue": found.overdue, "day": found.day},
    )
    return dg.MaterializeResult(
        metadata={
            "open": found.open,
            "overdue": found.overdue,
            "requests": table(rows, dict.fromkeys(_COLUMNS, "string")),
        },
        data_version=dg.DataVersion(hashlib.sha256(json.dumps(found.to_dict()).encode()).hexdigest()),
        check_results=[check],
    )
