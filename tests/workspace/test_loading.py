"""A workspace is read as written; everything wrong with it is said at once, with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import (
    Deduplication,
    MinHash,
    ParentFields,
    ShardSpec,
    SignalFields,
    TokenizerSpec,
    WeightedSource,
)
from tests.workspace.worlds import CORPUS, SOURCE, World

ONE = "sources/one.yaml"
MIX = "corpora/mix.yaml"


def test_what_is_written_is_what_is_defined(world: World) -> None:
    world.write("LICENSE", "text\n")
    world.write("tok/tokenizer.json", "{}")
    world.write("lineage.yaml", "name: my-workspace\n")
    world.edit(
        ONE,
        "  licence: CC-BY-4.0\n",
        "  licence: CC-BY-4.0\n  evidence: {uri: LICENSE}\n  valid_to: 2030-01-01\n",
    )
    world.edit(ONE, "terms:\n", "homepage: https://example.org/x\nderived_from: [two]\nterms:\n")
    world.write(
        MIX,
        CORPUS.format(id="mix").replace("  train: {vocabulary: 1000}", "  path: tok/tokenizer.json")
        + "title: The mix\ndeduplication: {minhash: false}\nshards: {tokens: 5, format: [megatron, parquet], seed: 2, layout: by-source}\n"
        + 'seed: 3\nschedule: "*/5 3 * * mon"\ntimezone: Asia/Shanghai\n',
    )
    workspace = world.load()
    assert (workspace.root, workspace.name) == (str(world.root), "my-workspace")
    source = workspace.source("one")
    assert source.location == str(world.root / "data/*.jsonl")
    assert source.record.text == "{title}\n{body}"
    assert source.derived_from == ("two",)
    assert source.terms_on().valid_to == "2030-01-01"
    assert source.terms_on().evidence is not None
    assert (source.terms_on().evidence.uri, (source.terms_on().evidence.sha256 or "")[:8]) == (
        "LICENSE",
        "b9e68e1b",
    )
    corpus = workspace.corpus("mix")
    assert corpus.sources == (WeightedSource("one"), WeightedSource("two", 0.5))
    assert corpus.deduplication == Deduplication(exact=True, minhash=None)
    assert corpus.tokenizer == TokenizerSpec(path=str(world.root / "tok/tokenizer.json"))
    assert corpus.shards == ShardSpec(tokens=5, formats=("megatron", "parquet"), seed=2, layout="by-source")
    assert (corpus.title, corpus.seed, corpus.schedule) == ("The mix", 3, "*/5 3 * * mon")


def test_text_is_made_of_the_fields_that_are_licensed(world: World) -> None:
    world.edit(ONE, "personal_data: none", "personal_data: none\n  scope: {fields: [title, abstract]}")
    found = world.problem()
    assert (found.file, found.field) == (ONE, "record.text")
    assert "body" in found.got and "title, abstract" in found.expected
    world.edit(ONE, "fields: [title, abstract]", "fields: [title, body]")
    assert world.load().source("one").terms_on().scope.fields == ("title", "body")


def test_a_source_is_not_called_like_a_step_of_a_corpus(world: World) -> None:
    world.write("sources/release.yaml", SOURCE.format(id="release"))
    found = world.problem()
    assert (found.file, found.field) == ("sources/release.yaml", "id")
    assert "another name" in found.expected


def test_defaults(world: World) -> None:
    workspace = world.load()
    corpus = workspace.corpus("mix")
    assert workspace.name == "workspace"
    assert corpus.title == "mix"
    assert corpus.deduplication == Deduplication(True, MinHash(5, 14, 8))
    assert corpus.shards == ShardSpec()
    assert workspace.source("one").malformed_threshold == 0.05


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "got", "expected"),
    [
        ("id: one", "id: One", 1, "id", "'One'", "a-z, 0-9"),
        ("id: one", "id: ../one", 1, "id", "'../one'", "a-z"),
        ("id: one", "id: uno", 1, "id", "'uno'", "'one', the name of the file"),
        ("id: one", "id: 1", 1, "id", "1", "text"),
        ("title: A source\n", "", 1, "title", "nothing", "What people call it"),
        ("title: A source", "title:", 2, "title", "nothing", "text"),
        ("title: A source", 'title: ""', 2, "title", "''", "not empty"),
        ("title: A source", "titel: A source\ntitle: x", 2, "titel", "an unknown key", "nearest: title"),
        ("  id: id", "  ID: id", 9, "record.ID", "an unknown key", "one of: id, language, licence, parents, signals, subject, text"),
        ("steward: data@example.org", "steward: me", 4, "steward", "'me'", "e-mail address or team:NAME"),
        ("format: jsonl", "format: jsnl", 6, "format", "'jsnl'", "nearest: jsonl"),
        ("format: jsonl", "format: jsonl\ncompression: gz", 7, "compression", "'gz'", "'gzip'"),
        ("format: jsonl", "format: jsonl\nencoding: klingon", 7, "encoding", "'klingon'", "utf-8"),
        ("format: jsonl", "format: jsonl\nencoding: base64", 7, "encoding", "'base64'", "a text encoding"),
        ("format: jsonl", "format: jsonl\nhomepage: javascript:x", 7, "homepage", "'javascript:x'", "web address"),
        ("format: jsonl", "format: jsonl\ndistributions: [numpy]", 1, "file", "`format: jsonl`", "`distributions`"),
        ("format: jsonl", "format: jsonl\nmalformed_threshold: 5%", 7, "malformed_threshold", "'5%'", "a number"),
        ("format: jsonl", "format: jsonl\nmalformed_threshold: 2", 7, "malformed_threshold", "2", "less than or equal"),
        ("format: jsonl", "format: jsonl\nmax_record_bytes: 1.5", 7, "max_record_bytes", "1.5", "a whole number"),
        ("format: jsonl", "format: jsonl\nderived_from: [three]", 7, "derived_from[0]", "'three'", "one of: one, two"),
        ("format: jsonl", "format: jsonl\nderived_from: one", 7, "derived_from", "'one'", "a list"),
        ("  id: id", "  id: id\n  signals: {url: url}", 10, "record.signals", "none", "a field that holds signals"),
        ("  id: id", "  id: id\n  signals: {robot_txt: r}", 10, "record.signals.robot_txt", "an unknown key",
         "nearest: robots_txt"),
        ("  id: id", "  id: id\n  parents: {field: p, kind: part-of}", 1, "file", "`record.parents` alone", "`derived_from`"),
        ("  id: id", "  id: id\n  parents: {field: p, kind: copy-of}", 10, "record.parents.kind", "'copy-of'", "part-of"),
        ("{title}\\n{body}", "{title.upper}{x!r}", 8, "record.text", "'{title.upper}{x!r}'", "a template over fields"),
        ("{title}\\n{body}", "{}", 8, "record.text", "'{}'", "a template over fields"),
        ("{title}\\n{body}", "{a[0]}", 8, "record.text", "'{a[0]}'", "a template over fields"),
        ("{title}\\n{body}", "{open", 8, "record.text", "'{open'", "a template over fields"),
        ("licence: CC-BY-4.0", "licence: CC BY 4.0", 11, "terms.licence", "'CC BY 4.0'", "the SPDX expression CC-BY-4.0"),
        ("licence: CC-BY-4.0", "licence: CC-BY-4", 11, "terms.licence", "'CC-BY-4'", "CC-BY-4.0"),
        ("licence: CC-BY-4.0", "licence: unknown", 11, "terms.licence", "'unknown'", "NOASSERTION"),
        ("consent_basis: not-personal-data", "consent_basis: consnt", 12, "terms.consent_basis", "'consnt'",
         "nearest: consent"),
        ("personal_data: none", "personal_data: no", 13, "terms.personal_data", "'no'", "'none'"),
        ("personal_data: none", "personal_data: personal", 10, "terms", "`personal_data: personal`", "a basis"),
        ("personal_data: none", "personal_data: none\n  valid_from: 1.1.2026", 14, "terms.valid_from", "'1.1.2026'",
         "YYYY-MM-DD"),
        ("personal_data: none", "personal_data: none\n  valid_from: 2026-02-30", 14, "terms.valid_from", "'2026-02-30'",
         "YYYY-MM-DD"),
        ("personal_data: none", "personal_data: none\n  valid_from: 2026-02-02\n  valid_to: 2026-02-02", 10, "terms",
         "2026-02-02 to 2026-02-02", "valid_from before valid_to"),
        ("personal_data: none", "personal_data: none\n  scope: {region: [CN]}", 14, "terms.scope.region",
         "an unknown key", "nearest: regions"),
        ("personal_data: none", "personal_data: none\n  evidence: {uri: data/a.jsonl, sha256: zz}", 14,
         "terms.evidence.sha256", "'zz'", "pattern"),
        ("personal_data: none", "personal_data: none\n  embargo_until: 2026-02-02", 10, "terms", "one of them",
         "embargo_until together with embargo_then"),
        ("personal_data: none", "personal_data: none\n  minors: yes", 10, "terms", "`minors: yes`", "personal data"),
        ("personal_data: none", "personal_data: none\n  consent_bases: {EU: gdpr}", 14, "terms.consent_bases.EU", "'gdpr'",
         "nearest: gdpr:"),
        ("personal_data: none", "personal_data: none\n  generator_terms: ChatGPT", 14, "terms.generator_terms", "'ChatGPT'",
         "SPDX"),
        ("personal_data: none", "personal_data: none\n  copyright_basis: {JP: fair}", 14, "terms.copyright_basis.JP",
         "'fair'", "exception:"),
        ("terms:\n  licence: CC-BY-4.0\n  consent_basis: not-personal-data\n  personal_data: none\n", "terms: MIT\n", 10,
         "terms", "'MIT'", "a mapping of fields"),
    ],
)  # fmt: skip
def test_sources(world: World, old: str, new: str, line: int, field: str, got: str, expected: str) -> None:
    world.edit(ONE, old, new)
    found = world.problem()
    assert (found.file, found.line, found.field) == (ONE, line, field)
    assert got in found.got
    assert expected in found.expected


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "got", "expected"),
    [
        ("sources: [one,", "sources: [oen,", 4, "sources[0]", "'oen'", "nearest: one"),
        ("sources: [one,", "sources: [two,", 4, "sources[1]", "'two' a second time", "weight"),
        ("sources: [one, {id: two, weight: 0.5}]", "sources: []", 4, "sources", "a list", "at least one item"),
        ("sources: [one, {id: two, weight: 0.5}]", "sources: one", 4, "sources", "'one'", "a list"),
        ("weight: 0.5", "weight: 0", 4, "sources[1].weight", "0", "greater than 0"),
        ("weight: 0.5", "weight: half", 4, "sources[1].weight", "'half'", "a number"),
        ("weight: 0.5", "weigth: 0.5", 4, "sources[1].weigth", "an unknown key", "nearest: weight"),
        ("weight: 0.5", "weight: true", 4, "sources[1].weight", "true", "a number"),
        ("quality: gopher@1", "quality: gofer@1", 5, "quality", "'gofer@1'", "nearest: gopher@1"),
        ("quality: gopher@1", "quality: gopher", 5, "quality", "'gopher'", "pattern"),
        ("  train: {vocabulary: 1000}", "  path: none.json", 7, "tokenizer.path", "does not exist", "an existing file"),
        ("  train: {vocabulary: 1000}", "  path: ../t.json", 7, "tokenizer.path", "leaves the workspace", "inside"),
        ("  train: {vocabulary: 1000}", "  train: {vocabulary: 10}", 7, "tokenizer.train.vocabulary", "10", "300"),
        ("  train: {vocabulary: 1000}", "  {}", 6, "tokenizer", "neither", "either `path` or `train`"),
        ("purpose: tests", "purpose: tests\nschedule: every day", 3, "schedule", "'every day'", "five fields"),
        ("purpose: tests", "purpose: tests\nschedule: 61 * * * *", 3, "schedule", "'61 * * * *'", "a minute of 0 to 59"),
        ("purpose: tests", "purpose: tests\ntimezone: Mars/Base", 3, "timezone", "'Mars/Base'", "IANA"),
        ("purpose: tests", "purpose: tests\ntimezone: ../../etc/passwd", 3, "timezone", "'../../etc/passwd'", "IANA"),
        ("purpose: tests", "purpose: tests\ndeduplication: {minhash: true}", 3, "deduplication.minhash", "true", "false"),
        ("purpose: tests", "purpose: tests\ndeduplication: {minhash: {bands: 0}}", 3, "deduplication.minhash.bands", "0",
         "greater than"),
        ("purpose: tests", "purpose: tests\nshards: {format: arrow}", 3, "shards.format[0]", "'arrow'", "'parquet'"),
        ("purpose: tests", "purpose: tests\nshards: {format: []}", 3, "shards.format", "a list", "at least one item"),
        ("purpose: tests", "purpose: tests\nseed: -1", 3, "seed", "-1", "greater than or equal to 0"),
        ("id: mix", "id: mixed", 1, "id", "'mixed'", "'mix', the name of the file"),
    ],
)  # fmt: skip
def test_corpora(world: World, old: str, new: str, line: int, field: str, got: str, expected: str) -> None:
    world.edit(MIX, old, new)
    found = world.problem()
    assert (found.file, found.line, found.field) == (MIX, line, field)
    assert got in found.got
    assert expected in found.expected


@pytest.mark.parametrize("name", ["source", "documents", "annotations"])
def test_corpus_names_that_datasets_of_sources_use(world: World, name: str) -> None:
    world.write(f"corpora/{name}.yaml", CORPUS.format(id=name))
    assert "another name" in world.problem().expected


def test_a_source_made_from_itself(world: World) -> None:
    world.write("sources/three.yaml", SOURCE.format(id="three") + "derived_from: [two]\n")
    world.edit(ONE, "format: jsonl", "format: jsonl\nderived_from: [three]")
    world.edit("sources/two.yaml", "format: jsonl", "format: jsonl\nderived_from: [one]")
    found = world.problem()
    assert (found.file, found.line, found.field) == (ONE, 7, "derived_from")
    assert found.got == "a cycle: one <- three <- two <- one"


def test_records_are_named_by_ids_that_their_source_gives(world: World) -> None:
    world.edit("sources/two.yaml", "  id: id\n", "")
    world.edit(
        ONE, "  id: id\n", "  id: id\n  parents: {field: p, kind: part-of}\nderived_from: [two, two]\n"
    )
    for found, position in zip(world.problems(), range(2), strict=True):
        assert (found.file, found.field) == (ONE, f"derived_from[{position}]")
        assert "'two', whose records have no ids" in found.got
        assert "record.id" in found.expected


def test_signals_and_parents(world: World) -> None:
    fields = "signals: {headers: h, observed_at: t}\n  parents: {field: p, kind: translated-from}"
    world.edit(ONE, "  id: id\n", f"  id: id\n  {fields}\nderived_from: [two, two]\n")
    source = world.load().source("one")
    assert source.record.signals == SignalFields(headers="h", observed_at="t")
    assert source.record.parents == ParentFields("p", "translated-from")
    assert source.parents == ("two",)
    assert [item.id for item in world.load().parents_first()] == ["two", "one"]
    assert world.load().with_parents(["one"]) == {"one", "two"}
    assert world.load().with_parents(["two"]) == {"two"}


def test_a_long_chain_is_no_cycle(world: World) -> None:
    for number in range(300):
        parents = f"derived_from: [s{number + 1}, s300]\n" if number < 300 else ""
        world.write(f"sources/s{number}.yaml", SOURCE.format(id=f"s{number}") + parents)
    world.write("sources/s300.yaml", SOURCE.format(id="s300"))
    assert len(world.load().sources) == 303


def test_everything_wrong_is_said_at_once_in_order(world: World) -> None:
    world.edit(ONE, "format: jsonl", "format: x\ncolour: red")
    world.edit(ONE, "licence: CC-BY-4.0", "licence: [MIT]")
    world.write("sources/two.yaml", "a: [")
    world.edit(MIX, "gopher@1", "none@1")
    world.write("sources/three.yml", SOURCE.format(id="three"))
    with pytest.raises(InvalidInput) as caught:
        world.load()
    fields = [(problem.file, problem.line, problem.field) for problem in caught.value.problems]
    assert fields == [
        (MIX, 5, "quality"),
        (ONE, 6, "format"),
        (ONE, 7, "colour"),
        (ONE, 12, "terms.licence"),
        ("sources/three.yml", None, "file"),
        ("sources/two.yaml", 1, "file"),
    ]
    assert "has 6 problems; nothing was run\n  corpora/mix.yaml:5: quality: got 'none@1'" in str(caught.value)


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="lineage init") as caught:
        World.load(_empty(tmp_path))
    assert caught.value.exit_code == 2


def _empty(path: Path) -> World:
    world = World.__new__(World)
    world.root = path
    return world


def test_names_of_workspaces(tmp_path: Path) -> None:
    assert World(tmp_path / "My Corpora (2)").load().name == "my-corpora-2"
    assert World(tmp_path / "语料").load().name == "workspace"
    named = World(tmp_path / "named")
    named.write("lineage.yaml", "name: Bad Name\nnmae: x\n")
    assert [(problem.line, problem.field) for problem in named.problems()] == [(1, "name"), (2, "nmae")]
