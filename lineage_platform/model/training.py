"""A training run, as whoever ran it tells us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A run that read the release `release` (a version id) and gave a model. `sha256` is of the model's weights, in hex."""

    release: str
    model: str
    model_version: str
    job: str
    uri: str | None = None
    sha256: str | None = None
    author: str | None = None
    ended_at: datetime | None = None

    @property
    def details(self) -> dict[str, str]:
        """What is known of the model beyond its name."""
        said = {"uri": self.uri, "sha256": self.sha256, "author": self.author}
        return {name: value for name, value in said.items() if value is not None}
