"""The one resource: the product's write side, opened on first use in the process that runs the steps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, TextIO

from lineage_platform.files import Place
from lineage_platform.model.definitions import Workspace
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import File, Version
from lineage_platform.policy.effective import Effective
from lineage_platform.policy.rights import rank_of
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.wiring import load_subject_keys, open_recorder, open_workspace
from lineage_platform.wiring.reading import OpenWorkspace

Report = Callable[[Mapping[str, Any]], None]


def _silent(_event: Mapping[str, Any]) -> None:
    """Nobody listens."""


def json_lines(stream: TextIO = sys.stdout) -> Report:
    """A report that writes one JSON object a line; `lineage materialize` reads them."""

    def write(event: Mapping[str, Any]) -> None:
        stream.write(json.dumps(event) + "\n")
        stream.flush()

    return write


class Platform:
    """What steps work with: the workspace as declared, the recorder, the engine."""

    def __init__(self, settings: Settings, workspace: Workspace, report: Report = _silent) -> None:
        self.settings = settings
        self.workspace = workspace
        self.report = report
        self.engine = Engine(settings.engine, settings.ray_address)

    @cached_property
    def recorder(self) -> Recorder:
        """The write side; starts the embedded database if it is down."""
        return open_recorder(self.settings)

    @cached_property
    def subject_keys(self) -> SubjectKeys:
        """Keys of the hashes that stand for data subjects."""
        return load_subject_keys(self.settings)

    def reading(self) -> OpenWorkspace:
        """The read side, a context manager: for one question, so that no connection stays behind."""
        return open_workspace(settings=self.settings)

    def today(self) -> date:
        """The day that releases are judged on."""
        return datetime.now(UTC).date()

    def paths(self, version: Version, role: str) -> list[Place]:
        """Where the files of one role of a committed version are, in name order."""
        return [self.path(file) for file in version.files_of(role)]

    def path(self, file: File) -> Place:
        """Where a committed file is."""
        return self.recorder.store.path(file)

    def progress(self, dataset: str) -> Progress:
        """A progress callback that reports under the dataset's name."""

        def report(done: int, total: int) -> None:
            self.report({"event": "progress", "asset": dataset, "done": done, "total": total})

        return report

    def terms(self, source: str) -> list[Terms]:
        """Every statement now believed about the records of a source."""
        return self.recorder.terms_of_source(source)

    def ranks(self, sources: list[str]) -> dict[int, int]:
        """Terms number to rank of rights, lower is better, for all records of some sources: of what was made from others,
        that of the worst of them."""
        found: dict[str, list[Terms]] = {}
        ahead = list(sources)
        while ahead:
            source = ahead.pop()
            if source not in found:
                found[source] = self.terms(source)
                ahead += {parent for terms in found[source] for parent in terms.derived_from}
        stated = {item.number: item.statement() for terms in found.values() for item in terms}
        effective = Effective(stated.get, lambda source: [stated[item.number] for item in found[source]])
        return {
            item.number: rank_of(effective.of(stated[item.number]))
            for source in sources
            for item in found[source]
        }
