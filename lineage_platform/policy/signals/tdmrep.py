"""TDM Reservation Protocol (W3C Community Group, final report; text of 2025-12-07): rights to text and data mining.

Four places, each over the one before: file on the server, HTTP header, HTML `meta`, metadata of an EPUB or PDF. What is
absent or invalid (any value but 0 and 1) sets nothing. Training of models is mining (regulation (EU) 2024/1689, art.
53(1)(c)), so a reservation refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from lineage_platform.policy.signals import forms, paths
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal

SCHEME: Final = Scheme("tdmrep", "W3C CG final report, text of 2025-12-07")
_NAMESPACE: Final = re.compile(r"\{http://www\.w3\.org/ns/tdmrep[/#]?\}(reservation|policy)")
_VALUES: Final[dict[str, Answer]] = {"1": "n", "0": "y"}


@dataclass(frozen=True)
class _Said:
    location: str
    raw: bytes
    reservation: str | None
    policy: str | None = None
    problem: str = "tdm-reservation is neither 0 nor 1"

    @property
    def answer(self) -> Answer:
        return _VALUES.get((self.reservation or "").strip(), "unknown")


def read(
    *,
    file: bytes | None = None,
    headers: object = None,
    page: forms.Page | None = None,
    metadata: bytes | None = None,
    url: str | None,
    observed_at: str,
) -> list[Signal]:
    """The reservations of one document, in the order of precedence; only the last valid one answers, the others are kept
    as superseded. `metadata` is the XMP packet of a PDF or the package document of an EPUB."""
    said = [
        *(_from_file(file, url) if file is not None else ()),
        *_from_headers(headers),
        *(_from_page(page) if page is not None else ()),
        *(_from_metadata(metadata) if metadata is not None else ()),
    ]
    decisive = max((number for number, one in enumerate(said) if one.answer != "unknown"), default=None)
    policy = next((one.policy for one in reversed(said) if one.policy), None)
    signals = []
    for number, one in enumerate(said):
        if decisive is not None and number < decisive:
            details = {"superseded by": said[decisive].location}
            one = replace(one, reservation=None)
        else:
            details = {"problem": one.problem} if one.answer == "unknown" else {}
        parsed: dict[Category, Answer] = {"tdm": one.answer, "train-ai": one.answer}
        uri = (one.policy or policy) if number == decisive else one.policy
        signals.append(SCHEME.signal(one.location, one.raw, observed_at, parsed, uri, details))
    return signals


def _from_file(raw: bytes, url: str | None) -> list[_Said]:
    """The first rule whose pattern matches decides; without a URL only one for the whole site does."""
    rules = forms.json_value(raw)
    if not isinstance(rules, list):
        return [_Said("/.well-known/tdmrep.json", raw, None, problem="not a JSON array of rules")]
    where = paths.target(url)
    for number, rule in enumerate(rules, start=1):
        if not isinstance(rule, dict) or not isinstance(location := rule.get("location"), str):
            continue
        pattern = paths.encoded(location.strip())
        if paths.matches(pattern, where) if where is not None else pattern in ("/", "/*", "*"):
            value, policy = rule.get("tdm-reservation"), rule.get("tdm-policy")
            return [
                _Said(
                    f"/.well-known/tdmrep.json rule {number}",
                    raw,
                    str(value) if isinstance(value, int | str) and not isinstance(value, bool) else None,
                    policy if isinstance(policy, str) else None,
                )
            ]
    return [_Said("/.well-known/tdmrep.json", raw, None, problem="no rule is for this document")]


def _from_headers(headers: object) -> list[_Said]:
    reservations = forms.header(headers, "tdm-reservation")
    policy = next(iter(forms.header(headers, "tdm-policy")), None)
    if not reservations and policy is None:
        return []
    raw = b", ".join(reservations) if reservations else policy or b""
    return [_Said("header tdm-reservation", raw, _strictest(reservations), _text(policy))]


def _from_page(page: forms.Page) -> list[_Said]:
    reservations = list(page.metas("tdm-reservation"))
    policies = list(page.metas("tdm-policy"))
    if not reservations and not policies:
        return []
    raw = b"".join(tag.raw for _, tag in (*reservations, *policies))
    values = [forms.as_bytes(value) for value, _ in reservations]
    return [_Said("html meta tdm-reservation", raw, _strictest(values), policies[0][0] if policies else None)]


def _from_metadata(raw: bytes) -> list[_Said]:
    """`tdm:reservation` and `tdm:policy` as elements or attributes of XMP, or as `meta` of an EPUB 2 or 3 package."""
    root = forms.xml(raw)
    found: dict[str, list[bytes]] = {"reservation": [], "policy": []}
    for element in root.iter() if root is not None else ():
        pairs = [(str(element.tag), element.text or ""), *element.attrib.items()]
        named = element.attrib.get("property") or element.attrib.get("name") or ""
        if forms.local(element) == "meta" and named.startswith("tdm:"):
            content = element.attrib.get("content") or element.text or ""
            pairs.append((f"{{http://www.w3.org/ns/tdmrep#}}{named.removeprefix('tdm:')}", content))
        for name, value in pairs:
            if match := _NAMESPACE.fullmatch(name):
                found[match[1]].append(forms.as_bytes(value))
    if not found["reservation"] and not found["policy"]:
        return []
    policy = next(iter(found["policy"]), None)
    return [_Said("metadata tdm:reservation", raw, _strictest(found["reservation"]), _text(policy))]


def _strictest(values: list[bytes]) -> str | None:
    """Of a property that is said several times: a reservation, else the one value that all say."""
    said = {forms.as_text(value).strip() for value in values}
    return "1" if "1" in said else said.pop() if len(said) == 1 else None


def _text(value: bytes | None) -> str | None:
    return forms.as_text(value).strip() or None if value is not None else None
