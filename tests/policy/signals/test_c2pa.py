"""CAWG and C2PA assertions as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_platform.policy.signals import c2pa, effective

NOW = "2026-11-22T10:00:00Z"


def assertion(label: str = "cawg.training-mining", prefix: str = "cawg", **uses: str) -> dict[str, Any]:
    entries = {f"{prefix}.{use}": {"use": said} for use, said in uses.items()}
    return {"label": label, "data": {"entries": entries}}


def parsed(value: Any) -> dict[str, str]:
    (signal,) = c2pa.read(json.dumps(value).encode(), NOW)
    return dict(signal.parsed)


@pytest.mark.parametrize(
    ("uses", "train"),
    [
        ({"ai_generative_training": "allowed"}, "y"),
        ({"ai_generative_training": "notAllowed"}, "n"),
        ({"ai_generative_training": "constrained"}, "n"),
        ({"ai_generative_training": "ALLOWED"}, "unknown"),
        ({"ai_inference": "notAllowed"}, "unknown"),
        ({"ai_training": "notAllowed"}, "n"),
        ({"data_mining": "notAllowed"}, "n"),
        ({"ai_training": "allowed", "data_mining": "allowed"}, "unknown"),
        ({"ai_generative_training": "allowed", "data_mining": "notAllowed"}, "y"),
        ({}, "unknown"),
    ],
)
def test_entries(uses: dict[str, str], train: str) -> None:
    assert parsed(assertion(**uses))["train-ai"] == train
    assert parsed(assertion("c2pa.training-mining", "c2pa", **uses))["train-ai"] == train


def test_all_four_entries_and_the_constraint() -> None:
    value = assertion(data_mining="constrained", ai_inference="allowed", ai_training="allowed")
    value["data"]["entries"]["cawg.data_mining"]["constraint_info"] = "https://e.org/terms"
    (signal,) = c2pa.read(json.dumps(value).encode(), NOW)
    assert signal.parsed == {"tdm": "n", "ai-input": "y", "train-other": "y", "train-ai": "n"}
    assert signal.details == {"constraint of data_mining": "https://e.org/terms"}


def test_an_assertion_without_the_entries_map_and_one_without_a_label() -> None:
    bare = {
        "label": "cawg.training-mining__2",
        "data": {"cawg.ai_generative_training": {"use": "notAllowed"}},
    }
    assert parsed(bare)["train-ai"] == "n"
    assert parsed({"entries": {"cawg.ai_generative_training": {"use": "allowed"}}})["train-ai"] == "y"


def test_of_ingredients_only_refusals_count() -> None:
    def store(active: str, ingredient: str) -> dict[str, Any]:
        return {
            "active_manifest": "a",
            "manifests": {
                "b": {"assertions": [assertion(ai_generative_training=ingredient)]},
                "a": {
                    "assertions": [
                        assertion(ai_generative_training=active),
                        {"label": "c2pa.hash.data", "data": {}},
                    ]
                },
            },
        }

    def train(value: Any) -> str:
        return effective(c2pa.read(json.dumps(value).encode(), NOW)).train

    assert train(store("allowed", "notAllowed")) == "n"
    assert train(store("unset", "allowed")) == "unknown"
    assert train(store("allowed", "unset")) == "y"


@pytest.mark.parametrize(
    ("kind", "synthetic"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "y"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia", "y"),
        ("trainedAlgorithmicMedia", "y"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "unknown"),
    ],
)
def test_source_types(kind: str, synthetic: str) -> None:
    actions = {
        "label": "c2pa.actions.v2",
        "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": kind}]},
    }
    assert parsed({"assertions": [actions]}) == {"synthetic": synthetic}


@pytest.mark.parametrize(
    "value", [None, 1, [], {}, {"manifests": []}, {"assertions": [1, None, {"label": 5}]}]
)
def test_what_is_no_manifest_says_nothing(value: Any) -> None:
    assert c2pa.read(json.dumps(value).encode(), NOW) == []
