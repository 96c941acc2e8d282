"""From a step to a Dagster asset: find what is committed, else run, check, commit; then report."""

import time

import dagster as dg

from assets import checks
from assets.metadata import column_schema, version_metadata
from assets.orphans import mark_process
from assets.platform import Platform
from assets.recipe import code_version
from assets.step import Inputs, Step, existing, inputs_of, planned
from lineage_platform.errors import LineageError, Unavailable
from lineage_platform.model.decisions import EDITS
from lineage_platform.model.versions import ParentRun, Version

DAGSTER_NAMESPACE = "dagster"

_RETRIES = 5


def asset_of(step: Step) -> dg.AssetsDefinition:
    """The asset of one step. It passes digests on, never data, and so needs no IO manager."""
    tables = {
        f"columns/{name}": dg.MetadataValue.table_schema(column_schema(s)) for name, s in step.tables.items()
    }
    first = next(iter(step.tables.values()), None)

    @dg.asset(
        key=step.key,
        deps=[dg.AssetKey(name.split("/")) for name in step.upstream],
        description=step.description,
        code_version=code_version(step.code_version, step.checks),
        group_name=step.group,
        owners=list(step.owners),
        kinds=set(step.kinds),
        tags=dict(step.tags),
        metadata={**tables, **({"dagster/column_schema": column_schema(first)} if first is not None else {})},
        check_specs=[checks.spec(suite, step.key) for suite in step.suites],
    )
    def materialise(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads a subscripted one as a value
        started = time.monotonic()
        platform.report({"event": "start", "asset": step.dataset})
        try:
            mark_process(context)
            inputs = inputs_of(step, platform)
            found = existing(step, platform, inputs)
            version = _commit(step, platform, inputs, parent_of(context), found)
        except LineageError as error:
            platform.report({"event": "failed", "asset": step.dataset, "error": str(error)})
            raise failure(error, context.retry_number) from error
        statements = platform.recorder.statements(version.statistics.by_terms)
        platform.report(
            {
                "event": "done",
                "asset": step.dataset,
                "seconds": round(time.monotonic() - started, 3),
                "rows": version.statistics.documents,
                "unchanged": found is not None,
                "dropped": {
                    reason: count
                    for reason, count in version.statistics.by_reason.items()
                    if reason not in EDITS
                },
            }
        )
        return dg.MaterializeResult(
            metadata=version_metadata(version, statements, unchanged=found is not None),
            data_version=dg.DataVersion(version.content_digest),
            check_results=checks.results(version.checks, step.suites),
        )

    return materialise


def _commit(
    step: Step, platform: Platform, inputs: Inputs, parent: ParentRun, found: Version | None
) -> Version:
    current = platform.recorder.latest(step.dataset)
    if found is not None and current is not None and found.id == current.id:
        return found
    transformation = planned(step, platform, inputs)
    with platform.recorder.attempt(
        step.dataset, transformation, [inputs[name] for name in step.upstream], parent, step.owners[0]
    ) as attempt:
        if found is not None:
            return attempt.confirm(found)
        result = step.run(platform, inputs, transformation, attempt.scratch)
        outcome = step.check(platform, inputs, result)
        version = attempt.commit(result, checks.flat(outcome), step.pin)
    for check in version.checks:
        if not check.success:
            platform.report(
                {
                    "event": "check",
                    "asset": step.dataset,
                    "name": check.name,
                    "passed": False,
                    "severity": check.severity,
                }
            )
    return version


def parent_of(context: dg.AssetExecutionContext) -> ParentRun:
    """The Dagster run in OpenLineage's words."""
    return ParentRun(DAGSTER_NAMESPACE, context.job_name, context.run.run_id)


def failure(error: LineageError, retries: int) -> Exception:
    """A database that is down is worth another try, later each time; all else fails for good, its message as it is."""
    if isinstance(error, Unavailable):
        return dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=2**retries)
    return dg.Failure(description=str(error), allow_retries=False)
