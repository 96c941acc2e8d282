"""Statements of terms, and the vocabulary of consent bases."""

from __future__ import annotations

import dataclasses
import json

import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import DeclaredTerms, RecordFields, Source
from lineage_platform.model.terms import NOASSERTION, Evidence, Particulars, Scope, Terms
from lineage_platform.policy import terms as policy_terms
from lineage_platform.policy.vocabulary import lookup, vocabulary

STATED = DeclaredTerms(
    licence="CC-BY-4.0",
    consent_basis="consent",
    personal_data="personal",
    scope=Scope(regions=("CN",)),
    evidence=Evidence("LICENSE", "00" * 32),
    valid_from="2026-01-01",
)
SOURCE = Source(
    id="s",
    title="S",
    publisher="P",
    homepage=None,
    steward="a@example.org",
    location="/data/*.jsonl",
    format="jsonl",
    compression="auto",
    record=RecordFields(),
    terms=(STATED,),
)


def terms_of(source: Source, declared: str | None) -> Terms:
    """The one piece of a source that states one."""
    (terms,) = policy_terms.terms_of(source, declared)
    return terms


def test_a_record_without_a_licence_has_the_sources() -> None:
    terms = terms_of(SOURCE, None)
    assert (terms.licence, terms.licence_status, terms.declared) == ("CC-BY-4.0", "resolved", None)
    assert (terms.consent_basis, terms.consent_iri) == ("consent", "https://w3id.org/dpv#Consent")
    assert (terms.scope, terms.evidence, terms.valid_from) == (STATED.scope, STATED.evidence, "2026-01-01")


def test_a_records_own_licence_replaces_only_the_licence() -> None:
    own = terms_of(SOURCE, "Apache 2.0")
    assert (own.licence, own.declared) == ("Apache-2.0", "Apache 2.0")
    assert own == dataclasses.replace(terms_of(SOURCE, None), licence="Apache-2.0", declared="Apache 2.0")
    assert own.number != terms_of(SOURCE, None).number


@pytest.mark.parametrize("declared", ["", "CC BY", "see website"])
def test_doubt_about_a_record_never_falls_back_to_the_source(declared: str) -> None:
    terms = terms_of(SOURCE, declared)
    assert terms.licence == NOASSERTION
    assert terms.licence_status != "resolved"


def test_a_steward_who_knows_nothing_is_a_gap() -> None:
    silent = dataclasses.replace(SOURCE, terms=(dataclasses.replace(STATED, licence=NOASSERTION),))
    terms = terms_of(silent, None)
    assert (terms.licence, terms.licence_status) == (NOASSERTION, "unknown")
    assert "steward" in terms.licence_note


def test_statements_survive_their_json_form() -> None:
    terms = terms_of(SOURCE, "MIT")
    assert Terms.from_statement(terms.statement()) == terms


def test_particulars_are_kept_as_they_were_stated() -> None:
    particulars = Particulars(
        consent_bases=(("CN", "pipl:13-1"), ("EU", "gdpr:6-1-f")), minors="no", duties=("notice",)
    )
    stated = terms_of(
        dataclasses.replace(SOURCE, terms=(dataclasses.replace(STATED, particulars=particulars),)), "MIT"
    )
    assert stated.particulars == particulars
    said = stated.statement()
    assert said["consent_bases"] == {"CN": "pipl:13-1", "EU": "gdpr:6-1-f"}
    assert said["duties"] == ["notice"] and "transfer" not in said
    assert Terms.from_statement(json.loads(json.dumps(said))) == stated


def test_what_a_source_was_made_from_is_stated_where_it_was_declared() -> None:
    made = terms_of(dataclasses.replace(SOURCE, derived_from=("two",)), None)
    assert made.statement()["derived_from"] == ["two"]
    assert Terms.from_statement(made.statement()) == made
    assert made.number == terms_of(SOURCE, None).number
    assert "derived_from" not in terms_of(SOURCE, None).statement()


def test_vocabulary() -> None:
    assert lookup("gdpr:6-1-a").iri == "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
    assert lookup("explicit-consent").consent
    assert not lookup("contract").consent
    pipl = [basis for name, basis in vocabulary().items() if name.startswith("pipl:")]
    assert len(pipl) == 7
    ours = [basis for basis in vocabulary().values() if "lineage-platform" in basis.iri]
    assert len(ours) == 7 + 6 + 2 + 3 + 3 + 5
    assert all((basis.broader or "").startswith("https://w3id.org/dpv#") for basis in ours)
    assert all(basis.en and basis.zh for basis in vocabulary().values())
    assert len({basis.iri for basis in vocabulary().values()}) == len(vocabulary())


def test_an_unknown_basis_names_the_nearest() -> None:
    with pytest.raises(InvalidInput, match="legitimate-interest") as caught:
        lookup("legitimate-intrest")
    assert caught.value.exit_code == 2
    with pytest.raises(InvalidInput):
        terms_of(dataclasses.replace(SOURCE, terms=(dataclasses.replace(STATED, consent_basis="x"),)), None)
