"""A run on a terminal: one line for each asset, with a bar where it counts."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from lineage_platform.cli.child import Event


class Bars:
    """A display; use as a context manager."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def tell(self, event: Event) -> None:
        """Show one event."""
        match event["event"]:
            case "plan":
                for asset in event["assets"]:
                    self._tasks[asset] = self._progress.add_task(
                        asset, start=False, total=None, note="waiting"
                    )
            case "start":
                self._progress.start_task(self._task(event))
                self._progress.update(self._task(event), note="")
            case "progress":
                self._progress.update(self._task(event), completed=event["done"], total=event["total"])
            case "done":
                self._progress.update(self._task(event), completed=1, total=1, note=f"{event['rows']:,} rows")
            case "failed":
                self._progress.update(self._task(event), note="[red]failed")
                self._progress.stop_task(self._task(event))
            case "check" if not event["passed"]:
                self._progress.console.print(
                    f"{event['asset']}: check {event['name']} failed ({event['severity']})", markup=False
                )

    def _task(self, event: Event) -> TaskID:
        asset = event["asset"]
        if asset not in self._tasks:
            self._tasks[asset] = self._progress.add_task(asset, total=None, note="")
        return self._tasks[asset]
