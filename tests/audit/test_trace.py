"""Traces against what the world was made of."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lineage_platform.errors import InvalidInput, NotFound, VerificationFailed
from lineage_platform.ledger import merkle
from lineage_platform.model.when import When
from lineage_platform.policy.rights import rank_of
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.definitions import SHARDS, World
from tests.audit.worlds import make_world

LICENCES = {("press", None): "CC-BY-4.0", ("blog", None): "CC-BY-4.0", ("forum", None): "CC-BY-NC-4.0"}


def licence(source: str, declared: str | None) -> str:
    return LICENCES.get((source, declared)) or ("MIT" if declared == "MIT" else "NOASSERTION")


def all_shards(asked: OpenWorkspace) -> list[str]:
    return [entry.shard for entry in asked.shards("demo").shards]


def test_keys_of_the_contract(asked: OpenWorkspace) -> None:
    answer = asked.trace("shard-00000", "demo").to_dict()
    assert list(answer) == [
        "corpus",
        "version",
        "shard",
        "documents",
        "tokens",
        "sources",
        "transformations",
        "evidence",
        "gaps",
        "releases",
        "models",
        "quarantined",
    ]
    source = answer["sources"][0]
    assert list(source) == ["source", "snapshot", "documents", "tokens", "terms"]
    assert list(source["terms"][0]) == ["licence", "consent_basis", "personal_data", "documents", "tokens"]
    steps = answer["transformations"]
    assert list(steps[0]) == ["name", "code_version", "parameters", "run_id", "ledger_index"]
    assert list(answer["evidence"]) == ["checkpoint", "entries"]
    entry = answer["evidence"]["entries"][0]
    assert list(entry) == ["index", "leaf_hash", "commitment", "salt", "proof", "event"]
    assert json.loads(json.dumps(answer)) == answer


def test_counts_sum_and_all_shards_hold_the_whole_corpus(asked: OpenWorkspace, world: World) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for shard in all_shards(asked):
        trace = asked.trace(shard, "demo")
        assert trace.documents == sum(source.documents for source in trace.sources)
        assert trace.tokens == sum(source.tokens for source in trace.sources)
        for source in trace.sources:
            assert source.documents == sum(terms.documents for terms in source.terms)
            assert source.tokens == sum(terms.tokens for terms in source.terms)
            assert source.snapshot == world.snapshots[source.source].id
            found.update({(source.source, terms.licence): terms.documents for terms in source.terms})
    expected: Counter[tuple[str, str]] = Counter()
    for name, epochs in (("press", 2), ("forum", 1), ("blog", 1)):
        for number in world.kept(name):
            expected[name, licence(name, world.records[name][number].declared)] += epochs
    assert found == expected


def test_a_corpus_version_is_the_sum_of_its_shards(asked: OpenWorkspace) -> None:
    whole = asked.trace_corpus("demo")
    assert whole.shards == SHARDS
    assert shares(whole.rows()) == shares(
        row for shard in all_shards(asked) for row in asked.trace(shard, "demo").rows()
    )
    assert (whole.documents, whole.tokens) == tuple(
        sum(getattr(source, name) for source in whole.sources) for name in ("documents", "tokens")
    )
    one = asked.trace("0", "demo")
    assert (whole.transformations, whole.evidence) == (one.transformations, one.evidence)
    assert list(whole.to_dict())[:5] == ["corpus", "version", "shards", "documents", "tokens"]


def shares(rows: Iterable[Mapping[str, Any]]) -> Counter[tuple[Any, ...]]:
    """Documents and tokens by all else."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        for name in ("documents", "tokens"):
            found[(name, *(row[key] for key in row if key not in ("documents", "tokens")))] += row[name]
    return found


def test_runs_stand_in_an_order_in_which_they_can_have_happened(asked: OpenWorkspace, world: World) -> None:
    trace = asked.trace("0", "demo")
    names = [step.name for step in trace.transformations]
    order = ["observe", "read-documents", "annotate", "deduplicate", "select", "train", "pack"]
    assert names == sorted(names, key=order.index)
    assert Counter(names) == {name: 3 if name in order[:3] else 1 for name in order}
    assert trace.transformations[-1].run_id == world.versions["demo/shards"].run_id
    assert trace.transformations[-1].parameters["shard_count"] == SHARDS


def test_evidence_convinces_who_trusts_only_the_checkpoint(asked: OpenWorkspace) -> None:
    trace = asked.trace("0", "demo")
    checkpoint = trace.evidence.checkpoint
    assert checkpoint is not None
    assert {step.ledger_index for step in trace.transformations} <= {e.index for e in trace.evidence.entries}
    for entry in trace.evidence.entries:
        assert entry.commitment is not None
        assert entry.proof is not None
        leaf = hashlib.sha256(b"\x00" + bytes.fromhex(entry.commitment)).digest()
        assert leaf.hex() == entry.leaf_hash
        proof = [bytes.fromhex(item) for item in entry.proof]
        merkle.verify_inclusion(leaf, entry.index, checkpoint.size, proof, bytes.fromhex(checkpoint.root))
    last = trace.evidence.entries[-1]
    assert last.event is not None
    assert last.event["job"] == "demo/shards"
    assert last.event["outputs"] == ["demo/shards"]


