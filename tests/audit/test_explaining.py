"""Explanations: verdicts over the terms of what was asked, which sum to it, and the rules behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lineage_platform.audit.explaining import Explanation, is_document, is_shard
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.definitions import World

DAY = date(2026, 11, 22)


def explain(
    asked: OpenWorkspace, what: str | None, *jurisdictions: str, use: str = "research"
) -> Explanation:
    return asked.explain(what, use=use, jurisdictions=jurisdictions or ["EU"], valid_at=DAY)


def documents(answer: Explanation) -> dict[str, int]:
    [judgement] = answer.judgements
    return {share.verdict: share.documents for share in judgement.shares}


def test_keys_of_the_contract(asked: OpenWorkspace) -> None:
    answer = explain(asked, "forum").to_dict()
    assert list(answer) == [
        "asked", "value", "version", "use", "day", "policies", "documents", "tokens", "judgements", "gaps",
    ]  # fmt: skip
    assert list(answer["judgements"][0]) == ["jurisdiction", "verdict", "shares", "reasons"]


def test_shards_and_corpus_sum(asked: OpenWorkspace) -> None:
    whole = explain(asked, None, "EU", "CN")
    shards = [explain(asked, entry.shard, "EU", "CN") for entry in asked.shards("demo").shards]
    traced = asked.trace_corpus("demo")
    assert (whole.documents, whole.tokens) == (traced.documents, traced.tokens)
    for place in range(2):
        counted: dict[str, int] = {}
        for answer in shards:
            for share in answer.judgements[place].shares:
                counted[share.verdict] = counted.get(share.verdict, 0) + share.documents
        assert counted == {share.verdict: share.documents for share in whole.judgements[place].shares}
        assert sum(counted.values()) == whole.documents
    assert whole.rows()[0]["jurisdiction"] == "EU"


def test_a_source_is_judged_by_licence_of_each_record(asked: OpenWorkspace, world: World) -> None:
    answer = explain(asked, "forum", "US", use="commercial-pretraining")
    declared = [record.declared for record in world.records["forum"] if record.text is not None]
    assert answer.documents == len(declared) and answer.tokens is None
    assert documents(answer)["refused"] == declared.count(None)
    [reason] = [item for item in answer.judgements[0].reasons if item.policy == "licence-no-commercial-use"]
    assert (reason.documents, reason.sources, reason.effect) == (declared.count(None), ("forum",), "refuse")
    assert reason.facts["commercial"] == "no" and reason.clears and reason.title_zh
    unknown = [item for item in answer.judgements[0].reasons if item.effect == "unknown"]
    assert any(item.documents == declared.count("some home-made licence") for item in unknown)
    assert [gap.kind for gap in answer.gaps] == ["licence-unknown"]


def test_the_worst_reasons_come_first_and_warnings_last(asked: OpenWorkspace) -> None:
    reasons = explain(asked, None, "CN", use="commercial-pretraining").judgements[0].reasons
    kinds = [(item.severity == "warning", item.effect) for item in reasons]
    assert kinds[0] == (False, "refuse")
    assert [warning for warning, _ in kinds] == sorted(warning for warning, _ in kinds)


def test_a_document_has_one_verdict(asked: OpenWorkspace, world: World) -> None:
    key = str(world.key("forum", 0))
    answer = explain(asked, key, use="commercial-pretraining")
    assert (answer.asked, answer.value, answer.documents) == ("document", key, 1)
    assert documents(answer) == {"refused": 1}


def test_names() -> None:
    assert is_shard("3") and is_shard("shard-00003") and is_shard("a/shard-00003.parquet")
    assert not is_shard("forum") and is_document(str(1 << 36)) and not is_document("123456789")


def test_what_is_not_there(asked: OpenWorkspace, world: World) -> None:
    for what in ("nobody", "shard-99999", str(world.key("forum", 0) + 10**6), str(2**62)):
        with pytest.raises(NotFound):
            explain(asked, what)
    with pytest.raises(NotFound):
        explain(asked, "forum", "Atlantis")
    with pytest.raises(NotFound):
        explain(asked, "forum", use="nothing")
    with pytest.raises(InvalidInput):
        explain(asked, str(2**63))


def test_policies_of_a_workspace_are_asked_too(asked: OpenWorkspace, world: World) -> None:
    folder = world.settings.workspace / "policies"
    folder.mkdir()
    try:
        (folder / "house.cedar").write_text(
            '@id("house-no-forum")\n@title("No forum")\n@title_zh("不用论坛")\n@law("House rule")\n'
            '@source("docs/policies.md")\n@effect("refuse")\n@severity("error")\n@clears("Nothing.")\n'
            'forbid(principal, action, resource) when { resource.kind == "unknown" };\n'
        )
        before = asked.policies.digest
        assert "house-no-forum" in {reason.policy for reason in explain(asked, "forum").judgements[0].reasons}
        (folder / "house.cedar").write_text("forbid(principal")
        with pytest.raises(InvalidInput, match="1 problem"):
            explain(asked, "forum")
    finally:
        (folder / "house.cedar").unlink()
        folder.rmdir()
    assert asked.policies.digest != before


def test_the_operator_counts_as_declared(world: World, tmp_path: Path) -> None:
    (tmp_path / "lineage.yaml").write_text("operator: {crosses_border: 'no'}\n")
    named = []
    for folder in (world.settings.workspace, tmp_path):
        with open_workspace(settings=replace(world.settings, workspace=folder)) as opened:
            (judgement,) = opened.explain("blog", use="research", jurisdictions=["EU"]).judgements
            named.append({reason.policy for reason in judgement.reasons})
    assert named[0] - named[1] == {"eu-gdpr-46-unknown"}
    (tmp_path / "lineage.yaml").write_text("operator: {size: tiny}\n")
    wrong = replace(world.settings, workspace=tmp_path)
    with open_workspace(settings=wrong) as opened, pytest.raises(InvalidInput, match=r"lineage.yaml:1"):
        opened.explain("blog", use="research", jurisdictions=["EU"])
