"""When things run: a job and a schedule per corpus, and a sensor that watches the files of the sources."""

import json

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.recipe import digest
from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import Corpus, Source, Workspace
from lineage_platform.transformations import reading


def job_of(corpus: Corpus) -> UnresolvedAssetJobDefinition:
    """The corpus and everything upstream of it; steps whose inputs have not changed confirm what is there."""
    return dg.define_asset_job(
        f"materialize_{_name(corpus.id)}",
        selection=dg.AssetSelection.assets([corpus.id, "shards"]).upstream(),
        description=f"Materialize {corpus.title} from its sources to its shards.",
    )


def schedule_of(corpus: Corpus, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """The schedule that the recipe names; it runs as soon as the daemon does."""
    return dg.ScheduleDefinition(
        name=f"{_name(corpus.id)}_schedule",
        job=job,
        cron_schedule=corpus.schedule,
        execution_timezone=corpus.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Materializes {corpus.title} at {corpus.schedule} ({corpus.timezone}).",
    )


def sources_sensor(workspace: Workspace) -> dg.SensorDefinition:
    """Looks at names, sizes and times of source files; where they changed, requests the source and what depends on it."""
    keys = {source.id: _downstream(workspace, source) for source in workspace.sources}

    @dg.sensor(
        name="sources_changed",
        target=dg.AssetSelection.all(),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests runs for the sources whose files changed, and for what depends on them.",
    )
    def changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before: dict[str, str] = json.loads(context.cursor or "{}")
        now = {source.id: _appearance(source) for source in workspace.sources}
        moved = sorted(name for name, state in now.items() if context.cursor and before.get(name) != state)
        cursor = json.dumps(now, sort_keys=True)
        if not moved:
            return dg.SensorResult(skip_reason="no source file changed", cursor=cursor)
        selection = sorted({key for name in moved for key in keys[name]})
        request = dg.RunRequest(
            asset_selection=selection,
            tags={"lineage/sources": ",".join(moved)[:250]},
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return changed


def _downstream(workspace: Workspace, source: Source) -> list[dg.AssetKey]:
    changed = {item.id for item in workspace.sources if source.id in workspace.with_parents([item.id])}
    own = [dg.AssetKey(["source", source.id])]
    own += [dg.AssetKey([layer, name]) for name in sorted(changed) for layer in ("documents", "annotations")]
    corpora = [corpus for corpus in workspace.corpora if changed & {item.id for item in corpus.sources}]
    steps = ("deduplicated", "selection", "tokenizer", "shards")
    return own + [dg.AssetKey([corpus.id, step]) for corpus in corpora for step in steps]


def _appearance(source: Source) -> str:
    try:
        return digest([list(file) for file in reading.appearance(source)])
    except InvalidInput as problem:
        return str(problem)


def _name(corpus: str) -> str:
    return corpus.replace("-", "_").replace(".", "_")
