"""Our runs and changes of terms as OpenLineage 2-0-2 events (https://openlineage.io/spec/2-0-2/OpenLineage.json).

Events are made with the classes of `openlineage-python` and returned as plain dicts, ready for `ledger.canonical`.
Importing this module costs about half a second, so whoever answers questions must not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import pyarrow as pa
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

from lineage_platform.events import facets as own
from lineage_platform.events.arguments import (
    ColumnInput,
    ColumnLineage,
    EventDataset,
    Manifest,
    RunState,
    Size,
    TermsCount,
)
from lineage_platform.model.versions import CheckResult, ParentRun, Transformation

__all__ = [
    "ColumnInput",
    "ColumnLineage",
    "EventDataset",
    "Manifest",
    "RunState",
    "Size",
    "TermsCount",
    "dataset_event",
    "run_event",
]

_ENGINE = "daft"


def run_event(
    state: RunState,
    *,
    run_id: str,
    time: datetime,
    namespace: str,
    job: str,
    parent: ParentRun | None = None,
    inputs: Sequence[EventDataset] = (),
    outputs: Sequence[EventDataset] = (),
    transformation: Transformation | None = None,
    owner: str | None = None,
    description: str | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    """A change of state of a run. `job` is the name of the dataset it makes; `time` must know its zone; `error` says
    why it failed or was aborted, without document text. Raises ValueError for a naive time or a run id that is no UUID.
    """
    raise NotImplementedError


def dataset_event(*, time: datetime, namespace: str, dataset: EventDataset) -> dict[str, Any]:
    """A change of what a dataset is, outside any run: its terms, owner or description."""
    raise NotImplementedError
