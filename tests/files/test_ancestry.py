"""Documents with signals and parents, on local files and on an S3 server: the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lineage_platform.files import Place, Remote, place
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import Result, Snapshot
from lineage_platform.policy.signals.rows import signals_of
from lineage_platform.policy.terms import terms_of
from lineage_platform.settings import read_settings
from lineage_platform.transformations.documents import read_documents
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.reading import observe
from lineage_platform.wiring import load_workspace
from tests.assets.ancestry_worlds import make_ancestry
from tests.files.server import Server, first_of_each
from tests.files.test_chain import paths, seen


def documents(workspace: Path, scratch: Place) -> Iterator[tuple[str, Result]]:
    """The documents of every source, parents first."""
    defined = load_workspace(read_settings(workspace, {}))
    read: dict[str, list[Place]] = {}
    how = {"engine": Engine(), "progress": quiet}
    for number, source in enumerate(defined.parents_first(), start=1):
        digest, files = observe(source, **how)
        result = read_documents(
            source,
            Snapshot(source.id, number, digest, files, ""),
            terms_of=lambda said, source=source: terms_of(source, *said),
            signals_of=signals_of,
            parents={name: read[name] for name in source.parents},
            subject_keys=SubjectKeys((b"k" * 32,)),
            scratch=scratch / source.id,
            **how,
        )
        read[source.id] = paths(result, "documents")
        yield source.id, result


def test_signals_and_parents_are_the_same_on_local_files_and_remote(
    tmp_path: Path, bucket: Remote, s3: Server
) -> None:
    workspace = make_ancestry(tmp_path / "workspace")
    local = dict(documents(workspace, tmp_path / "scratch"))
    with s3.failing(first_of_each("500 Internal Server Error", "503 Slow Down", "dropped")):
        remote = dict(documents(workspace, place(str(bucket / "scratch/ancestry"))))
    assert list(local) == list(remote) == ["books", "pages", "made"]
    assert {part.role for part in local["made"].parts} == {"documents", "decisions", "parents"}
    assert {part.role for part in local["pages"].parts} == {"documents", "decisions", "signals"}
    for name, result in local.items():
        assert [seen(part) for part in result.parts] == [seen(part) for part in remote[name].parts]
        assert result.content_digest == remote[name].content_digest
