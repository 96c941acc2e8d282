"""Filled forms -> the model's definitions, with locations made absolute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lineage_platform.model.definitions import (
    Corpus,
    DeclaredTerms,
    Deduplication,
    MinHash,
    RecordFields,
    ShardSpec,
    Source,
    TokenizerSpec,
    WeightedSource,
)
from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.model.terms import NOASSERTION, Evidence, Particulars, Scope
from lineage_platform.workspace.corpus_form import CorpusForm
from lineage_platform.workspace.release_form import ExceptionForm, ReleaseForm
from lineage_platform.workspace.source_form import SourceForm
from lineage_platform.workspace.terms_pieces import Piece


def to_source(form: SourceForm, location: str, terms: Sequence[DeclaredTerms]) -> Source:
    """The source of a form; `location` is absolute, `terms` are put together."""
    return Source(
        id=form.id,
        title=form.title,
        publisher=form.publisher,
        homepage=form.homepage,
        steward=form.steward,
        location=location,
        format=form.format,
        compression=form.compression,
        record=RecordFields.from_form(form.record.model_dump()),
        terms=tuple(terms),
        malformed_threshold=form.malformed_threshold,
        max_record_bytes=form.max_record_bytes,
        distributions=tuple(form.distributions),
        exclude=tuple(form.exclude),
        encoding=form.encoding,
        derived_from=tuple(form.derived_from),
    )


def to_terms(
    piece: Piece, evidence: Mapping[str, str | None], consent_bases: Mapping[str, str]
) -> DeclaredTerms:
    """The terms of a piece; `evidence` is the SHA-256 of what it refers to by URI, `consent_bases` the name of a basis by
    name or IRI."""
    form, scope = piece.form, piece.form.scope
    said = form.model_dump(include=set(Particulars.__dataclass_fields__))
    named = {place: consent_bases.get(basis, basis) for place, basis in form.consent_bases.items()}
    particulars = Particulars.from_stated({**said, "consent_bases": named})
    basis = form.consent_basis or "unknown"
    return DeclaredTerms(
        licence=form.licence or NOASSERTION,
        consent_basis=consent_bases.get(basis, basis),
        personal_data=form.personal_data or "unknown",
        scope=Scope(tuple(scope.fields), tuple(scope.regions), tuple(scope.uses), tuple(scope.grantees)),
        evidence=Evidence(form.evidence.uri, evidence.get(form.evidence.uri)) if form.evidence else None,
        valid_from=form.valid_from,
        valid_to=form.valid_to,
        particulars=replace(particulars, assertions=piece.assertions),
    )


def to_corpus(form: CorpusForm, tokenizer_path: str | None) -> Corpus:
    """The recipe of a form; `tokenizer_path` is absolute."""
    minhash = form.deduplication.minhash
    return Corpus(
        id=form.id,
        title=form.title or form.id,
        purpose=form.purpose,
        steward=form.steward,
        sources=tuple(WeightedSource(item.id, item.weight) for item in form.sources),
        quality=form.quality,
        deduplication=Deduplication(
            exact=form.deduplication.exact, minhash=MinHash(**minhash.model_dump()) if minhash else None
        ),
        tokenizer=TokenizerSpec(
            path=tokenizer_path, vocabulary=form.tokenizer.train.vocabulary if form.tokenizer.train else None
        ),
        shards=ShardSpec(
            tokens=form.shards.tokens,
            formats=tuple(form.shards.format),
            seed=form.shards.seed,
            layout=form.shards.layout,
        ),
        seed=form.seed,
        schedule=form.schedule,
        timezone=form.timezone,
        release=_release(form.release) if form.release else None,
    )


def _release(form: ReleaseForm) -> ReleaseSpec:
    return ReleaseSpec(
        uses=tuple(dict.fromkeys(form.uses)),
        jurisdictions=tuple(dict.fromkeys(form.jurisdictions)),
        recipients=tuple(form.recipients),
        regions=tuple(form.regions),
        admit=form.admit,
    )


def to_exception(form: ExceptionForm) -> PolicyException:
    """The decision of a form."""
    return PolicyException.from_stored(form.model_dump())
