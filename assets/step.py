"""A step: what one asset is made of, how, and what guards it. Steps know no Dagster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

import expectations
from assets.platform import Platform
from lineage_platform.files import Place
from lineage_platform.model.versions import CheckResult, Part, Result, Snapshot, Transformation, Version

Inputs = Mapping[str, Version | Snapshot]
"""Newest usable version (or snapshot) of each upstream dataset, by dataset name."""

Checks = Mapping[str, Sequence[CheckResult]]
"""Results by suite."""


@dataclass(frozen=True)
class Step:
    """One dataset and the transformation that makes it.

    `code_version` is what Dagster compares: the transformation's code version and the digest of what the YAML says.
    `transformation` may look at the inputs, for parameters that are only known then (pins, rights as of now).
    `pin` (corpus, recipe, name) is where the first version stays pinned.
    """

    dataset: str
    description: str
    upstream: tuple[str, ...]
    code_version: str
    transformation: Callable[[Platform, Inputs], Transformation]
    run: Callable[[Platform, Inputs, Transformation, Place], Result]
    check: Callable[[Platform, Inputs, Result], Checks]
    suites: tuple[str, ...]
    group: str
    owners: tuple[str, ...]
    kinds: frozenset[str]
    tables: Mapping[str, pa.Schema]
    tags: Mapping[str, str] = field(default_factory=dict)
    check_parameters: Mapping[str, Any] = field(default_factory=dict)
    pin: tuple[str, str, str] | None = None

    @property
    def checks(self) -> dict[str, Any]:
        """Parameters of the checks: the version of the suites and what this step sets."""
        return {"suites": expectations.VERSION, **self.check_parameters}

    @property
    def key(self) -> list[str]:
        """The asset key."""
        return self.dataset.split("/")


def parts_of(result: Result, role: str) -> list[Part]:
    """The parts of one role, in name order."""
    return sorted((part for part in result.parts if part.role == role), key=lambda part: part.name)


def inputs_of(step: Step, platform: Platform) -> dict[str, Version | Snapshot]:
    """Newest usable inputs; raises NotFound where nothing was committed, ChecksFailed where checks forbid building."""
    recorder = platform.recorder
    return {
        name: recorder.snapshot(name.removeprefix("source/"))
        if name.startswith("source/")
        else recorder.usable(name)
        for name in step.upstream
    }


def existing(step: Step, platform: Platform, inputs: Inputs) -> Version | None:
    """The version that the same inputs, code and parameters gave before, or the one that is pinned; else None."""
    if step.pin is not None:
        pinned = platform.recorder.pinned(*step.pin)
        if pinned is not None:
            return platform.recorder.version(pinned)
    ids = [inputs[name].id for name in step.upstream]
    return platform.recorder.find(step.dataset, planned(step, platform, inputs), ids)


def planned(step: Step, platform: Platform, inputs: Inputs) -> Transformation:
    """The transformation with the parameters of the checks that guard it: other checks make another version."""
    transformation = step.transformation(platform, inputs)
    return replace(transformation, parameters={**transformation.parameters, "checks": step.checks})
