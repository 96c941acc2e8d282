"""The register of requests as people work it.

with open_workspace("examples/demo") as workspace:
    opened = open_request(workspace, "erasure", "EU", author="dpo@example.org", subject="someone@example.org")
    take_step(workspace, opened.request, Step("verify", "dpo@example.org"))
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from lineage_platform.errors import InvalidInput
from lineage_platform.model.requests import KINDS, Request, Step

if TYPE_CHECKING:
    from lineage_platform.audit.requests import RequestAnswer
    from lineage_platform.wiring.reading import OpenWorkspace


def open_request(
    workspace: OpenWorkspace,
    kind: str,
    jurisdiction: str,
    *,
    author: str,
    subject: str | None = None,
    name: str | None = None,
    received_at: date | None = None,
    due: date | None = None,
    about: str = "",
) -> RequestAnswer:
    """Enter a request: of a natural person by `subject`, as records name them, of anybody else by `name`.

    `due` is a day that the request itself names. Raises InvalidInput where nobody says by when, NotFound for a kind or
    jurisdiction that does not exist.
    """
    from lineage_platform.policy.deadlines import rule_for
    from lineage_platform.wiring.recorder import load_subject_keys

    if (subject is None) == (name is None):
        raise InvalidInput("who asks: expected exactly one of a subject and a name")
    rule = rule_for(kind, jurisdiction, workspace.definition.deadlines, due)
    hashed = None if subject is None else load_subject_keys(workspace.settings).hash(subject)
    number = workspace.recorder.receive(
        Request(
            kind=next(known for known in KINDS if known == kind),
            jurisdiction=jurisdiction,
            received_at=received_at or datetime.now(UTC).date(),
            rule=rule,
            author=author,
            subject=None if hashed is None else hashed.hash,
            subject_key=None if hashed is None else hashed.key,
            name=name,
            about=about,
        )
    )
    return workspace.request(str(number))


def take_step(workspace: OpenWorkspace, request: str, step: Step) -> RequestAnswer:
    """Record what was done about a request, by its number. Raises NotFound, InvalidInput, Conflict."""
    found = workspace.request(request)
    workspace.recorder.take_step(int(found.request), step)
    return workspace.request(request)