def test_unresolved_licences_are_gaps_with_the_string_as_found(asked: OpenWorkspace) -> None:
    gaps = {gap for shard in all_shards(asked) for gap in asked.trace(shard, "demo").gaps}
    assert {(gap.kind, gap.declared) for gap in gaps} == {("licence-unknown", "some home-made licence")}


@pytest.mark.parametrize(
    "name",
    ["1", "00001", "shard-00001", "shard-00001.parquet", "shard-00001.bin", "some/folder/shard-00001.idx"],
)
def test_names_of_a_shard(asked: OpenWorkspace, name: str) -> None:
    assert asked.trace(name, "demo").shard == "shard-00001"


def test_names_of_a_version(asked: OpenWorkspace, world: World) -> None:
    version = world.versions["demo/shards"]
    for name in (version.id, version.content_digest, version.content_digest[:8], "1"):
        assert asked.trace("0", "demo", version=name).version == version.id
    assert asked.trace("0").version == version.id


def test_what_does_not_exist(asked: OpenWorkspace) -> None:
    with pytest.raises(NotFound) as missing:
        asked.trace("shard-00009", "demo")
    assert set(missing.value.nearest) == {"shard-00000", "shard-00001", "shard-00002"}
    with pytest.raises(NotFound) as missing:
        asked.trace("0", "dmeo")
    assert missing.value.nearest == ("demo",)
    with pytest.raises(NotFound, match="version of corpus demo"):
        asked.trace("0", "demo", version="2")
    with pytest.raises(NotFound, match=r"row of shard-00000 \(0 to"):
        asked.trace_document("0", "demo", row=10_000)
    with pytest.raises(NotFound, match=r"token of shard-00000 \(0 to"):
        asked.trace_document("0", "demo", token=1_000_000)
    with pytest.raises(InvalidInput):
        asked.trace_document("0", "demo", row=-1)
    with pytest.raises(InvalidInput):
        asked.trace_document("0", "demo")


def test_every_row_leads_back_to_its_record(asked: OpenWorkspace, world: World) -> None:
    keys = {
        str(world.key(name, number)): (name, number)
        for name in world.sources
        for number in range(len(world.records[name]))
    }
    placed: Counter[str] = Counter()
    for entry in asked.shards("demo").shards:
        offset = 0
        for row in range(0, entry.documents, 5):
            document = asked.trace_document(entry.shard, "demo", row=row, text=True)
            name, number = keys[document.document]
            record = world.records[name][number]
            assert record.text is not None
            file = world.snapshots[name].files[record.file]
            assert document.file is not None
            assert (document.source, document.snapshot) == (name, world.snapshots[name].id)
            assert (document.file.path, document.file.sha256) == (file.path, file.sha256)
            assert (document.record, document.record_id) == (record.ordinal, f"r{record.ordinal}")
            assert document.text == record.text
            assert document.text_sha256 == hashlib.sha256(record.text.encode()).hexdigest()
            assert document.terms is not None
            assert document.terms["licence"] == licence(name, record.declared)
            assert document.terms["declared"] == record.declared
            assert len(document.other_placements) == (name == "press")
            assert document.token_span.offset >= offset
            offset = document.token_span.offset + document.token_span.count
            placed[document.document] += 1
    assert len(placed) > 10


def test_a_document_by_each_of_its_tokens(asked: OpenWorkspace) -> None:
    closing = 1  # the tokenizer has an end-of-document token
    start = 0
    for row in range(3):
        document = asked.trace_document("0", "demo", row=row)
        span = document.token_span
        assert span.offset == start
        for token in (span.offset, span.offset + span.count - 1, span.offset + span.count):
            assert asked.trace_document("0", "demo", token=token).row == row
        start = span.offset + span.count + closing
    last = asked.shards("demo").shards[0]
    assert asked.trace_document("0", "demo", token=last.stored_tokens - 1).row == last.documents - 1


def test_decisions_duplicates_and_derivations(asked: OpenWorkspace, world: World) -> None:
    copies = {parent: child for child, parent in world.duplicates.items()}
    edited = str(world.key("press", 3))
    seen = set()
    for entry in asked.shards("demo").shards:
        for row in range(entry.documents):
            document = asked.trace_document(entry.shard, "demo", row=row)
            key = int(document.document)
            outcomes = {step.dataset: (step.outcome, step.reason) for step in document.decisions}
            assert list(outcomes) == [
                f"documents/{document.source}",
                f"annotations/{document.source}",
                "demo/deduplicated",
                "demo/selection",
                "demo/shards",
            ]
            first = ("edited", "normalised") if document.document == edited else ("kept", None)
            assert list(outcomes.values()) == [first, *[("kept", None)] * 4]
            assert [copy.document for copy in document.duplicates] == (
                [str(copies[key])] if key in copies else []
            )
            for copy in document.duplicates:
                assert (copy.source, copy.method, copy.file) == ("forum", "exact", "forum/0.jsonl")
                assert copy.terms is not None
                declared = world.records["forum"][copy.record or 0].declared
                assert copy.terms["licence"] == licence("forum", declared)
                assert document.rank == rank_of(document.terms or {})
                assert copy.rank == rank_of(copy.terms)
                assert copy.could_replace == (declared == "MIT"), "all but that are worse than CC-BY-4.0"
                assert [(d.child, d.parent, d.kind) for d in document.derivations] == [
                    (copy.document, document.document, "duplicate-of")
                ]
                seen.add(copy.document)
            if row > 12:
                break
    assert seen


