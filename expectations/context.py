"""The only file that touches a Great Expectations context: in memory, silent, nothing sent, nothing written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from lineage_platform.model.versions import CheckResult

Severity = Literal["warn", "error"]

_SEVERITIES: dict[Severity, str] = {"error": "critical", "warn": "warning"}
_SHOWN = 3
_BLOCK_ROWS = 65_536


@cache
def library() -> Any:
    """The Great Expectations package, analytics off. Its import uses a module that Python has deprecated."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations
        import great_expectations.expectations

        return great_expectations


def expect(
    kind: str,
    name: str,
    expected: str,
    *,
    severity: Severity = "error",
    of: str | None = None,
    **arguments: Any,
) -> Any:
    """One expectation of the core class `kind`. `name` and `expected` are what people read; several of one name are one
    result. `of` is the table's column where the expectation looks at a derived one."""
    expectation = getattr(library().expectations, kind)
    column = of or arguments.get("column")
    return expectation(
        description=expected,
        severity=_SEVERITIES[severity],
        meta={"name": name, "severity": severity, "column": column},
        **arguments,
    )


def suite_of(table: str, expectations: Iterable[Any]) -> Any:
    """An `ExpectationSuite` named after its table."""
    return library().ExpectationSuite(name=table, expectations=list(expectations))


def validate(suite: Any, frames: Iterable[pd.DataFrame]) -> list[CheckResult]:
    """Every expectation of the suite against every frame, one result a name: it succeeds when it does so everywhere.

    What was found is rows (how many, and the first unexpected numbers; never strings), or the least and greatest value.
    An expectation that cannot be evaluated has failed.
    """
    tallies: dict[str, _Tally] = {}
    for expectation in suite.expectations:
        meta = expectation.meta
        tallies.setdefault(meta["name"], _Tally(meta["severity"], expectation.description, meta["column"]))
    for frame in _blocks(frames):
        batch = _batch_definition().get_batch({"dataframe": frame})
        outcome = batch.validate(suite, result_format="BASIC")
        for result in outcome.results:
            tallies[result.expectation_config.meta["name"]].add(bool(result.success), result.result or {})
    return [tally.result(name) for name, tally in tallies.items()]


def _blocks(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same rows in fewer frames: a validation costs milliseconds an expectation, however few the rows."""
    block: list[pd.DataFrame] = []
    for frame in frames:
        block.append(frame)
        if sum(map(len, block)) >= _BLOCK_ROWS:
            yield pd.concat(block, ignore_index=True)
            block = []
    if block:
        yield pd.concat(block, ignore_index=True)


@cache
def _batch_definition() -> Any:
    gx = library()
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars={"globally": False},
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("whole")


@dataclass
class _Tally:
    """What the expectations of one name have found so far."""

    severity: Severity
    expected: str
    column: str | None
    success: bool = True
    rows: int = 0
    unexpected: int = 0
    unevaluated: int = 0
    shown: list[str] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)

    def add(self, success: bool, found: Mapping[str, Any]) -> None:
        if "unexpected_count" in found:
            self.rows += found.get("element_count") or 0
            self.unexpected += found["unexpected_count"] or 0
            self.shown += [str(v) for v in found.get("partial_unexpected_list") or () if _is_number(v)]
            self.success &= success
        elif "observed_value" not in found:
            self.unevaluated += 1
            self.success = False
        elif found["observed_value"] is not None:  # no value, nothing that could be wrong
            self.observed.append(found["observed_value"])
            self.success &= success

    def result(self, name: str) -> CheckResult:
        return CheckResult(name, self.success, self.severity, self.expected, self._actual(), self.column)

    def _actual(self) -> str:
        if self.unevaluated:
            return "not evaluated"
        if self.observed:
            low, high = min(self.observed), max(self.observed)
            return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
        if not self.rows:
            return "no rows"
        if not self.unexpected:
            return f"all {self.rows} rows"
        values = f", first {', '.join(self.shown[:_SHOWN])}" if self.shown else ""
        return f"{self.unexpected} of {self.rows} rows are not{values}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
