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
from lineage_platform.errors import LineageError, NotFound
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import Said
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import CheckResult, ParentRun, Snapshot
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
            before = _newest(source, platform)
            snapshot, terms, outcome = _observe(source, platform, parent_of(context))
        except LineageError as error:
            platform.report({"event": "failed", "asset": dataset, "error": str(error)})
            raise failure(error, context.retry_number) from error
        for check in outcome:
            if not check.success:
                platform.report(
                    {
                        "event": "check",
                        "asset": dataset,
                        "name": check.name,
                        "passed": False,
                        "severity": check.severity,
                    }
                )
        platform.report(
            {
                "event": "done",
                "asset": dataset,
                "seconds": round(time.monotonic() - started, 3),
                "rows": len(snapshot.files),
                "unchanged": before is not None and before.id == snapshot.id,
            }
        )
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
            check_results=checks.results(outcome, [SUITE]),
        )

    return observe


def _newest(source: Source, platform: Platform) -> Snapshot | None:
    try:
        return platform.recorder.snapshot(source.id, usable=False)
    except NotFound:
        return None


def _observe(
    source: Source, platform: Platform, parent: ParentRun
) -> tuple[Snapshot, list[Terms], tuple[CheckResult, ...]]:
    """What was recorded: the snapshot, the statements about its records, and what the suite says of both."""
    name = f"source/{source.id}"
    since = platform.recorder.terms_entry(source.id)
    content, files = reading.observe(source, engine=platform.engine, progress=platform.progress(name))
    said = {terms.said for terms in platform.terms(source.id)} | {Said()}
    terms = [
        piece
        for item in sorted(said, key=lambda item: (item.declared or "", item.opt_out or "", item.parents))
        for piece in terms_of(source, *item)
    ]
    found = expectations.sources.check(
        source=source,
        files=files,
        terms=terms,
        withdrawable={basis.name for basis in vocabulary().values() if basis.consent},
    )
    outcome = checks.flat({SUITE: found})
    return platform.recorder.observe(source, content, files, parent, terms, outcome, since), terms, outcome


def _description(source: Source) -> str:
    terms = source.terms_on()
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
