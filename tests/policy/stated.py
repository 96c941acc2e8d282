"""Statements of terms for tests of policies: one that nothing forbids, and any."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from lineage_platform.policy.facts import vocabulary

DAY = date(2026, 11, 22)
USES = tuple(vocabulary()["uses"])
JURISDICTIONS = tuple(vocabulary()["jurisdictions"])
OPERATOR: dict[str, Any] = {"size": "large", "crosses_border": "no", "recipients": ["us"]}
CLEAN: dict[str, Any] = {
    "source": "clean",
    "declared": None,
    "licence": "CC0-1.0",
    "licence_status": "resolved",
    "licence_note": "",
    "consent_basis": "not-personal-data",
    "consent_iri": "https://w3id.org/dpv#NonPersonalData",
    "personal_data": "none",
    "scope": {"fields": [], "regions": [], "uses": [], "grantees": []},
    "evidence": {"uri": "LICENSE", "sha256": "0" * 64},
    "valid_from": None,
    "valid_to": None,
    "kind": "open-dataset",
    "important_data": "general",
    "collected_lawfully": "yes",
    "opt_out": "y",
    "basis": "concluded",
}
PEOPLE: dict[str, Any] = {
    "personal_data": "personal",
    "consent_basis": "consent",
    "consent_status": "given",
    "consent_records": ["records/1"],
    "minors": "no",
}


def _words(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(vocabulary()["facts"][name].get("values", ("yes", "no", "unknown")))


def _some(*words: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=3).map(sorted)


def _by(*values: str) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(
        st.sampled_from(("CN", "EU", "GB", "JP", "US")), st.sampled_from(values), max_size=2
    )


_LICENCES = (
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "ODbL-1.0",
    "CC-BY-NC-4.0",
    "CC-BY-ND-4.0",
    "MIT OR Apache-2.0",
    "LicenseRef-x",
)
_RESOLVED = st.fixed_dictionaries(
    {"licence": st.sampled_from(_LICENCES), "licence_status": st.just("resolved"), "declared": st.none()}
)
_GAPS = st.sampled_from(
    [
        {"licence": "NOASSERTION", "licence_status": "unknown", "declared": None},
        {"licence": "NOASSERTION", "licence_status": "ambiguous", "declared": "BSD"},
    ]
)
_REST = st.fixed_dictionaries(
    {
        "source": st.sampled_from(("a", "b", "c")),
        "personal_data": st.sampled_from(("none", "pseudonymised", "personal", "sensitive", "unknown")),
        "consent_basis": st.sampled_from(("not-personal-data", "consent", "gdpr:6-1-f", "pipl:13-1", "unknown")),
        "scope": st.fixed_dictionaries(
            {
                "fields": _some("title", "text"),
                "regions": _some("CN", "EU", "US"),
                "uses": _some("training", "research"),
                "grantees": _some("us", "them"),
            }
        ),
        "evidence": st.sampled_from((None, {"uri": "x", "sha256": None}, {"uri": "x", "sha256": "0" * 64})),
        "valid_from": st.sampled_from((None, "2026-01-01", "2026-11-22", "2027-01-01")),
        "valid_to": st.sampled_from((None, "2027-01-02", "2030-01-01")),
    },
    optional={
        "consent_status": _words("consent_status"),
        "consent_records": _some("r/1", "r/2"),
        "separate_consent": _some("provide", "sensitive", "abroad", "guardian"),
        "minors": _words("minors"),
        "anonymisation": st.sampled_from(("none", "deidentified", "anonymised", "unknown")),
        "important_data": _words("important_data"),
        "copyright_basis": _by("licence", "public-domain", "exception:DSM-4", "none", "unknown"),
        "consent_bases": _by("consent", "gdpr:6-1-a", "unknown"),
        "duties": _some("attribution", "notice", "revenue-share"),
        "embargo_until": st.sampled_from(("2026-11-22", "2026-12-01")),
        "embargo_then": st.sampled_from(("open", "review")),
        "transfer": _words("transfer"),
        "generators": _some("gpt", "llama"),
        "generator_terms": st.sampled_from(("MIT", "LicenseRef-scancode-openai-tou-20241211")),
        "opt_out": _words("training_signal"),
        "kind": _words("kind"),
        "collected_lawfully": _words("collected_lawfully"),
        "basis": _words("basis"),
    },
)  # fmt: skip
STATEMENTS = st.builds(lambda licence, rest: {**CLEAN, **licence, **rest}, _RESOLVED | _GAPS, _REST)
"""Any statement, contradictions among its words included; its dates do not contradict each other."""
