"""Who has a corpus version: the releases made of it, and the models that came out of training runs that read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from lineage_platform.audit.answers import Answer, Gap, ModelUse, ReleaseUse, plain
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.releases import release_of
from lineage_platform.catalog.forms import rfc3339
from lineage_platform.catalog.rows import ReleaseRow, TrainingRow


@dataclass(frozen=True)
class Consumers:
    """Releases of some corpus versions, those that were refused left out, and the models made of them."""

    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()

    @property
    def ledger_indexes(self) -> set[int]:
        """The entries that state them."""
        return {item.ledger_index for item in self.releases} | {item.ledger_index for item in self.models}


@dataclass(frozen=True)
class TrainingRuns(Answer):
    """Training runs, oldest first: `lineage train-run list`."""

    models: tuple[ModelUse, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a run."""
        return [plain(item) for item in self.models]


def consumers(catalog: Catalog, corpus: str, versions: Collection[str]) -> Consumers:
    """The releases and models that have one of some versions of a corpus."""
    found = [row for row in catalog.releases(corpus) if row.made_of in versions and row.stands != "refused"]
    return Consumers(tuple(map(_release, found)), _models(catalog, [row.id for row in found]))


def consumers_of(
    catalog: Catalog, asked: Iterable[tuple[str, str]], hit: Collection[str]
) -> tuple[Consumers, list[Gap]]:
    """The releases and models that have one of the versions `hit`; a gap for every corpus of which others have versions that
    were not `asked` about, which are (corpus, version)."""
    versions: dict[str, list[str]] = {}
    for corpus, version in asked:
        versions.setdefault(corpus, []).append(version)
    releases: list[ReleaseUse] = []
    models: list[ModelUse] = []
    gaps: list[Gap] = []
    for corpus, own in versions.items():
        found = consumers(catalog, corpus, [version for version in own if version in hit])
        releases += found.releases
        models += found.models
        gaps += _others(catalog, corpus, own)
    return Consumers(tuple(releases), tuple(models)), gaps


def _others(catalog: Catalog, corpus: str, asked: Collection[str]) -> list[Gap]:
    rows = [row for row in catalog.releases(corpus) if row.made_of not in asked and row.stands != "refused"]
    if not rows:
        return []
    models = len(_models(catalog, [row.id for row in rows]))
    note = f"{len(rows)} releases and {models} models are of versions not asked about: --all-versions asks them too"
    return [Gap("other-releases", corpus, note)]


def list_training_runs(catalog: Catalog, release: str | None) -> TrainingRuns:
    """All training runs, or those that read a release (by name: see `release_of`). Raises NotFound."""
    with catalog.snapshot():
        chosen = None if release is None else [release_of(catalog.releases(), release).id]
        return TrainingRuns(_models(catalog, chosen))


def _models(catalog: Catalog, releases: Collection[str] | None) -> tuple[ModelUse, ...]:
    if releases is not None and not releases:
        return ()
    return tuple(map(_model, catalog.training_runs(releases)))


def _release(row: ReleaseRow) -> ReleaseUse:
    asked = row.transformation.parameters
    return ReleaseUse(
        row.id,
        row.made_of,
        row.stands,
        tuple(asked["uses"]),
        tuple(asked["jurisdictions"]),
        rfc3339(row.committed_at),
        row.ledger_index,
    )


def _model(row: TrainingRow) -> ModelUse:
    return ModelUse(
        model=row.model,
        model_version=row.model_version,
        release=row.release_id,
        job=row.job,
        run_id=row.run_id,
        uri=row.details.get("uri"),
        sha256=row.details.get("sha256"),
        author=row.details.get("author"),
        ended_at=rfc3339(row.ended_at),
        recorded_at=rfc3339(row.recorded_at),
        ledger_index=row.ledger_index,
    )
