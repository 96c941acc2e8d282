"""Releases a corpus as it stands, in this process, and says how it goes: one JSON object a line on standard output.

    python -m assets.releasing CORPUS [--spec JSON]

`--spec` takes the place of the recipe's `release`. Nothing else is made: the newest corpus version, with the terms as they are
recorded, is what the gate sees. Exit codes are those of the `lineage` command.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from assets import orphans
from assets.build import build
from assets.materialize import run_assets
from assets.platform import Platform, json_lines
from lineage_platform.errors import InvalidInput, LineageError, NotFound
from lineage_platform.model.definitions import Workspace
from lineage_platform.model.releases import ReleaseSpec
from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m assets.releasing", description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--spec", help="what it is released for, as JSON")
    options = parser.parse_args(arguments)
    report = json_lines()
    started = time.monotonic()
    try:
        settings = read_settings()
        spec = _spec(options.spec) if options.spec else None
        workspace = released_for(load_workspace(settings), options.corpus, spec)
        platform = Platform(settings, workspace, report)
        with dg.DagsterInstance.get() as instance:
            orphans.close_orphans(instance, platform.recorder)
            report({"event": "plan", "assets": [f"{options.corpus}/release"]})
            success = run_assets(build(platform), instance, [[options.corpus, "release"]])
    except LineageError as error:
        report({"event": "end", "success": False, "error": str(error)})
        return error.exit_code
    report({"event": "end", "success": success, "seconds": round(time.monotonic() - started, 3)})
    return 0 if success else 1


def released_for(workspace: Workspace, corpus: str, spec: ReleaseSpec | None) -> Workspace:
    """The workspace with another `release` in one recipe; None leaves it. Raises NotFound, InvalidInput where there is none."""
    known = [item.id for item in workspace.corpora]
    if corpus not in known:
        raise NotFound("corpus", corpus, known)
    recipe = workspace.corpus(corpus)
    wanted = spec or recipe.release
    if wanted is None:
        raise InvalidInput(
            f"corpora/{corpus}.yaml: got no `release`, expected one, or --use with what it is for"
        )
    corpora = tuple(
        replace(item, release=wanted) if item.id == corpus else item for item in workspace.corpora
    )
    return replace(workspace, corpora=corpora)


def _spec(text: str) -> ReleaseSpec:
    stated: dict[str, Any] = {name: tuple(value) for name, value in json.loads(text).items()}
    return ReleaseSpec(**stated)


if __name__ == "__main__":
    sys.exit(main())
