"""All steps of a workspace, upstream first."""

from __future__ import annotations

from assets.annotations import annotations_step
from assets.deduplicated import deduplicated_step
from assets.documents import documents_step
from assets.release import release_step
from assets.selection import selection_step
from assets.shards import shards_step
from assets.step import Step
from assets.tokenizer import tokenizer_step
from lineage_platform.model.definitions import Workspace


def steps_of(workspace: Workspace) -> list[Step]:
    """Documents and annotations of every source, then the chain of every corpus."""
    sources = {source.id: source for source in workspace.sources}
    steps = []
    for source in workspace.parents_first():
        steps += [documents_step(source), annotations_step(source, workspace.minhash_settings(source.id))]
    for corpus in workspace.corpora:
        for make in (deduplicated_step, selection_step, tokenizer_step, shards_step):
            steps.append(make(corpus, sources))
        if corpus.release is not None:
            steps.append(release_step(corpus, corpus.release, sources))
    return steps
