"""`documents/<source>`: the text of a snapshot, read, normalised and redacted once."""

from __future__ import annotations

from typing import Any, cast

import expectations.decisions
import expectations.documents
import expectations.parents
import expectations.signals
from assets.frames import frames
from assets.platform import Platform
from assets.recipe import code_version
from assets.step import Checks, Inputs, Step, parts_of
from assets.tags import source_tags
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Source
from lineage_platform.model.versions import Result, Snapshot, Transformation, Version
from lineage_platform.policy.signals.model import RULE_VERSION
from lineage_platform.policy.signals.rows import signals_of
from lineage_platform.policy.terms import terms_of
from lineage_platform.transformations import documents


def documents_step(source: Source) -> Step:
    """The step of one source."""
    parameters = documents.parameters(source)
    roles = {"documents": tables.DOCUMENTS, "decisions": tables.DECISIONS}
    if source.record.signals:
        parameters["signals"] = RULE_VERSION
        roles["signals"] = tables.SIGNALS
    if source.record.parents:
        roles["parents"] = tables.PARENTS

    def run(platform: Platform, inputs: Inputs, _transformation: Transformation, scratch: Place) -> Result:
        return documents.read_documents(
            source,
            cast("Snapshot", inputs[f"source/{source.id}"]),
            terms_of=lambda said: terms_of(source, *said),
            signals_of=signals_of,
            parents={
                name: platform.paths(cast("Version", inputs[f"documents/{name}"]), "documents")
                for name in source.parents
            },
            subject_keys=platform.subject_keys,
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(f"documents/{source.id}"),
        )

    def check(_platform: Platform, inputs: Inputs, result: Result) -> Checks:
        snapshot = cast("Snapshot", inputs[f"source/{source.id}"])
        checks = {
            "documents": expectations.documents.check(
                frames(parts_of(result, "documents"), expectations.documents.COLUMNS),
                snapshot=snapshot.number,
                known_terms={terms.number for terms in result.terms},
                statistics=result.statistics,
                malformed_threshold=source.malformed_threshold,
            ),
            "decisions": expectations.decisions.check(
                frames(parts_of(result, "decisions"), expectations.decisions.COLUMNS),
                statistics=result.statistics,
            ),
        }
        if source.record.signals:
            checks["signals"] = expectations.signals.check(
                frames(parts_of(result, "signals"), expectations.signals.COLUMNS), snapshot=snapshot.number
            )
        if source.record.parents:
            checks["parents"] = expectations.parents.check(
                frames(parts_of(result, "parents"), expectations.parents.COLUMNS),
                snapshot=snapshot.number,
                kind=source.record.parents.kind,
            )
        return checks

    return Step(
        dataset=f"documents/{source.id}",
        description=f"Documents of {source.title}: every record of the newest snapshot read, normalised and redacted "
        "once, with its terms; records that could not become a document are decisions with a reason.",
        upstream=(f"source/{source.id}", *(f"documents/{name}" for name in source.parents)),
        code_version=code_version(documents.CODE_VERSION, parameters),
        transformation=lambda platform, _inputs: _transformation(source, parameters, platform),
        run=run,
        check=check,
        suites=tuple(roles),
        group="sources",
        owners=(source.steward,),
        kinds=frozenset({"parquet", "daft"}),
        tables=roles,
        tags=source_tags([source]),
        check_parameters={"malformed_threshold": source.malformed_threshold},
    )


def _transformation(source: Source, parameters: dict[str, Any], platform: Platform) -> Transformation:
    key = {"subject_key": platform.subject_keys.newest} if source.record.subject else {}
    return Transformation("read-documents", documents.CODE_VERSION, {**parameters, **key})
