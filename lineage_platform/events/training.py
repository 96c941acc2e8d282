"""A training run as an OpenLineage event: it read a release and gave a model. We did not run it, so we say no more of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.datasets import input_dataset, output_dataset
from lineage_platform.events.facets import PRODUCER, TRAINING, timestamp, training_facet
from lineage_platform.model.training import TrainingRun


def model_dataset(model: str) -> str:
    """The dataset whose versions are the versions of a model."""
    return f"model/{model}"


def training_event(
    run: TrainingRun, *, run_id: str, time: datetime, ended_at: datetime, namespace: str, dataset: str
) -> dict[str, Any]:
    """The run as COMPLETE at `time`, when it was recorded; `ended_at` is when the model was made, `dataset` the release's.

    Raises ValueError for a time without a zone.
    """
    facets: dict[str, Any] = {
        "jobType": facet_v2.job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="EXTERNAL", jobType="TRAINING", producer=PRODUCER
        )
    }
    model = EventDataset(model_dataset(run.model), version=run.model_version)
    event = Serde.to_dict(
        event_v2.RunEvent(
            eventTime=timestamp(time),
            producer=PRODUCER,
            eventType=event_v2.RunState.COMPLETE,
            run=event_v2.Run(run_id, {}),
            job=event_v2.Job(namespace, run.job, facets),
            inputs=[input_dataset(EventDataset(dataset, version=run.release), namespace)],
            outputs=[output_dataset(model, namespace)],
        )
    )
    event["run"]["facets"] = {TRAINING: training_facet(run, ended_at)}
    return event
