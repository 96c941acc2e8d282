"""What verbs print: JSON, tables for a terminal, aligned columns for a pipe. Rich is loaded for a terminal only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer


def as_json(answer: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def line(text: str = "") -> None:
    """One line on standard output."""
    typer.echo(text)


def table(title: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Rows under a title; nothing for no rows. Column names are keys, underscores shown as spaces."""
    listed = list(rows)
    if not listed:
        return
    cells = [[cell(row.get(name)) for name in columns] for row in listed]
    numeric = [all(isinstance(row.get(name), int) for row in listed) for name in columns]
    headings = [name.replace("_", " ") for name in columns]
    if sys.stdout.isatty():
        _rich(title, headings, cells, numeric)
    else:
        _columns(title, headings, cells, numeric)


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _columns(title: str, headings: list[str], cells: list[list[str]], numeric: list[bool]) -> None:
    widths = [max(len(row[place]) for row in [headings, *cells]) for place in range(len(headings))]
    line(f"{title}:")
    for row in [headings, *cells]:
        padded = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        ]
        line(f"  {'  '.join(padded)}".rstrip())


def _rich(title: str, headings: list[str], cells: list[list[str]], numeric: list[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading, right in zip(headings, numeric, strict=True):
        drawn.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(text) for text in row))
    Console().print(drawn)
