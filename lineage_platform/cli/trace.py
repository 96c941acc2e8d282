"""`lineage trace`: where a whole corpus version, a shard, or one document of it, came from."""

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
from lineage_platform.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_platform.audit.answers import Gap
    from lineage_platform.audit.impacted import Impact
    from lineage_platform.audit.traced import CorpusTrace, DocumentTrace, ShardTrace, Signals
    from lineage_platform.audit.withdrawn import WithdrawalAnswer


def trace(
    context: typer.Context,
    shard: Annotated[
        str | None,
        typer.Argument(
            metavar="[SHARD]", help="shard-00003, 3, or a file name; without it the whole corpus."
        ),
    ] = None,
    corpus: CorpusOption = None,
    version: VersionOption = None,
    row: Annotated[
        int | None, typer.Option("--row", metavar="N", help="One document, by row from 0.")
    ] = None,
    token: Annotated[
        int | None, typer.Option("--token", metavar="N", help="One document, by a token of the shard from 0.")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="With --row or --token: also the document's text.")
    ] = False,
    as_of: AsOfOption = None,
    valid_at: ValidAtOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Trace a shard, one document of it, or a whole corpus version back to its sources.

    \b
    lineage trace --corpus demo
    lineage trace shard-00003 --corpus demo
    lineage trace 3 --corpus demo --row 17 --text
    lineage trace shard-00003.bin --corpus demo --token 81234 --json
    """
    one = row is not None or token is not None
    if text and not one:
        raise InvalidInput("--text: got it without --row or --token, expected one of them")
    if one and shard is None:
        raise InvalidInput("--row, --token: got one of them without a shard, expected the shard it is in")
    known, on = moment(as_of), day(valid_at)
    with opened(context, workspace) as open_workspace:
        if shard is None:
            whole = open_workspace.trace_corpus(corpus, version=version, as_of=known, valid_at=on)
            output.as_json(whole.to_dict()) if as_json else _show_shares(whole, f"{whole.shards:,} shards")
        elif one:
            document = open_workspace.trace_document(
                shard, corpus, row=row, token=token, version=version, as_of=known, valid_at=on, text=text
            )
            output.as_json(document.to_dict()) if as_json else _show_document(document)
        else:
            answer = open_workspace.trace(shard, corpus, version=version, as_of=known, valid_at=on)
            output.as_json(answer.to_dict()) if as_json else _show_shares(answer, answer.shard)


def _show_shares(answer: ShardTrace | CorpusTrace, what: str) -> None:
    output.line(f"{what} of {answer.version}: {answer.documents:,} documents, {answer.tokens:,} tokens")
    show_quarantine(answer.quarantined)
    output.table(
        "Sources and terms",
        answer.rows(),
        ("source", "snapshot", "licence", "consent_basis", "personal_data", "documents", "tokens"),
    )
    show_way(answer)


def _show_document(answer: DocumentTrace) -> None:
    span = answer.token_span
    terms = answer.terms or {}
    facts = {
        "document": answer.document,
        "place": f"{answer.shard} of {answer.version}, row {answer.row}, tokens {span.offset:,} to "
        f"{span.offset + span.count:,}",
        "source": f"{answer.source} ({answer.snapshot})",
        "file": f"{answer.file.path}, SHA-256 {answer.file.sha256}" if answer.file else None,
        "record": f"{output.cell(answer.record)} of that file, id {output.cell(answer.record_id)}",
        "made of": ", ".join(answer.fields) if answer.fields else None,
        "text SHA-256": answer.text_sha256,
        "licence": f"{terms.get('licence')} (declared: {output.cell(terms.get('declared'))})",
        "consent basis": terms.get("consent_basis"),
        "personal data": terms.get("personal_data"),
        "rank": answer.rank,
    }
    for name, value in facts.items():
        output.line(f"{name + ':':<15}{output.cell(value)}")
    show_quarantine(answer.quarantined)
    if answer.signals is not None:
        _show_signals(answer.signals)
    output.table("Decisions", answer.rows(), ("dataset", "outcome", "reason", "detail", "ledger_index"))
    copies = [{**vars(copy), "licence": (copy.terms or {}).get("licence")} for copy in answer.duplicates]
    columns = ("document", "source", "file", "record", "method", "licence", "rank", "could_replace")
    output.table("Stands for these duplicates", copies, columns)
    output.table("Derivations", map(vars, answer.derivations), ("child", "parent", "kind", "method"))
    parents = [{**vars(item), "licence": (item.terms or {}).get("licence")} for item in answer.parents]
    output.table("Made from", parents, ("child", "kind", "named", "document", "source", "licence"))
    output.table(
        "Also placed at", map(vars, answer.other_placements), ("shard", "row", "token_offset", "tokens")
    )
    if answer.text is not None:
        output.line(f"Text:\n{answer.text}\n")
    show_way(answer)


def _show_signals(signals: Signals) -> None:
    by = "; ".join(signals.by) or "nothing that was said"
    output.line(f"{'training:':<15}{signals.effective}, decided by {by} (rules {signals.rule_version})")
    output.table(
        "Signals",
        [{**signal, "parsed": output.cell(signal["parsed"])} for signal in signals.found],
        ("scheme", "location", "observed_at", "parsed", "raw_sha256"),
    )


def show_way(answer: CorpusTrace | ShardTrace | DocumentTrace) -> None:
    """The runs, the evidence and the gaps of an answer."""
    jobs = {entry.index: (entry.event or {}).get("job") for entry in answer.evidence.entries}
    output.table(
        "Transformations, first to last",
        [{**vars(step), "of": jobs.get(step.ledger_index)} for step in answer.transformations],
        ("of", "name", "code_version", "run_id", "ledger_index"),
    )
    show_consumers(answer)
    checkpoint = answer.evidence.checkpoint
    if checkpoint is not None:
        proved = sum(entry.proof is not None for entry in answer.evidence.entries)
        output.line(
            f"Evidence: {proved} ledger entries proved under the checkpoint of {checkpoint.size:,} entries, root "
            f"{checkpoint.root}"
        )
    show_gaps(answer.gaps)


def show_consumers(answer: CorpusTrace | ShardTrace | DocumentTrace | Impact | WithdrawalAnswer) -> None:
    """The releases that hold it, and the models made of those."""
    releases = [
        {**vars(item), "uses": ", ".join(item.uses), "jurisdictions": ", ".join(item.jurisdictions)}
        for item in answer.releases
    ]
    output.table("Released in", releases, ("release", "state", "uses", "jurisdictions", "made_at"))
    output.table("Models", map(vars, answer.models), ("model", "model_version", "release", "ended_at", "uri"))


def show_quarantine(withdrawals: Sequence[str]) -> None:
    """Nothing, where there is none."""
    if withdrawals:
        output.line(f"in quarantine: it holds what was withdrawn (withdrawal {', '.join(withdrawals)})")


def show_gaps(gaps: Sequence[Gap]) -> None:
    """What the answer cannot say."""
    output.table("Gaps", map(vars, gaps), ("kind", "id", "declared", "note"))
