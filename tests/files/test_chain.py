"""The whole chain of transformations gives the same parts and digests on a local disk and on object storage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_platform.files import Place, Remote, place
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import Part, Result, Snapshot
from lineage_platform.policy.signals.rows import signals_of
from lineage_platform.policy.terms import terms_of
from lineage_platform.settings import read_settings
from lineage_platform.transformations.annotations import annotate
from lineage_platform.transformations.deduplicated import deduplicate
from lineage_platform.transformations.documents import read_documents
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.reading.observation import observe
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.shards import pack
from lineage_platform.transformations.standards import load_standard
from lineage_platform.transformations.tokenizer import train_tokenizer
from lineage_platform.wiring import load_workspace
from tests.assets.worlds import make_workspace
from tests.files.server import Server, first_of_each


def chain(workspace: Path, scratch: Place) -> Iterator[tuple[str, Result]]:
    """Every step's name and result, written below `scratch`."""
    defined = load_workspace(read_settings(workspace, {}))
    (corpus,) = defined.corpora
    how = {"engine": Engine(), "progress": quiet}
    documents: list[Place] = []
    annotations: dict[str, list[Place]] = {}
    ranks: dict[int, int] = {}
    for number, source in enumerate(defined.sources, start=1):
        digest, files = observe(source, **how)
        result = read_documents(
            source,
            Snapshot(source.id, number, digest, files, ""),
            terms_of=lambda said, source=source: terms_of(source, *said),
            signals_of=signals_of,
            subject_keys=SubjectKeys((b"k" * 32,)),
            scratch=scratch / f"documents-{source.id}",
            **how,
        )
        yield f"documents/{source.id}", result
        ranks |= {terms.number: 0 for terms in result.terms}
        own = paths(result, "documents")
        minhash = corpus.deduplication.minhash
        setting = () if minhash is None else ((minhash.ngram, minhash.bands, minhash.rows),)
        result = annotate(own, setting, scratch=scratch / f"annotations-{source.id}", **how)
        yield f"annotations/{source.id}", result
        documents += own
        annotations[source.id] = paths(result, "annotations")
    judged = None if corpus.quality is None else load_standard(corpus.quality)
    parts = [path for listed in annotations.values() for path in listed]
    result = deduplicate(parts, corpus.deduplication, judged, ranks, scratch=scratch / "deduplicated", **how)
    yield "deduplicated", result
    result = select(
        annotations, paths(result, "decisions"), corpus, judged, scratch=scratch / "selection", **how
    )
    yield "selection", result
    selection = paths(result, "selection")
    result = train_tokenizer(
        selection, documents, corpus.tokenizer, corpus.seed, scratch=scratch / "tokenizer", **how
    )
    yield "tokenizer", result
    (tokenizer,) = paths(result, "tokenizer")
    yield "shards", pack(selection, documents, tokenizer, corpus, 5, scratch=scratch / "shards", **how)


def paths(result: Result, role: str) -> list[Place]:
    return [place(part.path) for part in result.parts if part.role == role]


def seen(part: Part) -> tuple[object, ...]:
    return (part.name, part.role, part.sha256, part.bytes, part.rows, part.low, part.high)


def test_local_and_remote_runs_are_equal(tmp_path: Path, bucket: Remote, s3: Server) -> None:
    workspace = make_workspace(tmp_path / "workspace", documents=40)
    local = dict(chain(workspace, tmp_path / "scratch"))
    with s3.failing(first_of_each("500 Internal Server Error", "503 Slow Down", "dropped")):
        remote = dict(chain(workspace, bucket / "scratch/one"))
    assert list(local) == list(remote)
    for step, result in local.items():
        other = remote[step]
        assert result.parts
        assert [seen(part) for part in result.parts] == [seen(part) for part in other.parts], step
        assert result.content_digest == other.content_digest, step
        assert result.statistics == other.statistics, step
    assert "ListObjects" not in s3.operations()
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.suffix == ".directory"]


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_an_outage_in_a_step_is_told(
    operation: str, tmp_path: Path, bucket: Remote, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage_platform.errors import Unavailable

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    steps = chain(make_workspace(tmp_path / "workspace", documents=10), bucket / "scratch/one")
    next(steps)

    def fault(request: object) -> str | None:
        return "503 Slow Down" if getattr(request, "operation", None) == operation else None

    with s3.failing(fault), pytest.raises(Unavailable, match="after several tries"):
        next(steps)
