"""Documents: every record is a document or a decision, with its key, its terms and its place, whatever the engine."""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import RecordFields, Source
from lineage_platform.model.keys import OptOut, Said, document_key, record_identity, terms_number
from lineage_platform.model.signals import SignalRow
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.tables import DECISIONS, DOCUMENTS
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import Result, Snapshot
from lineage_platform.transformations import document_parts, documents, reading
from lineage_platform.transformations.engine import Engine, Progress, quiet
from tests.transformations.sources import make_source

KEY = b"k" * 32
RECORD = RecordFields("{title}\n{body}", id="id", licence="licence", language="lang", subject="author")
ROWS: list[Any] = [
    {"id": "a", "title": "Plain", "body": "text", "lang": "en", "licence": "MIT", "author": "Jo@Example.org"},
    {"id": "b", "title": "Caf\u0065\u0301", "body": "text \r\n"},
    {"id": "c", "title": "Mail", "body": "to jo@example.org, jo@example.org or 10.0.0.1"},
    {"id": 4, "title": "Both ", "body": "\u0000 13812345678", "licence": ["MIT", "X"]},
    {"title": " \n", "body": "\u3000"},
    {"id": "f", "title": "no body", "licence": "MIT"},
    "not an object",
    {"title": "\u4e2d\u6587", "body": None},
]


class Shuffled(Engine):
    """Runs the tasks one by one, last first."""

    def map(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], progress: Progress = quiet
    ) -> list[Any]:
        return [function(task) for task in reversed(tasks)][::-1]


def terms_of(source: Source, said: Said) -> tuple[Terms, ...]:
    licence = said.declared or "X"
    stated = Terms(source.id, said.declared, licence, "resolved", "", "not-personal-data", "", "none")
    return (dataclasses.replace(stated, signalled=said.opt_out, parents=said.parents),)


def signals_of(fields: Mapping[str, Any]) -> list[SignalRow]:
    """One signal, a line of text: what is asked for, in the words of the answers."""
    said = fields.get("robots_txt")
    if said is None:
        return []
    raw = bytes(said) if isinstance(said, bytes) else str(said).encode()
    answer: OptOut = "y" if raw == b"y" else "n" if raw == b"n" else "unknown"
    digest, time = hashlib.sha256(raw).digest(), fields.get("observed_at")
    return [SignalRow("plain", "1", "here", raw, len(raw), digest, time, "{}", None, "{}", answer, "rules-1")]


def snapshot_of(source: Source, number: int = 5) -> Snapshot:
    digest, files = reading.observe(source, engine=Engine(), progress=quiet)
    return Snapshot(source.id, number, digest, files, "2026-01-01T00:00:00Z")


def read(
    source: Source, scratch: Path, snapshot: Snapshot | None = None, engine: Engine | None = None
) -> Result:
    return documents.read_documents(
        source,
        snapshot or snapshot_of(source),
        terms_of=lambda said: terms_of(source, said),
        signals_of=signals_of,
        subject_keys=SubjectKeys((KEY,)),
        scratch=scratch,
        engine=engine or Engine(),
        progress=quiet,
    )


def table(result: Result, role: str) -> list[dict[str, Any]]:
    parts = [part for part in result.parts if part.role == role]
    for part in parts:
        assert hashlib.sha256(Path(part.path).read_bytes()).hexdigest() == part.sha256
    return pa.concat_tables([pq.read_table(part.path) for part in parts]).to_pylist()


def check_laws(result: Result) -> None:
    """Conservation, order, and statistics that say what the rows are."""
    found, decisions, counts = table(result, "documents"), table(result, "decisions"), result.statistics
    for rows in (found, decisions):
        keys = [row["document"] for row in rows]
        assert keys == sorted(set(keys))
    outcomes = Counter(row["outcome"] for row in decisions)
    dropped = {row["document"] for row in decisions if row["outcome"] == "dropped"}
    edited = {row["document"] for row in decisions if row["outcome"] == "edited"}
    keys = {row["document"] for row in found}
    assert not keys & dropped
    assert edited <= keys
    assert counts.records_in == counts.kept + counts.edited + counts.dropped == len(keys | dropped)
    assert (counts.edited, counts.dropped) == (outcomes["edited"], outcomes["dropped"])
    assert counts.by_reason == Counter(row["reason"] for row in decisions)
    assert counts.by_terms == {n: (count, 0) for n, count in Counter(row["terms"] for row in found).items()}
    assert counts.bytes == sum(len(row["text"].encode()) for row in found)
    assert counts.documents == len(found)
    known = {terms.number for terms in result.terms}
    assert {row["terms"] for row in [*found, *decisions]} == known or not (found or decisions)
    for row in found:
        assert row["sha256"] == hashlib.sha256(row["text"].encode()).digest()
        assert row["text"]
    assert sum(part.rows for part in result.parts) == len(found) + len(decisions)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "data" / "rows.jsonl"
    path.parent.mkdir()
    path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS), "utf-8")
    return make_source(path, "jsonl", RECORD)


