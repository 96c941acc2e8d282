"""Training and data mining assertions of C2PA manifests (CAWG 1.1; C2PA 1.x before it), and `digitalSourceType`.

Input is JSON: a manifest store as tools print it, one manifest, or one assertion. Signatures are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lineage_platform.policy.signals import forms
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal, refusals

SCHEME: Final = Scheme(
    "cawg.training-mining", "CAWG training and data mining assertion 1.1; c2pa.training-mining of C2PA 1.4"
)
SOURCE_TYPE: Final = Scheme("c2pa.digitalSourceType", "C2PA 2.x; IPTC digital source types")
MAX_ASSERTIONS: Final = 1000
"""Assertions of one manifest store that are read."""
_LABELS: Final = ("cawg.training-mining", "c2pa.training-mining")
_ENTRIES: Final[dict[str, Category]] = {
    "data_mining": "tdm",
    "ai_inference": "ai-input",
    "ai_training": "train-other",
    "ai_generative_training": "train-ai",
}
_USES: Final[dict[str, Answer]] = {"allowed": "y", "notAllowed": "n", "constrained": "n"}
_SYNTHETIC: Final = frozenset(
    {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicData"}
)


def read(raw: bytes, observed_at: str) -> list[Signal]:
    """All assertions that speak of use or origin. Those of ingredients (manifests that are not the active one) count where
    they refuse."""
    signals = []
    for number, (where, active, assertion) in enumerate(_assertions(forms.json_value(raw))):
        if number == MAX_ASSERTIONS:
            break
        label = str(assertion.get("label", "")).split("__")[0]
        data = assertion.get("data", assertion)
        if label in _LABELS or (not label and "entries" in assertion):
            parsed, details = _parsed(data)
            signals.append(
                SCHEME.signal(
                    f"{where}{label or _LABELS[0]}",
                    forms.as_bytes(assertion),
                    observed_at,
                    parsed if active else refusals(parsed),
                    details=details,
                )
            )
        if kinds := sorted(_source_types(data, 8)):
            synthetic: Answer = "y" if active and _SYNTHETIC.intersection(kinds) else "unknown"
            signals.append(
                SOURCE_TYPE.signal(
                    f"{where}{label or 'assertion'}",
                    forms.as_bytes(assertion),
                    observed_at,
                    {"synthetic": synthetic},
                    details={"digitalSourceType": ", ".join(kinds)},
                )
            )
    return signals


def _assertions(value: Any) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """(place, of the active manifest, assertion) of a store, a manifest, a list of assertions or one."""
    if isinstance(value, dict) and isinstance(value.get("manifests"), dict):
        for name, manifest in value["manifests"].items():
            active = value.get("active_manifest", name) == name
            for _, _, assertion in _assertions(manifest):
                yield f"manifest {name[:200]}: ", active, assertion
    elif isinstance(value, dict) and isinstance(value.get("assertions"), list):
        yield from _assertions(value["assertions"])
    elif isinstance(value, list):
        yield from (("", True, item) for item in value if isinstance(item, dict))
    elif isinstance(value, dict):
        yield "", True, value


def _parsed(data: Any) -> tuple[dict[Category, Answer], dict[str, str]]:
    """The answers of the four entries, with either prefix; `constrained` without more is `notAllowed`.

    Where generative training is not named, a refusal of mining or of other training refuses it too: whoever forbids the
    lesser use has not allowed the greater.
    """
    parsed: dict[Category, Answer] = dict.fromkeys(_ENTRIES.values(), "unknown")
    details: dict[str, str] = {}
    entries = data.get("entries", data) if isinstance(data, dict) else {}
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        prefix, _, use = str(name).partition(".")
        if prefix not in ("cawg", "c2pa") or use not in _ENTRIES:
            continue
        said = entry.get("use") if isinstance(entry, dict) else None
        answer = _USES.get(said, "unknown") if isinstance(said, str) else "unknown"
        if parsed[_ENTRIES[use]] != "n":
            parsed[_ENTRIES[use]] = answer
        if said == "constrained":
            info = entry.get("constraint_info") or entry.get("constraints_info") or "no information"
            details[f"constraint of {use}"] = str(info)[:500]
    if parsed["train-ai"] == "unknown" and "n" in (parsed["tdm"], parsed["train-other"]):
        parsed["train-ai"] = "n"
    return parsed, details


def _source_types(value: Any, depth: int) -> set[str]:
    """Last path segments of every `digitalSourceType` below a value."""
    if depth == 0 or not isinstance(value, dict | list):
        return set()
    found: set[str] = set()
    if isinstance(value, dict) and isinstance(kind := value.get("digitalSourceType"), str):
        found.add(kind.rstrip("/").rpartition("/")[2][:100])
    for item in value.values() if isinstance(value, dict) else value:
        found |= _source_types(item, depth - 1)
    return found
