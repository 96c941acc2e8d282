"""Comparing outcomes and showing figures: on outcomes made up, because peers themselves do not run in tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.peers.__main__ import our_exact, prepare, read_truth
from benchmarks.peers.comparing import (
    DOLMA_RULES,
    Copy,
    dolma_failing,
    exact_differences,
    near_quality,
    rule_table,
    text_classes,
    token_differences,
)
from benchmarks.peers.environments import HERE, OFFLINE, process_environment, requirements
from benchmarks.peers.outcomes import Outcome, read_outcome
from benchmarks.peers.running import OUR_OPTIONS, PEERS, Place
from benchmarks.peers.tables import (
    exact_table,
    near_table,
    rules_table,
    speed_table,
    speeds,
    stage_table,
    token_table,
)
from benchmarks.real import write_real
from lineage_platform.transformations.standards import load_standard

TRUTH = [
    Copy("d2", "d1", True, 1.0),
    Copy("d3", "d1", False, 0.95),
    Copy("d5", "d4", False, 0.85),
    Copy("d7", "d6", False, 0.3),
]
ALL = [f"d{number}" for number in range(10)]


def test_exact_duplicates_do_not_care_which_copy_survives() -> None:
    classes = text_classes(TRUTH)
    assert classes == {"d2": "d1"}
    for lost in ("d1", "d2"):
        kept = [name for name in ALL if name != lost]
        assert exact_differences(ALL, kept, classes) == (1, 1, 0)
    assert exact_differences(ALL, ALL, classes) == (1, 1, 1)
    assert exact_differences(ALL, [n for n in ALL if n not in ("d2", "d9")], classes) == (1, 1, 1)


def test_ours_may_drop_all_copies_of_a_text_for_a_near_one() -> None:
    classes = text_classes(TRUTH)
    together = dict.fromkeys(("d1", "d2", "d3"), b"c")
    outcome = Outcome(together, {"d2"}, {"d1"}, {}, {}, [], set())
    assert our_exact(ALL, outcome, classes) == (1, 1, 0)
    apart = Outcome({"d1": b"c", "d2": b"e"}, {"d2"}, {"d1"}, {}, {}, [], set())
    assert our_exact(ALL, apart, classes) == (1, 1, 1)
    too_much = Outcome(together | {"d9": b"x"}, {"d2", "d9"}, {"d1"}, {}, {}, [], set())
    assert our_exact(ALL, too_much, classes) == (1, 1, 1)


def test_near_duplicates_by_band_of_similarity() -> None:
    entered = [name for name in ALL if name != "d1"]  # its copy d2 stayed
    quality = near_quality(entered, [n for n in entered if n not in ("d3", "d9")], TRUTH)
    assert quality.recall == {(0.9, 1.01): (1, 1), (0.8, 0.9): (0, 1), (0.7, 0.8): (0, 0), (0.0, 0.7): (0, 1)}
    assert (quality.precise, quality.gone, quality.precision) == (1, 2, 0.5)
    nothing = near_quality(entered, entered, TRUTH)
    assert nothing.precision == 1.0
    assert "0.000 of 1" in near_table({"a": nothing})


def test_tokens_are_compared_with_the_reference() -> None:
    class Letters:
        def encode(self, text: str, *, add_special_tokens: bool) -> Letters:
            assert not add_special_tokens
            self.ids = [ord(letter) for letter in text]
            return self

    assert token_differences(["ab", "c"], [[97, 98], [100]], Letters()) == (2, 1)


def test_rules_are_compared_one_by_one() -> None:
    ours = {"d1": ["word_count"], "d2": [], "d3": ["word_count"]}
    theirs = {"d1": [], "d2": ["word_count"], "d3": ["word_count"]}
    with_words = {"d1": ["word_count"], "d2": ["word_count"], "d3": []}
    [row] = rule_table(ours, theirs, with_words, ["word_count"])
    assert row == ("word_count", 2, 2, 1, 1, 1, ["d2"])
    assert "d2" in rules_table([row], words=True)
    assert "d2" not in rules_table([row], words=False)


def test_attributes_of_dolma_are_judged_by_our_names() -> None:
    assert set(DOLMA_RULES) <= {rule.name for rule in load_standard("gopher@1").rules}
    for rule in load_standard("gopher@1").rules:
        if rule.name in DOLMA_RULES:
            assert DOLMA_RULES[rule.name][1:] == (rule.least, rule.greatest), rule.name
    values = {"d1": {"word_count": 20.0, "required_word_count": 2.0}, "d2": {"symbol_to_word_ratio": 0.2}}
    assert dolma_failing(values) == {"d1": ["word_count"], "d2": ["symbol_to_word_ratio"]}


def test_ratios_and_their_spread() -> None:
    def run(cpu: float) -> dict[str, object]:
        stages = [{"name": "filters", "cpu": cpu / 2, "wall": 1.0}]
        return {"cpu": cpu, "start": 1.0, "wall": 9.0, "peak": 5e6, "stages": stages}

    found = speeds({"ours": [run(2.0), run(3.0)], "dolma": [run(21.0), run(41.0)]}, 100, "ours")
    assert found["dolma"]["ratio"] == [20.0, 20.0]
    assert found["dolma"]["ratio_with_start_up"] == [10.5, 41 / 3]
    assert found["ours"]["documents_per_cpu_second"] == [100.0, 50.0]
    table = speed_table(found)
    assert "10.5 to 13.7" in table
    assert ">= 15" in table
    assert "15.50" in stage_table(found)
    assert "1,000" in exact_table({"ours": (1, 1000, 0)})
    assert "tokens" in token_table({"ours": (1, 0)})


def test_peers_see_nothing_of_ours_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/ours")
    environment = process_environment(tmp_path)
    assert environment.items() >= OFFLINE.items()
    assert not {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} & set(environment)


@pytest.mark.parametrize("peer", PEERS)
def test_peers_are_pinned(peer: str) -> None:
    pins = requirements(peer).read_text(encoding="utf-8").splitlines()
    assert all("==" in pin for pin in pins)
    names = {pin.partition("==")[0] for pin in pins}
    assert {"datajuicer": "py-data-juicer"}.get(peer, peer) in names
    assert not {"torch", "ray"} & names
    assert (HERE / peer / "runner.py").exists()


def test_what_a_runner_writes(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from measuring import Report\n"
        "r = Report(Path(sys.argv[2])); r.imported()\n"
        "for _ in range(2):\n"
        "    with r.stage('filters'):\n"
        "        sum(range(400_000))\n"
        "        with r.aside(): sum(range(4_000_000))\n"
        "r.stop(); r.write(kept={'filters': ['d1']})\n"
    )
    report = tmp_path / "report.json"
    subprocess.run([sys.executable, "-c", program, str(HERE), str(report)], check=True, env={**os.environ})
    figures = json.loads(report.read_text(encoding="utf-8"))
    [stage] = figures["stages"]
    assert stage["name"] == "filters"
    assert 0 < stage["cpu"] < figures["cpu"]
    assert figures["imports"] < figures["cpu"]
    assert figures["peak"] > 1e6
    assert figures["outcomes"] == {"kept": {"filters": ["d1"]}}


def test_our_outcome_is_read_from_our_tables(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    from benchmarks import once

    place, known = prepare(tmp_path, 150, None)
    figures = once.measure(place.corpus, tmp_path / "work", *OUR_OPTIONS, "--tokenizer", str(place.tokenizer))
    ours = read_outcome(figures)
    truth = read_truth(place.corpus)
    everything = [f"d{number}" for number in range(known.documents)]
    repeated, copies, wrong = our_exact(everything, ours, text_classes(truth))
    assert (copies, wrong) == (known.exact, 0)
    assert 0 < repeated <= copies
    kept = [name for name in everything if name not in ours.exact | ours.near]
    quality = near_quality([name for name in everything if name not in ours.exact], kept, truth)
    assert quality.precision == 1.0
    found, pairs = quality.recall[0.9, 1.01]
    assert found == pairs > 0
    assert set(ours.failing) == set(everything)
    assert sum(ours.tokens.values()) == figures["tokens"]
    assert set(ours.tokens) == {name for name in kept if not ours.failing[name]}
    _, texts, ids = zip(*ours.sample, strict=True)
    reference = Tokenizer.from_file(str(place.tokenizer))
    assert token_differences(texts, ids, reference) == (len(texts), 0)


def test_the_key_of_a_corpus_follows_its_files_and_the_tokenizer(tmp_path: Path) -> None:
    file, tokenizer = tmp_path / "english" / "0000.jsonl", tmp_path / "tokenizer.json"
    file.parent.mkdir()
    keys = set()
    for lines, definition in (("a\n", "{}"), ("ab\n", "{}"), ("ab\n", "{ }")):
        file.write_text(lines)
        tokenizer.write_text(definition)
        keys.add(Place(tmp_path, tmp_path, tokenizer, tmp_path).key)
    assert len(keys) == 3


def test_real_documents_with_planted_copies(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    texts = [f"Document {n}: " + " ".join(f"word{n}x{i}" for i in range(80)) for n in range(40)]
    (source / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    known = write_real(source, tmp_path / "data", 200)
    lines = (tmp_path / "data" / "real" / "0000.jsonl").read_text().splitlines()
    written = {record["id"]: record["text"] for record in map(json.loads, lines)}
    assert len(written) == 200
    truth = read_truth(tmp_path / "data")
    assert len(truth) == known.exact + known.near > 20
    for copy in truth:
        assert (written[copy.document] == written[copy.of]) == copy.exact
    planted = {copy.document for copy in truth if copy.exact}
    assert len(set(written.values())) == 200 - len(planted)
    with pytest.raises(ValueError, match="got no JSON Lines with `text`"):
        write_real(tmp_path / "data" / "nothing", tmp_path / "other", 10)