def test_documents(source: Source, tmp_path: Path) -> None:
    result = read(source, tmp_path / "scratch")
    check_laws(result)
    rows = table(result, "documents")
    assert [(row["record"], row["text"]) for row in rows] == [
        (0, "Plain\ntext"),
        (1, "Caf\u00e9\ntext\n"),
        (2, "Mail\nto <EMAIL>, <EMAIL> or <IPV4>"),
        (3, "Both\n <CN_MOBILE>"),
        (7, "\u4e2d\u6587\n"),
    ]
    assert rows[0] == {
        **dict.fromkeys(("email", "ipv4", "ipv6", "cn_mobile", "cn_resident_id", "payment_card"), 0),
        "document": document_key(5, 0),
        "identity": record_identity("notes", "rows.jsonl", "a"),
        "file": 0,
        "record": 0,
        "record_id": "a",
        "text": "Plain\ntext",
        "sha256": hashlib.sha256(b"Plain\ntext").digest(),
        "terms": terms_number("notes", "MIT"),
        "language": "en",
        "subject": SubjectKeys((KEY,)).hash("jo@example.org").hash,
    }
    assert [row["record_id"] for row in rows] == ["a", "b", "c", "4", None]
    assert rows[4]["identity"] == record_identity("notes", "rows.jsonl", 7)
    assert (rows[2]["email"], rows[2]["ipv4"], rows[3]["cn_mobile"]) == (2, 1, 1)
    assert pq.read_schema(result.parts[0].path).equals(DOCUMENTS)


def test_decisions(source: Source, tmp_path: Path) -> None:
    result = read(source, tmp_path / "scratch")
    rows = table(result, "decisions")
    shown = [(row["record"], row["outcome"], row["reason"], row["detail"]) for row in rows]
    assert shown == [
        (None, "edited", "normalised", ""),
        (None, "edited", "redacted", "email=2 ipv4=1"),
        (None, "edited", "normalised-and-redacted", "cn_mobile=1"),
        (4, "dropped", "empty-text", "no text but white space"),
        (5, "dropped", "missing-field", "no field 'body'"),
        (6, "dropped", "malformed-record", "got a JSON string, expected an object"),
    ]
    assert [row["document"] - document_key(5, 0) for row in rows] == [1, 2, 3, 4, 5, 6]
    data = Path(source.location).read_bytes()
    assert rows[-1]["offset"] == data.index(b'"not an object"')
    assert [row["terms"] == terms_number("notes", "MIT") for row in rows[-2:]] == [True, False]
    assert pq.read_schema(next(part.path for part in result.parts if part.role == "decisions")).equals(
        DECISIONS
    )


def test_statistics_and_terms(source: Source, tmp_path: Path) -> None:
    result = read(source, tmp_path / "scratch")
    counts = result.statistics
    assert (counts.records_in, counts.kept, counts.edited, counts.dropped) == (8, 2, 3, 3)
    assert counts.details == {
        "redactions": {"email": 2, "ipv4": 1, "cn_mobile": 1},
        "unreadable": 2,
        "files": 1,
        "subject_key": SubjectKeys((KEY,)).newest,
    }
    assert {terms.declared for terms in result.terms} == {None, "MIT", "MIT; X"}
    assert [terms.number for terms in result.terms] == sorted(terms.number for terms in result.terms)
    assert not list((tmp_path / "scratch").rglob("*.rows"))


def test_the_subject_is_nowhere_in_clear(source: Source, tmp_path: Path) -> None:
    result = read(source, tmp_path / "scratch")
    everything = repr(table(result, "documents")) + repr(table(result, "decisions"))
    assert "xample.org" not in everything


