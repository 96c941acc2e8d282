"""What all forms share: nothing unknown, nothing converted, nothing changed after; and the small types of their fields.

A form checks one file by itself. What needs other files, the disk or other rooms' vocabulary is checked in `checks`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

ID = r"[a-z0-9][a-z0-9._-]{0,63}"
MAX_SEED = 2**63 - 1

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_TEAM = re.compile(r"team:[A-Za-z0-9][A-Za-z0-9 ._/-]{0,63}")


def refused(expected: str, got: str | None = None) -> PydanticCustomError:
    """An error that says what was expected; the place, and what was got unless given, are added where it is reported."""
    return PydanticCustomError("expected", "{expected}", {"expected": expected, "got": got})


def one_or_many(value: Any) -> Any:
    """A list of one where it was written without the list."""
    return [value] if isinstance(value, str) else value


def _id(value: str) -> str:
    if not re.fullmatch(ID, value):
        raise refused("at most 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit")
    return value


def _steward(value: str) -> str:
    if not (_EMAIL.fullmatch(value) or _TEAM.fullmatch(value)):
        raise refused("an e-mail address or team:NAME; it becomes the owner of the Dagster assets")
    return value


def _date(value: str) -> str:
    try:
        written_in_full = date.fromisoformat(value).isoformat() == value
    except ValueError:
        written_in_full = False
    if not written_in_full:
        raise refused("a date of the form YYYY-MM-DD")
    return value


Id = Annotated[str, AfterValidator(_id), Field(json_schema_extra={"pattern": f"^{ID}$"})]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Steward = Annotated[
    str, AfterValidator(_steward), Field(examples=["data-governance@example.org", "team:corpora"])
]
Date = Annotated[str, AfterValidator(_date), Field(examples=["2026-01-01"])]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


class Form(BaseModel):
    """Base of all forms: nothing unknown, nothing converted, nothing changed after."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