def test_tables_for_people(asked: OpenWorkspace) -> None:
    trace = asked.trace("0", "demo")
    frame = trace.to_pandas()
    assert frame["documents"].sum() == trace.documents
    assert set(frame.columns) >= {"source", "snapshot", "licence", "consent_basis", "tokens"}
    assert len(asked.trace_document("0", "demo", row=0).to_pandas()) == 5


def test_an_older_version_keeps_its_answer(settings, recorder) -> None:  # type: ignore[no-untyped-def]
    world = make_world(settings, recorder, formats=("parquet",))
    with open_workspace(settings=settings) as before:
        old = before.trace("0", "demo").to_dict()
    with_more = make_world(settings, recorder, formats=("parquet", "megatron"))
    assert with_more.versions["demo/shards"].id != world.versions["demo/shards"].id
    with open_workspace(settings=settings) as after:
        assert after.trace("0", "demo").version == with_more.versions["demo/shards"].id
        again = after.trace("0", "demo", version="1").to_dict()
    assert {**again, "evidence": None} == {**old, "evidence": None}


def test_sums_that_do_not_hold_are_refused(settings, recorder) -> None:  # type: ignore[no-untyped-def]
    import psycopg

    make_world(settings, recorder, formats=("parquet",))
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("UPDATE lineage.shards SET tokens = tokens + 1 WHERE shard = 0")
    with (
        open_workspace(settings=settings) as opened,
        pytest.raises(VerificationFailed, match="placements hold"),
    ):
        opened.trace("0", "demo")


def test_what_is_kept_between_questions_is_looked_at_anew(settings, recorder) -> None:  # type: ignore[no-untyped-def]
    import psycopg

    make_world(settings, recorder, formats=("parquet",))
    with open_workspace(settings=settings) as opened, psycopg.connect(settings.database_url) as connection:
        before = opened.trace("0", "demo")
        stated = connection.execute(
            """INSERT INTO lineage.terms
                   (number, source, declared, statement, valid_from, valid_to, recorded_at, run_id, ledger_index)
               SELECT number, source, declared, statement || '{"licence": "CC0-1.0"}', valid_from, valid_to,
                   clock_timestamp(), run_id, ledger_index + 1
               FROM lineage.terms WHERE declared IS NULL AND source = 'press' RETURNING ledger_index"""
        ).fetchall()
        connection.commit()
        after = opened.trace("0", "demo")
        changed = {row["licence"] for row in after.rows() if row["source"] == "press"}
        assert changed == {"CC0-1.0"} != {row["licence"] for row in before.rows() if row["source"] == "press"}
        erased = stated[0][0]
        connection.execute(
            "UPDATE lineage.ledger_leaves SET salt = NULL, payload = NULL WHERE index = %s", [erased]
        )
        connection.commit()
        gaps = opened.trace("0", "demo").gaps
        assert ("event-erased", str(erased)) in {(gap.kind, gap.id) for gap in gaps}


def test_rights_in_short_say_what_the_statements_say(asked: OpenWorkspace) -> None:
    with asked.catalog.snapshot():
        terms = asked.catalog.terms(When())
        expected = {number: row.rights for number, row in terms.items()}
        for when in (When(), When(datetime.now(UTC)), When(None, date.max)):
            assert asked.catalog.rights(when, [*terms, 7]) == expected
    doubted = {row.doubt.declared for row in expected.values() if row.doubt is not None}
    assert doubted == {"some home-made licence"}
    assert all(row.doubt is None or row.doubt.unresolved for row in expected.values())


def test_only_files_that_can_hold_the_answer_are_opened(asked: OpenWorkspace, world: World) -> None:
    version = world.versions["demo/shards"]
    for role in ("placements-by-shard", "placements-by-document", "documents"):
        versions = [version.id] if role != "documents" else [world.versions["documents/press"].id]
        known = asked.catalog.files(versions, role)
        assert known
        for item in known:
            low, high = item.file.low, item.file.high
            assert low is not None
            assert high is not None
            for within, found in (
                ([(low, low)], True),
                ([(high, high + 9)], True),
                ([(low - 9, low - 1), (high + 1, high + 9)], False),
                ([], False),
            ):
                assert (item in asked.catalog.files(versions, role, within)) == found
