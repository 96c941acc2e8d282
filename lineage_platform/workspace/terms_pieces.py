"""Statements about the same records -> pieces that are disjoint in valid time, each what holds in its days.

Of several statements that hold on a day, each field comes from the strongest that states it: measured before attested,
concluded, declared, inferred, and of one author's equally strong ones the last stated. What two equally strong statements
say differently is a contradiction: somebody has to decide.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lineage_platform.model.terms import Assertion, Basis
from lineage_platform.workspace.terms_form import TermsForm
from lineage_platform.workspace.yaml_reader import describe

_STRENGTH: tuple[Basis, ...] = ("measured", "attested", "concluded", "declared", "inferred")
_ABOUT = {"valid_from", "valid_to", "basis", "author", "stated_at"}
_ENDLESS = "9999-99-99"


@dataclass(frozen=True)
class Piece:
    """What holds from `form.valid_from` to `form.valid_to`, and the statements it was put together from, if several."""

    form: TermsForm
    assertions: tuple[Assertion, ...] = ()


@dataclass(frozen=True)
class Contradiction:
    """A field of the statement at `position` that says something else than another one; None: the whole statement."""

    position: int
    field: str | None
    got: str
    expected: str


def pieces_of(statements: Sequence[TermsForm]) -> tuple[list[Piece], list[Contradiction]]:
    """The pieces in order of time, with everything that contradicts; sound only if nothing does."""
    if len(statements) == 1:
        return [Piece(statements[0])], []
    bounds = sorted(
        {item.valid_from or "" for item in statements} | {item.valid_to or _ENDLESS for item in statements}
    )
    pieces: list[Piece] = []
    found: list[Contradiction] = []
    for first, end in itertools.pairwise(bounds):
        holding = [
            (position, item)
            for position, item in enumerate(statements)
            if (item.valid_from or "") <= first and end <= (item.valid_to or _ENDLESS)
        ]
        if holding:
            piece, wrong = _together(holding)
            found += [item for item in wrong if item not in found]
            validity = {"valid_from": first or None, "valid_to": None if end == _ENDLESS else end}
            pieces += [Piece(piece.form.model_copy(update=validity), piece.assertions)] if piece else []
    return pieces, found


def _together(holding: Sequence[tuple[int, TermsForm]]) -> tuple[Piece | None, list[Contradiction]]:
    """One piece of the statements that hold in the same days, by their positions."""
    ordered = sorted(holding, key=lambda item: (_STRENGTH.index(item[1].basis), _reversed(item[1].stated_at)))
    said: dict[str, Any] = {}
    source: dict[str, tuple[int, TermsForm]] = {}
    wrong: list[Contradiction] = []
    for position, form in ordered:
        for name, value in _said(form).items():
            if name not in said:
                said[name], source[name] = value, (position, form)
            elif value != said[name] and _equally_strong(form, source[name][1]):
                got = f"{describe(value)}, where statement {source[name][0] + 1} says {describe(said[name])}"
                expected = (
                    "one value on a day: another `basis`, a later `stated_at` of one author, or other days"
                )
                wrong.append(Contradiction(position, name, got, expected))
    giving = [form for _, form in source.values()]
    weakest = max((form.basis for form in giving), key=_STRENGTH.index, default="declared")
    authors = {form.author for form in giving}
    about = {
        "basis": weakest,
        "author": authors.pop() if len(authors) == 1 else None,
        "stated_at": max((form.stated_at for form in giving if form.stated_at), default=None),
    }
    try:
        whole = TermsForm.model_validate({**said, **about})
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        context = details.get("ctx", {})
        got = (
            f"{context.get('got') or describe(details['input'])}, put together from {len(holding)} statements"
        )
        return None, [
            *wrong,
            Contradiction(ordered[0][0], None, got, context.get("expected") or details["msg"]),
        ]
    assertions = [Assertion(form.basis, form.author, form.stated_at, _said(form)) for _, form in ordered]
    return Piece(whole, tuple(assertions) if len(assertions) > 1 else ()), wrong


def _said(form: TermsForm) -> dict[str, Any]:
    return form.model_dump(include=form.model_fields_set - _ABOUT, exclude_unset=True)


def _equally_strong(one: TermsForm, other: TermsForm) -> bool:
    if one.basis != other.basis:
        return False
    corrected = one.author == other.author and one.stated_at and other.stated_at
    return not (corrected and one.stated_at != other.stated_at)


def _reversed(day: str | None) -> tuple[int, ...]:
    """Sorts the latest day first, and no day last."""
    return tuple(-int(part) for part in day.split("-")) if day else (0,)
