"""How a run is shown while it goes: bars on a terminal, a line a change elsewhere, nothing where JSON was asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from lineage_platform.cli.child import Event


class Display(Protocol):
    """Takes events as they come."""

    def tell(self, event: Event) -> None:
        """Show one event."""


@contextmanager
def display(*, quiet: bool) -> Iterator[Display]:
    """The display for this standard error."""
    if quiet:
        yield _Silent()
    elif sys.stderr.isatty():
        from lineage_platform.cli.bars import Bars

        with Bars() as bars:
            yield bars
    else:
        yield _Lines()


class _Silent:
    def tell(self, event: Event) -> None:
        pass


class _Lines:
    def tell(self, event: Event) -> None:
        match event["event"]:
            case "plan" if event["assets"]:
                text = f"to do: {', '.join(event['assets'])}"
            case "start":
                text = f"{event['asset']} ..."
            case "done":
                text = f"{event['asset']} done in {event['seconds']:.1f} s, {event['rows']:,} rows"
            case "failed":
                text = f"{event['asset']} failed: {event['error']}"
            case "check" if not event["passed"]:
                text = f"{event['asset']} check {event['name']} failed ({event['severity']})"
            case _:
                return
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - what this module is for
