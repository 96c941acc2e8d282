"""What people put on record by hand, outside any run of Dagster: replaced terms and what lifts them again, training runs.

with open_workspace("examples/demo") as workspace:
    restate(workspace, cover_of(workspace, source="alpaca"), Path("withdrawn.yaml"), reason=..., author=...)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_platform.audit.replaced import Replacements
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.keys import snapshot_of
from lineage_platform.model.overlay import EVERYBODY, Cover

if TYPE_CHECKING:
    from lineage_platform.audit.consumers import TrainingRuns
    from lineage_platform.wiring.reading import OpenWorkspace


def cover_of(
    workspace: OpenWorkspace,
    *,
    source: str | None = None,
    document: str | None = None,
    keys: str | None = None,
    subject: str | None = None,
) -> Cover:
    """What is to be covered; exactly one is given: a source's id, a document key, FROM-TO, or a subject as records name it.

    Raises InvalidInput, and NotFound for a document that was never read.
    """
    from lineage_platform.audit.lookup import document_key

    given = [item for item in (source, document, keys, subject) if item is not None]
    if len(given) != 1:
        raise InvalidInput(
            f"restate: got {len(given)} of --source, --document, --keys and --subject, expected exactly one of them"
        )
    if source is not None:
        return Cover(source=source)
    if document is not None:
        return Cover(document=_known_document(workspace, document_key(document)))
    if keys is not None:
        if not re.fullmatch(r"\d{1,19}-\d{1,19}", keys, re.ASCII):
            raise InvalidInput(f"--keys: got {keys!r}, expected FROM-TO, two document keys")
        first, last = keys.split("-")
        return Cover(keys=(document_key(first), document_key(last)))
    from lineage_platform.wiring.subjects import hash_of_subject

    return Cover.of_subject(hash_of_subject(workspace.settings, given[0]))


def restate(
    workspace: OpenWorkspace,
    cover: Cover,
    file: Path,
    *,
    reason: str,
    author: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Replacements:
    """Lay the terms in a file over those of what `cover` names; returns the new row.

    Days begin at midnight UTC; without `valid_from` the row counts from now on. Raises InvalidInput with file and line of
    what is wrong with the terms, NotFound for what was never read.
    """
    from lineage_platform.model.keys import Said
    from lineage_platform.policy.terms import piece
    from lineage_platform.wiring.workspace import known_names
    from lineage_platform.workspace.terms_file import load_terms

    settings = workspace.settings
    terms = piece(_source_of(workspace, cover), load_terms(file, settings, known_names(settings)), Said())
    rows = workspace.recorder.restate(
        [cover],
        terms,
        reason=reason,
        author=author,
        valid_from=midnight(valid_from),
        valid_to=midnight(valid_to),
    )
    return _rows(workspace, rows)


def reinstate(workspace: OpenWorkspace, rows: Sequence[str], *, reason: str, author: str) -> Replacements:
    """Lift rows of the overlay from now on; returns them as they are then.

    Raises InvalidInput, NotFound, and Conflict where one is lifted already.
    """
    for row in rows:
        if not re.fullmatch(r"\d{1,18}", row, re.ASCII):
            raise InvalidInput(
                f"overlay: got {row!r}, expected the number of a row; `lineage overlay` lists them"
            )
    numbers = [int(row) for row in rows]
    workspace.recorder.reinstate(numbers, reason=reason, author=author)
    return _rows(workspace, numbers)


def record_training(
    workspace: OpenWorkspace,
    release: str,
    *,
    model: str,
    model_version: str,
    job: str,
    uri: str | None = None,
    sha256: str | None = None,
    author: str | None = None,
    ended_at: datetime | None = None,
) -> TrainingRuns:
    """Record that a run read a release (its id, the beginning of one, or a corpus: its current one) and gave a model.

    Raises NotFound, InvalidInput where the release was not released, Conflict where it was told otherwise before.
    """
    from lineage_platform.audit.consumers import TrainingRuns
    from lineage_platform.audit.releases import release_of
    from lineage_platform.model.training import TrainingRun

    run = TrainingRun(
        release=release_of(workspace.catalog.releases(), release).id,
        model=model,
        model_version=model_version,
        job=job,
        uri=uri,
        sha256=sha256,
        author=author,
        ended_at=ended_at,
    )
    run_id = workspace.recorder.record_training(run)
    listed = workspace.training_runs().models
    return TrainingRuns(tuple(item for item in listed if item.run_id == run_id))


def _rows(workspace: OpenWorkspace, numbers: Sequence[int]) -> Replacements:
    listed = workspace.overlay().overlay
    return Replacements(tuple(item for item in listed if int(item.overlay) in numbers))


def _known_document(workspace: OpenWorkspace, key: int) -> int:
    from lineage_platform.audit.index import Index
    from lineage_platform.audit.lookup import was_read

    with workspace.catalog.snapshot(), closing(Index(workspace.store)) as index:
        if not was_read(workspace.catalog, index, key):
            raise NotFound("document", str(key))
    return key


def _source_of(workspace: OpenWorkspace, cover: Cover) -> str:
    """The source whose records are covered, where they are of one."""
    known = workspace.catalog  # also where a source is named: asking makes no database where there is none
    if cover.source is not None:
        return cover.source
    ends = (cover.document, cover.document) if cover.document is not None else cover.keys
    if ends is None or ends[0] is None or ends[1] is None or snapshot_of(ends[0]) != snapshot_of(ends[1]):
        return EVERYBODY
    found = known.snapshots(numbers=[snapshot_of(ends[0])])
    return found[0].source if found else EVERYBODY


def midnight(day: date | None) -> datetime | None:
    """When a day begins."""
    return None if day is None else datetime.combine(day, time(), UTC)