def test_a_source_without_records(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    result = read(make_source(tmp_path / "a.jsonl", "jsonl"), tmp_path / "scratch")
    check_laws(result)
    assert result.statistics.records_in == 0
    assert [(part.role, part.rows) for part in result.parts] == [("documents", 0), ("decisions", 0)]


LINES = st.lists(
    st.sampled_from([json.dumps(row) for row in ROWS] + ["{", "", '{"title": "\ud83d', "\ufeff{}"])
    | st.dictionaries(st.sampled_from(["title", "body"]), st.text(max_size=5), min_size=1).map(json.dumps),
    max_size=12,
)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(LINES, min_size=1, max_size=4), small=st.booleans())
def test_the_same_content_whatever_engine_batch_or_attempt(
    files: list[list[str]],
    small: bool,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("corpus")
    for number, lines in enumerate(files):
        content = "\n".join(lines).encode("utf-8", "surrogatepass")
        (folder / f"{number}.jsonl").write_bytes(content)
    source = make_source(folder / "*.jsonl", "jsonl", RECORD)
    whole = read(source, folder / "one")
    check_laws(whole)
    with monkeypatch.context() as patch:
        patch.setattr(reading.observation, "BATCH_FILES", 1)
        patch.setattr(document_parts, "BATCH_ROWS", 2 if small else 8192)
        patch.setattr(document_parts, "PART_BYTES", 20 if small else 1 << 20)
        cut = read(source, folder / "two", snapshot_of(source, 77), Shuffled())
    check_laws(cut)
    assert cut.content_digest == whole.content_digest
    assert cut.statistics == whole.statistics
    for role in ("documents", "decisions"):
        rows, others = table(whole, role), table(cut, role)
        shift = document_key(77, 0) - document_key(5, 0)
        assert [{**row, "document": row["document"] + shift} for row in rows] == others


def test_more_tasks_than_one_through_the_real_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"text {number}\n")
    source = make_source(tmp_path / "*.txt", "text")
    whole = read(source, tmp_path / "one")
    monkeypatch.setattr(reading.observation, "BATCH_FILES", 2)
    cut = read(source, tmp_path / "two")
    assert [part.name for part in cut.parts if part.role == "documents"] == [
        f"documents/{number:05d}-000.parquet" for number in range(3)
    ]
    assert cut.content_digest == whole.content_digest
    assert cut.statistics == whole.statistics


def test_the_same_bytes_of_parts_a_second_time(source: Source, tmp_path: Path) -> None:
    first, second = read(source, tmp_path / "one"), read(source, tmp_path / "two")
    assert [part.sha256 for part in first.parts] == [part.sha256 for part in second.parts]


def test_a_changed_text_licence_or_outcome_is_another_digest(tmp_path: Path) -> None:
    digests = set()
    for row in ('{"text": "a"}', '{"text": "b"}', '{"text": "a", "l": "MIT"}', '{"text": "a "}', "{", "[]"):
        (tmp_path / "a.jsonl").write_text(row)
        source = make_source(tmp_path / "a.jsonl", "jsonl", RecordFields(licence="l"))
        digests.add(read(source, tmp_path / "scratch").content_digest)
    assert len(digests) == 6


def test_a_changed_file_leaves_nothing_to_commit(source: Source, tmp_path: Path) -> None:
    snapshot = snapshot_of(source)
    with Path(source.location).open("a") as file:
        file.write('{"id": "new", "title": "x", "body": "y"}\n')
    with pytest.raises(InvalidInput, match=r"rows\.jsonl: changed while being read"):
        read(source, tmp_path / "scratch", snapshot)


def test_more_records_than_were_reserved_is_an_error_before_keys_meet(source: Source, tmp_path: Path) -> None:
    snapshot = snapshot_of(source)
    (file,) = snapshot.files
    second = dataclasses.replace(file, first_ordinal=3)
    with pytest.raises(InvalidInput, match="got more records than when observed"):
        read(source, tmp_path / "scratch", dataclasses.replace(snapshot, files=(file, second)))


def test_a_wrong_template(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    source = make_source(tmp_path / "a.jsonl", "jsonl", RecordFields("{a!r}"))
    with pytest.raises(InvalidInput, match=r"record\.text"):
        read(source, tmp_path / "scratch")


def test_distributions_carry_their_own_licence(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name, licence in (("free", "MIT"), ("bare", "")):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(f"# {name}\n")
        header = f"License-Expression: {licence}\n" if licence else ""
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{header}\n{name}\n"
        )
        (info / "RECORD").write_text(f"{name}.py,,\n{info.name}/METADATA,,\n")
    source = make_source(site, "python-distributions", RecordFields("{path}\n{text}", licence="licence"))
    snapshot = snapshot_of(source)
    result = read(source, tmp_path / "scratch", snapshot)
    check_laws(result)
    assert {terms.declared for terms in result.terms} == {None, "License-Expression: MIT"}
    texts = {row["text"]: row["terms"] for row in table(result, "documents")}
    assert texts["free.py\n# free\n"] == terms_number("notes", "License-Expression: MIT")
    assert texts["bare.py\n# bare\n"] == terms_number("notes", None)
    plain = read(make_source(site, "python-distributions"), tmp_path / "plain")
    assert {terms.declared for terms in plain.terms} == {None}
    (site / "free-1.0.dist-info" / "RECORD").write_text("")
    with pytest.raises(InvalidInput, match="belongs to no installed distribution any more"):
        read(source, tmp_path / "scratch", snapshot)


def test_parameters_are_json_and_name_the_rules(source: Source) -> None:
    found = documents.parameters(source)
    assert json.loads(json.dumps(found)) == found
    assert (found["normalise"], found["redact"]) == ("normalise@1", "redact@1")
    assert found != documents.parameters(dataclasses.replace(source, max_record_bytes=1))
