"""What is taken back: planned on the read side, recorded on the write side, and planned again where the world moved on between.

with open_workspace("examples/demo") as workspace:
    withdraw(workspace, Wanted(source="alpaca"), reason="Letter of 3 March.", author="A. Officer")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_platform.errors import Conflict, InvalidInput
from lineage_platform.model.withdrawals import KINDS, Kind, Planned, Recorded, Withdrawal
from lineage_platform.wiring.changing import midnight, reinstate

if TYPE_CHECKING:
    from lineage_platform.audit.replaced import Replacements
    from lineage_platform.audit.withdrawing import Plan, Planner
    from lineage_platform.audit.withdrawn import WithdrawalAnswer
    from lineage_platform.wiring.reading import OpenWorkspace

TRIES = 3
"""How often a withdrawal is planned, where corpus versions are committed meanwhile."""

_KINDS: dict[str, Kind] = {
    "source": "licence-revoked",
    "documents": "takedown",
    "subject": "consent-withdrawn",
    "licence": "licence-revoked",
    "query": "takedown",
}


@dataclass(frozen=True)
class Wanted:
    """What is to be taken back; exactly one is given. `query` is a Parquet file with a column `document` of document keys."""

    source: str | None = None
    documents: Sequence[str] | None = None
    subject: str | None = None
    licence: str | None = None
    query: Path | None = None

    @property
    def given(self) -> str:
        """The name of what is given. Raises InvalidInput."""
        named = [name for name, value in vars(self).items() if value]
        if len(named) != 1:
            raise InvalidInput(
                f"withdraw: got {len(named)} of --source, --document, --subject, --licence and --query, expected exactly one"
            )
        return named[0]


def withdraw(
    workspace: OpenWorkspace,
    wanted: Wanted,
    *,
    reason: str,
    author: str,
    kind: str | None = None,
    effective: date | None = None,
    request: str | None = None,
    erase: bool = False,
    keep_children: bool = False,
    dry_run: bool = False,
) -> WithdrawalAnswer:
    """Take something back, from now on or `effective` (midnight UTC); with `dry_run` only say what that would do.

    Raises InvalidInput, NotFound for a document that was never read, Conflict where the corpora change faster than they can be
    looked into.
    """
    from lineage_platform.audit.withdrawing import Planner
    from lineage_platform.audit.withdrawn import answer

    chosen = _kind(kind, wanted)
    if not dry_run:
        workspace.recorder  # noqa: B018 - makes the database where there is none: what was never seen can be withdrawn
    for tries in range(1, TRIES + 1):
        with Planner(
            workspace.catalog, workspace.store, keep_children=keep_children, duplicates=dry_run
        ) as planner:
            plan = _plan(planner, workspace, wanted, make_key=not dry_run)
            if dry_run:
                return answer(workspace.catalog, plan, chosen, None)
        withdrawal = Withdrawal(chosen, plan.covers, reason, author, midnight(effective), request, erase)
        try:
            recorded = workspace.recorder.withdraw(_planned(withdrawal, plan))
        except Conflict:
            if tries == TRIES:
                raise
            continue
        return _told(workspace, plan, chosen, recorded)
    raise AssertionError("the last try returns or raises")


def reinstate_withdrawal(
    workspace: OpenWorkspace, withdrawal: str, *, reason: str, author: str
) -> Replacements:
    """Lift all rows of a withdrawal that were not lifted. Raises NotFound, Conflict where none is left."""
    from lineage_platform.audit.withdrawn import overlay_rows

    rows = overlay_rows(workspace.catalog, withdrawal)
    if not rows:
        raise Conflict(f"withdrawal {withdrawal}: all of it was reinstated before; nothing was recorded")
    return reinstate(workspace, rows, reason=reason, author=author)


def _told(workspace: OpenWorkspace, plan: Plan, kind: Kind, recorded: Recorded) -> WithdrawalAnswer:
    from lineage_platform.audit.withdrawn import answer

    with workspace.catalog.snapshot():
        return answer(workspace.catalog, plan, kind, recorded)


def _planned(withdrawal: Withdrawal, plan: Plan) -> Planned:
    return Planned(withdrawal, plan.hits, plan.refusals, frozenset(row.id for row in plan.examined))


def _kind(kind: str | None, wanted: Wanted) -> Kind:
    given = wanted.given
    if kind is None:
        return _KINDS[given]
    for known in KINDS:
        if known == kind:
            return known
    raise InvalidInput(f"--kind: got {kind!r}, expected one of {', '.join(KINDS)}")


def _plan(planner: Planner, workspace: OpenWorkspace, wanted: Wanted, *, make_key: bool) -> Plan:
    from lineage_platform.audit.lookup import document_key

    if wanted.source is not None:
        return planner.source(wanted.source, workspace.declared)
    if wanted.licence is not None:
        return planner.licence(wanted.licence)
    if wanted.documents:
        return planner.documents([document_key(key) for key in wanted.documents])
    if wanted.query is not None:
        return planner.documents(_keys_in(wanted.query))
    from lineage_platform.wiring.recorder import load_subject_keys
    from lineage_platform.wiring.subjects import hash_of_subject

    name = wanted.subject or ""
    known = load_subject_keys(workspace.settings).hash(name) if make_key else None
    return planner.subject(known or hash_of_subject(workspace.settings, name))


def _keys_in(file: Path) -> list[int]:
    """The document keys of a Parquet file. Raises InvalidInput."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from lineage_platform.audit.lookup import document_key

    try:
        column = pq.read_table(file, columns=["document"]).column("document")
    except (OSError, pa.ArrowException, KeyError) as error:
        said = str(error).partition("\n")[0]
        raise InvalidInput(
            f"{file}: {said}; expected a Parquet file with a column `document` of document keys"
        ) from error
    keys: list[Any] = column.to_pylist()
    if not keys or None in keys:
        raise InvalidInput(
            f"{file}: got {'no key' if not keys else 'a key that is null'}, expected document keys"
        )
    return [document_key(str(key)) for key in keys]
