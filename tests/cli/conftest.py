"""The command in this process, on the recorded world of the audit tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lineage_platform.cli.main import main
from lineage_platform.settings import Settings
from tests.audit.conftest import world as world
from tests.audit.definitions import World


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)


Lineage = Callable[..., Said]


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make these settings those of the environment."""
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Lineage:
    """Run `lineage` with arguments."""

    def call(*arguments: str) -> Said:
        code = main(arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture
def lineage(world: World, monkeypatch: pytest.MonkeyPatch, run: Lineage) -> Lineage:
    """Run `lineage` on the recorded world."""
    use(world.settings, monkeypatch)
    return run
