"""`source/<id>`: what stands at a source's location now, as a snapshot; nothing is copied."""

import time

import dagster as dg

import expectations.sources
from assets import checks
from assets.factory import failure, parent_of
from assets.metadata import table
from assets.orphans import mark_process
from assets.platform import Platform
from assets.tags import source_tags
from lineage_platform.errors import LineageError
from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import ParentRun, Snapshot
from lineage_platform.policy.terms import terms_of
from lineage_platform.policy.vocabulary import vocabulary
from lineage_platform.transformations import reading

SUITE = "sources"


def source_asset(source: Source) -> dg.AssetsDefinition:
    """The asset of one source: it hashes the files, and its data version is the digest of the snapshot."""
    dataset = f"source/{source.id}"

    @dg.asset(
        key=dataset.split("/"),
        description=_description(source),
        group_name="sources",
        owners=[source.steward],
        kinds={source.format.replace("-", "_"), "source"},
        tags=source_tags([source]),
        metadata={
            "location": source.location,
            **({"homepage": dg.MetadataValue.url(source.homepage)} if source.homepage else {}),
        },
        check_specs=[checks.spec(SUITE, dataset.split("/"))],
    )
    def observe(
        context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads a subscripted one as a value
        started = time.monotonic()
        platform.report({"event": "start", "asset": dataset})
        try:
            mark_process(context)
            snapshot, terms = _observe(source, platform, parent_of(context))
        except LineageError as error:
            platform.report({"event": "failed", "asset": dataset, "error": str(error)})
            raise failure(error, context.retry_number) from error
        outcome = expectations.sources.check(
            source=source,
            snapshot=snapshot,
            terms=terms,
            withdrawable={basis.name for basis in vocabulary().values() if basis.consent},
        )
        seconds = round(time.monotonic() - started, 3)
        platform.report({"event": "done", "asset": dataset, "seconds": seconds, "rows": len(snapshot.files)})
        return dg.MaterializeResult(
            metadata={
                "snapshot": snapshot.id,
                "snapshot_number": snapshot.number,
                "files": len(snapshot.files),
                "bytes": sum(file.bytes for file in snapshot.files),
                "observed_at": snapshot.observed_at,
                "terms": _terms_table(terms),
            },
            data_version=dg.DataVersion(snapshot.digest),
            check_results=checks.results(checks.flat({SUITE: outcome}), [SUITE]),
        )

    return observe


def _observe(source: Source, platform: Platform, parent: ParentRun) -> tuple[Snapshot, list[Terms]]:
    name = f"source/{source.id}"
    content, files = reading.observe(source, engine=platform.engine, progress=platform.progress(name))
    declared = {terms.declared for terms in platform.terms(source.id)} | {None}
    terms = sorted((terms_of(source, item) for item in declared), key=lambda item: item.declared or "")
    return platform.recorder.observe(source, content, files, parent, terms), terms


def _description(source: Source) -> str:
    terms = source.terms
    return (
        f"{source.title}, published by {source.publisher}. Licence {terms.licence}, consent basis "
        f"{terms.consent_basis}, personal data: {terms.personal_data}."
    )


def _terms_table(terms: list[Terms]) -> dg.TableMetadataValue:
    rows = [
        {
            "declared": item.declared or "(source)",
            "licence": item.licence,
            "status": item.licence_status,
            "note": item.licence_note,
            "consent_basis": item.consent_basis,
            "personal_data": item.personal_data,
        }
        for item in terms
    ]
    return table(
        rows,
        dict.fromkeys(("declared", "licence", "status", "note", "consent_basis", "personal_data"), "string"),
    )
