"""Materializes what is stale, in this process, and says how it goes: one JSON object a line on standard output.

    python -m assets.materialize [--corpus ID] [--all]

First the sources are observed, then everything whose inputs, code or parameters changed is run. Exit codes are those of
the `lineage` command.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import dagster as dg

from assets import orphans
from assets.build import build
from assets.platform import Platform, json_lines
from assets.stale import stale
from assets.step import Step
from assets.steps import steps_of
from lineage_platform.errors import LineageError, NotFound
from lineage_platform.model.definitions import Workspace
from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m assets.materialize", description=__doc__)
    parser.add_argument("--corpus", help="only this corpus and its sources")
    parser.add_argument("--all", action="store_true", help="also what is not stale")
    options = parser.parse_args(arguments)
    report = json_lines()
    try:
        settings = read_settings()
        platform = Platform(settings, load_workspace(settings), report)
        success = _materialize(platform, options.corpus, everything=options.all)
    except LineageError as error:
        report({"event": "end", "success": False, "error": str(error)})
        return error.exit_code
    return 0 if success else 1


def _materialize(platform: Platform, corpus: str | None, *, everything: bool) -> bool:
    started = time.monotonic()
    sources, steps = wanted(platform.workspace, corpus)
    definitions = build(platform)
    with dg.DagsterInstance.get() as instance:
        orphans.close_orphans(instance, platform.recorder)
        platform.report({"event": "plan", "assets": sources})
        success = run_assets(definitions, instance, [name.split("/") for name in sources])
        if success:
            chosen = steps if everything else stale(steps, platform, instance)
            platform.report({"event": "plan", "assets": [step.dataset for step in chosen]})
            success = not chosen or run_assets(definitions, instance, [step.key for step in chosen])
    platform.report({"event": "end", "success": success, "seconds": round(time.monotonic() - started, 3)})
    return success


def wanted(workspace: Workspace, corpus: str | None) -> tuple[list[str], list[Step]]:
    """Source assets and steps of one corpus, or of all; raises NotFound for a corpus that the workspace lacks."""
    known = [item.id for item in workspace.corpora]
    if corpus is not None and corpus not in known:
        raise NotFound("corpus", corpus, known)
    corpora = [item for item in workspace.corpora if corpus in (None, item.id)]
    sources = {source.id for item in corpora for source in item.sources}
    read = workspace.with_parents(sources)
    names = {*(f"documents/{source}" for source in read), *(f"annotations/{source}" for source in sources)}
    names |= {
        f"{item.id}/{layer}"
        for item in corpora
        for layer in ("deduplicated", "selection", "tokenizer", "shards")
    }
    ordered = [f"source/{source.id}" for source in workspace.sources if source.id in read]
    return ordered, [step for step in steps_of(workspace) if step.dataset in names]


def run_assets(
    definitions: dg.Definitions, instance: dg.DagsterInstance, keys: Sequence[Sequence[str]]
) -> bool:
    """Materialize some assets in this process; whether all was done, and no error-level check failed."""
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(key) for key in keys],
        raise_on_error=False,
        tags={orphans.PROCESS_TAG: orphans.this_process()},
    )
    failed = [evaluation for evaluation in result.get_asset_check_evaluations() if _blocks(evaluation)]
    return result.success and not failed


def _blocks(evaluation: dg.AssetCheckEvaluation) -> bool:
    return not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR


if __name__ == "__main__":
    sys.exit(main())
