"""The inputs and outputs of an event, with their facets."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from openlineage.client import event_v2, facet_v2

from lineage_platform.events import facets as own
from lineage_platform.events.arguments import ColumnInput, ColumnLineage, EventDataset, Size
from lineage_platform.events.facets import PRODUCER

_TAG_SOURCE = "INTEGRATION"


def input_dataset(dataset: EventDataset, namespace: str) -> event_v2.InputDataset:
    """What a run read: its checks and size are input facets, as the specification has them."""
    facets: dict[str, Any] = {}
    if (size := _size(dataset)) is not None:
        facets["inputStatistics"] = facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=size.rows, size=size.bytes, fileCount=size.files, producer=PRODUCER
        )
    facets |= _assertions(dataset)
    return event_v2.InputDataset(
        namespace, dataset.name, facets=_common(dataset, namespace), inputFacets=facets
    )


def output_dataset(dataset: EventDataset, namespace: str) -> event_v2.OutputDataset:
    """What a run made. Its checks are a dataset facet: they hold for the version, whoever reads it."""
    facets: dict[str, Any] = {}
    if (size := _size(dataset)) is not None:
        facets["outputStatistics"] = (
            facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=size.rows, size=size.bytes, fileCount=size.files, producer=PRODUCER
            )
        )
    common = _common(dataset, namespace) | _assertions(dataset)
    return event_v2.OutputDataset(namespace, dataset.name, facets=common, outputFacets=facets)


def static_dataset(dataset: EventDataset, namespace: str) -> event_v2.StaticDataset:
    """What is said of a dataset outside any run."""
    return event_v2.StaticDataset(
        namespace, dataset.name, facets=_common(dataset, namespace) | _assertions(dataset)
    )


def add_own_facets(made: dict[str, Any], dataset: EventDataset) -> None:
    """Put our facets into a serialised dataset: after serialising, because the client drops nulls."""
    if dataset.terms:
        made["facets"][own.TERMS] = own.terms_facet(dataset.terms)
    if dataset.manifest is not None and "outputFacets" in made:
        made["outputFacets"][own.MANIFEST] = own.manifest_facet(dataset.manifest)


def _common(dataset: EventDataset, namespace: str) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if dataset.version is not None:
        facets["version"] = facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=dataset.version, producer=PRODUCER
        )
    if dataset.description is not None:
        facets["documentation"] = facet_v2.documentation_dataset.DocumentationDatasetFacet(
            description=dataset.description, contentType="text/plain", producer=PRODUCER
        )
    if dataset.owner is not None:
        owner = facet_v2.ownership_dataset.Owner(name=dataset.owner, type="STEWARD")
        facets["ownership"] = facet_v2.ownership_dataset.OwnershipDatasetFacet(
            owners=[owner], producer=PRODUCER
        )
    if dataset.fields is not None:
        facets["schema"] = _schema(dataset.fields)
    if dataset.column_lineage is not None:
        facets["columnLineage"] = _column_lineage(dataset.column_lineage, namespace)
    if dataset.terms:
        facets["tags"] = _tags(dataset)
    return facets


def _size(dataset: EventDataset) -> Size | None:
    if dataset.size is not None or dataset.statistics is None:
        return dataset.size
    files = dataset.manifest.files if dataset.manifest is not None else None
    return Size(dataset.statistics.documents, dataset.statistics.bytes, files)


def _schema(schema: pa.Schema) -> facet_v2.schema_dataset.SchemaDatasetFacet:
    def name(kind: pa.DataType) -> str:
        return str(kind.value_type if pa.types.is_dictionary(kind) else kind)

    fields = [
        facet_v2.schema_dataset.SchemaDatasetFacetFields(
            name=field.name, type=name(field.type), ordinal_position=position, fields=None
        )
        for position, field in enumerate(schema, start=1)
    ]
    return facet_v2.schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)


def _column_lineage(
    lineage: ColumnLineage, namespace: str
) -> facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet:
    module = facet_v2.column_lineage_dataset

    def source(item: ColumnInput) -> Any:
        step = module.Transformation(
            type=item.type, subtype=item.subtype, description=item.description, masking=item.masking
        )
        return module.InputField(namespace, item.dataset, item.field, [step])

    fields = {name: module.Fields([source(item) for item in items]) for name, items in lineage.fields.items()}
    dataset = [source(item) for item in lineage.dataset]
    return module.ColumnLineageDatasetFacet(fields=fields, dataset=dataset, producer=PRODUCER)


def _tags(dataset: EventDataset) -> facet_v2.tags_dataset.TagsDatasetFacet:
    """What may be searched by: the distinct licences, consent bases and personal-data classes of the terms listed, but
    for terms that no document has."""
    listed = [entry for entry in own.by_documents(dataset.terms)[: own.MAX_TERMS] if entry[1] != 0]
    pairs = {
        pair
        for (terms, *_), _documents, _tokens in listed
        for pair in (
            ("licence", terms.licence),
            ("consent-basis", terms.consent_basis),
            ("personal-data", terms.personal_data),
        )
    }
    field = facet_v2.tags_dataset.TagsDatasetFacetFields
    tags = [field(key=key, value=value, source=_TAG_SOURCE) for key, value in sorted(pairs)]
    return facet_v2.tags_dataset.TagsDatasetFacet(tags=tags, producer=PRODUCER)


def _assertions(dataset: EventDataset) -> dict[str, Any]:
    if not dataset.checks:
        return {}
    module = facet_v2.data_quality_assertions_dataset
    assertions = [
        module.Assertion(
            assertion=check.name,
            success=check.success,
            column=check.column,
            severity=check.severity,
            expected=check.expected,
            actual=check.actual,
            params=None,
        )
        for check in dataset.checks
    ]
    facet = module.DataQualityAssertionsDatasetFacet(assertions=assertions, producer=PRODUCER)
    return {"dataQualityAssertions": facet}
