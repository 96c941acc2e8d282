"""Our runs and changes of terms as OpenLineage 2-0-2 events (https://openlineage.io/spec/2-0-2/OpenLineage.json).

Events are made with the classes of `openlineage-python` and returned as plain dicts, ready for `ledger.canonical`.
Importing this module costs about half a second, so whoever answers questions must not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import metadata
from typing import Any

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
from lineage_platform.events.datasets import add_own_facets, input_dataset, output_dataset, static_dataset
from lineage_platform.events.facets import PRODUCER
from lineage_platform.model.versions import ParentRun, Transformation

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
    why it failed or was aborted, without document text. The counts of the transformation are the output's.

    Raises ValueError for a naive time or a run id that is no UUID.
    """
    event = Serde.to_dict(
        event_v2.RunEvent(
            eventTime=own.timestamp(time),
            producer=PRODUCER,
            eventType=event_v2.RunState[state],
            run=event_v2.Run(run_id, _run_facets(parent, error)),
            job=event_v2.Job(namespace, job, _job_facets(owner, description)),
            inputs=[input_dataset(dataset, namespace) for dataset in inputs],
            outputs=[output_dataset(dataset, namespace) for dataset in outputs],
        )
    )
    if transformation is not None:
        statistics = next((dataset.statistics for dataset in outputs if dataset.statistics is not None), None)
        event["run"]["facets"][own.TRANSFORMATION] = own.transformation_facet(transformation, statistics)
    for made, dataset in zip([*event["inputs"], *event["outputs"]], [*inputs, *outputs], strict=True):
        add_own_facets(made, dataset)
    return event


def dataset_event(
    *, time: datetime, namespace: str, dataset: EventDataset, facets: Mapping[str, own.Facet] | None = None
) -> dict[str, Any]:
    """A change of what a dataset is, outside any run: its terms, owner or description, or what `facets` of ours say.

    Raises ValueError for a naive time.
    """
    made = static_dataset(dataset, namespace)
    event = Serde.to_dict(
        event_v2.DatasetEvent(eventTime=own.timestamp(time), producer=PRODUCER, dataset=made)
    )
    add_own_facets(event["dataset"], dataset)
    event["dataset"]["facets"] |= facets or {}
    return event


def _run_facets(parent: ParentRun | None, error: str | None) -> dict[str, Any]:
    engine = facet_v2.processing_engine_run.ProcessingEngineRunFacet(
        version=metadata.version(_ENGINE),
        name=_ENGINE,
        openlineageAdapterVersion=metadata.version("lineage-platform"),
        producer=PRODUCER,
    )
    facets: dict[str, Any] = {"processing_engine": engine}
    if parent is not None:
        facets["parent"] = facet_v2.parent_run.ParentRunFacet(
            run=facet_v2.parent_run.Run(parent.run_id, facets=None),
            job=facet_v2.parent_run.Job(parent.namespace, parent.job, facets=None),
            producer=PRODUCER,
        )
    if error is not None:
        facets["errorMessage"] = facet_v2.error_message_run.ErrorMessageRunFacet(
            message=error.encode(errors="replace").decode(), programmingLanguage="PYTHON", producer=PRODUCER
        )
    return facets


def _job_facets(owner: str | None, description: str | None) -> dict[str, Any]:
    facets: dict[str, Any] = {
        "jobType": facet_v2.job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="DAGSTER", jobType="ASSET", producer=PRODUCER
        )
    }
    if owner is not None:
        steward = facet_v2.ownership_job.Owner(name=owner, type="STEWARD")
        facets["ownership"] = facet_v2.ownership_job.OwnershipJobFacet(owners=[steward], producer=PRODUCER)
    if description is not None:
        facets["documentation"] = facet_v2.documentation_job.DocumentationJobFacet(
            description=description, contentType="text/plain", producer=PRODUCER
        )
    return facets
