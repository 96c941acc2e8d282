"""TDMRep: first matching rule, and each technique over the one before."""

from __future__ import annotations

import json
from itertools import product

import pytest

from lineage_platform.policy.signals import Signal, effective, forms, tdmrep

NOW = "2026-11-22T10:00:00Z"
URL = "https://e.org/dir/html/a.html"
POLICY = "https://e.org/policy.json"


def read(
    file: object = None,
    headers: object = None,
    html: str | None = None,
    metadata: str | None = None,
    url: str | None = URL,
) -> list[Signal]:
    return tdmrep.read(
        file=None if file is None else forms.as_bytes(file),
        headers=headers,
        page=None if html is None else forms.page(html.encode()),
        metadata=None if metadata is None else metadata.encode(),
        url=url,
        observed_at=NOW,
    )


def rule(location: str, value: object, **more: str) -> dict[str, object]:
    return {"location": location, "tdm-reservation": value, **more}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule("/", 1)], "n"),
        ([rule("/", 0)], "y"),
        ([rule("/", "1")], "n"),
        ([rule("/other/", 1)], "unknown"),
        ([rule("/dir/html/", 0), rule("/", 1)], "y"),
        ([rule("/", 1), rule("/dir/html/", 0)], "n"),
        ([rule("/dir/*.html", 1)], "n"),
        ([rule("/dir/*.htm$", 1)], "unknown"),
        ([rule("/DIR/", 1)], "unknown"),
        ([rule("/", 2)], "unknown"),
        ([rule("/", True)], "unknown"),
        ([rule("/", None)], "unknown"),
        ([rule("/", 2), rule("/", 1)], "unknown"),
        ([{"tdm-reservation": 1}, 7, rule("/", 1)], "n"),
        ([], "unknown"),
        ({"location": "/", "tdm-reservation": 1}, "unknown"),
        (b"[{", "unknown"),
    ],
)
def test_the_first_matching_rule_of_the_file(rules: object, expected: str) -> None:
    (signal,) = read(file=rules)
    assert signal.parsed == {"tdm": expected, "train-ai": expected}
    assert ("problem" in signal.details) == (expected == "unknown")


def test_without_a_url_only_a_rule_for_the_site_counts() -> None:
    assert effective(read(file=[rule("/x", 0), rule("/", 1)], url=None)).train == "n"
    assert effective(read(file=[rule("/x", 1)], url=None)).train == "unknown"


@pytest.mark.parametrize(("file", "header", "html", "embedded"), list(product([None, 0, 1, 7], repeat=4)))
def test_later_techniques_override_earlier_ones(
    file: int | None, header: int | None, html: int | None, embedded: int | None
) -> None:
    got = read(
        file=None if file is None else [rule("/", file)],
        headers={} if header is None else {"tdm-reservation": str(header)},
        html=None if html is None else f'<meta name="tdm-reservation" content="{html}">',
        metadata=None
        if embedded is None
        else f'<package><meta name="tdm:reservation" content="{embedded}"/></package>',
    )
    valid = [value for value in (file, header, html, embedded) if value in (0, 1)]
    expected = {1: "n", 0: "y"}[valid[-1]] if valid else "unknown"
    assert effective(got).train == expected
    assert sum(signal.parsed["tdm"] != "unknown" for signal in got) == bool(valid)


@pytest.mark.parametrize(
    "metadata",
    [
        '<package><metadata><meta name="tdm:reservation" content="1"/>'
        f'<meta name="tdm:policy" content="{POLICY}"/></metadata></package>',
        '<package prefix="tdm: http://www.w3.org/ns/tdmrep#"><meta property="tdm:reservation">1</meta>'
        f'<meta property="tdm:policy">{POLICY}</meta></package>',
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description xmlns:t="http://www.w3.org/ns/tdmrep/">'
        f"<t:reservation>1</t:reservation><t:policy>{POLICY}</t:policy></r:Description></r:RDF>",
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description xmlns:t="http://www.w3.org/ns/tdmrep/" '
        f't:reservation="1" t:policy="{POLICY}"/></r:RDF>',
    ],
)
def test_metadata_of_epub_and_pdf(metadata: str) -> None:
    (signal,) = read(metadata=metadata)
    assert (signal.parsed["tdm"], signal.policy_uri) == ("n", POLICY)


def test_a_policy_stays_where_the_later_technique_names_none() -> None:
    got = read(
        file=[rule("/", 1, **{"tdm-policy": POLICY})], html='<META NAME="TDM-Reservation" CONTENT=" 1 ">'
    )
    assert [(signal.parsed["tdm"], signal.policy_uri) for signal in got] == [
        ("unknown", POLICY),
        ("n", POLICY),
    ]
    assert got[0].details == {"superseded by": "html meta tdm-reservation"}


def test_two_values_of_one_technique_reserve() -> None:
    assert effective(read(headers=[("TDM-Reservation", "0"), ("tdm-reservation", "1")])).train == "n"


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE p [<!ENTITY a "1">]><p><meta name="tdm:reservation" content="&a;"/></p>'
    assert read(metadata=bomb) == []


def test_the_file_may_be_parsed_already() -> None:
    rules = [rule("/", 1)]
    assert read(file=rules)[0].parsed == read(file=json.dumps(rules))[0].parsed
