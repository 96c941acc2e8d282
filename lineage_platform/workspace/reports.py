"""pydantic's errors -> problems with file, line, field, what was got and what was expected."""

from __future__ import annotations

import difflib
import types
from collections.abc import Collection, Iterable
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lineage_platform.errors import Problem
from lineage_platform.workspace.fields import Form
from lineage_platform.workspace.yaml_reader import Document, Location, describe

F = TypeVar("F", bound=Form)

_EXPECTED = {
    "string_type": "text (in quotes if it looks like something else)",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "string_too_short": "text that is not empty",
    "too_short": "at least one item",
}


def validate(form: type[F], document: Document, problems: list[Problem]) -> F | None:
    """The filled form, or None with everything that is wrong added to `problems`."""
    try:
        return form.model_validate(document.value)
    except ValidationError as error:
        problems.extend(_problem(form, document, details) for details in error.errors(include_url=False))
        return None


def problem(document: Document, location: Location, got: str, expected: str) -> Problem:
    """A problem at one field of a document."""
    written = _as_written(document, location)
    return Problem(document.file, document.line(written), _dotted(written), got, expected)


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; nearest: ..." or nothing."""
    close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"; nearest: {', '.join(close)}" if close else ""


def one_of(name: str, known: Collection[str]) -> str:
    """What a name from a list should have been."""
    listed = ", ".join(sorted(known)) if known else "none is defined"
    return f"one of: {listed}{nearest(name, known)}"


def _problem(form: type[Form], document: Document, details: ErrorDetails) -> Problem:
    location = tuple(details["loc"])
    got = describe(details["input"])
    kind = details["type"]
    if kind == "missing":
        field = _form_at(form, location[:-1]).model_fields[str(location[-1])]
        expected = f"this field: {field.description}" if field.description else "this field"
        return problem(document, location, "nothing", expected)
    if kind == "extra_forbidden":
        name = str(location[-1])
        return problem(
            document,
            location,
            "an unknown key",
            one_of(name, list(_form_at(form, location[:-1]).model_fields)),
        )
    if kind == "literal_error":
        expected = f"{details['ctx']['expected']}{nearest(str(details['input']), _words(details['ctx']['expected']))}"
    elif kind == "expected":
        expected = details["ctx"]["expected"]
        got = details["ctx"]["got"] or got
    elif kind == "string_pattern_mismatch":
        expected = f"text of the pattern {details['ctx']['pattern']}"
    else:
        expected = _EXPECTED.get(kind) or details["msg"].removeprefix("Input should be ")
    return problem(document, location, got, expected)


def _as_written(document: Document, location: Location) -> Location:
    """The place in the file: where one item may be written without a list, it has no position in one."""
    written: list[str | int] = []
    value: Any = document.value
    for part in location:
        if isinstance(part, int) and isinstance(value, dict):
            continue
        written.append(part)
        known = (isinstance(value, list) and part in range(len(value))) or (
            isinstance(value, dict) and part in value
        )
        value = value[part] if known else None
    return tuple(written)


def _words(listed: str) -> list[str]:
    return [word.strip("' ") for word in listed.replace(" or ", ", ").split(",")]


def _dotted(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "file"


def _form_at(form: type[BaseModel], location: Location) -> type[BaseModel]:
    """The form that stands at a place inside another one."""
    for part in location:
        if isinstance(part, str) and part in form.model_fields:
            form = _model_in(form.model_fields[part].annotation) or form
    return form


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Annotated, Union, types.UnionType, list}:
        return next((model for item in get_args(annotation) if (model := _model_in(item))), None)
    return None
