"""`lineage explain`: whether something may be used, for what, where, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import (
    AsOfOption,
    CorpusOption,
    JsonOption,
    ValidAtOption,
    VersionOption,
    WorkspaceOption,
    day,
    moment,
    opened,
)
from lineage_platform.cli.trace import show_gaps

if TYPE_CHECKING:
    from lineage_platform.audit.explaining import Explanation, Judgement


def explain(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[WHAT]",
            help="A source by id, a document by key, or a shard; without it the whole corpus.",
        ),
    ] = None,
    use: Annotated[
        str, typer.Option("--use", metavar="USE", help="For what; docs/policies.md lists the uses.")
    ] = "commercial-pretraining",
    jurisdiction: Annotated[
        list[str] | None,
        typer.Option(
            "--jurisdiction",
            metavar="CODE",
            help="Where, once or more: CN EU UK US JP KR SG IL, or a posture: strict, open-input. Default: strict.",
        ),
    ] = None,
    corpus: CorpusOption = None,
    version: VersionOption = None,
    as_of: AsOfOption = None,
    valid_at: ValidAtOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Say whether a source, a document, a shard or a corpus may be used, and for every doubt which rule and what clears it.

    \b
    lineage explain alpaca --use commercial-pretraining --jurisdiction EU --jurisdiction CN
    lineage explain shard-00003 --corpus demo --use research --jurisdiction JP
    lineage explain 137438953477 --jurisdiction strict --json
    lineage explain --corpus demo --valid-at 2027-01-01
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.explain(
            what,
            corpus,
            use=use,
            jurisdictions=jurisdiction or ["strict"],
            version=version,
            as_of=moment(as_of),
            valid_at=day(valid_at),
        )
    if as_json:
        output.as_json(answer.to_dict())
        return
    _show(answer)


def _show(answer: Explanation) -> None:
    tokens = "" if answer.tokens is None else f", {answer.tokens:,} tokens"
    output.line(
        f"{answer.asked} {answer.value}: {answer.documents:,} documents{tokens}; {answer.use} on {answer.day}"
    )
    for judgement in answer.judgements:
        _show_judgement(judgement)
    show_gaps(answer.gaps)
    output.line("An engineering aid, not legal advice (docs/policies.md).")


def _show_judgement(judgement: Judgement) -> None:
    shares = ", ".join(f"{share.documents:,} {share.verdict}" for share in judgement.shares)
    output.line()
    output.line(f"{judgement.jurisdiction}: {judgement.verdict} ({shares})")
    for reason in judgement.reasons:
        kind = reason.effect if reason.severity == "error" else "duty or doubt"
        output.line(f"  {kind}: {reason.title} | {reason.title_zh}")
        output.line(f"    law: {reason.law}{'' if reason.verified else ' (text not verified)'}")
        output.line(f"    about: {reason.documents:,} documents of {', '.join(reason.sources)}")
        facts = ", ".join(f"{name} {output.cell(value)}" for name, value in sorted(reason.facts.items()))
        output.line(f"    facts: {facts}")
        output.line(f"    cleared by: {reason.clears}")
