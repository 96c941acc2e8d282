"""Suites as blocking Dagster asset checks: one check a suite, failed as an error only where an error-level one failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import dagster as dg

from assets.metadata import check_table
from assets.step import Checks
from lineage_platform.model.versions import CheckResult

_SEPARATOR = ": "


def spec(suite: str, key: list[str]) -> dg.AssetCheckSpec:
    """The check of one suite; downstream assets of the run do not start when it fails as an error."""
    return dg.AssetCheckSpec(
        suite,
        asset=dg.AssetKey(key),
        blocking=True,
        description=f"Great Expectations suite of the {suite} table.",
    )


def flat(checks: Checks) -> tuple[CheckResult, ...]:
    """All results in one list, each named after its suite, as they are committed with the version."""
    return tuple(
        replace(check, name=f"{suite}{_SEPARATOR}{check.name}")
        for suite, items in checks.items()
        for check in items
    )


def results(checks: Iterable[CheckResult], suites: Iterable[str]) -> list[dg.AssetCheckResult]:
    """What Dagster is told: the committed results, by suite."""
    items = list(checks)
    return [_result(suite, [c for c in items if c.name.startswith(suite + _SEPARATOR)]) for suite in suites]


def _result(suite: str, checks: list[CheckResult]) -> dg.AssetCheckResult:
    failed = [check for check in checks if not check.success]
    error = any(check.severity == "error" for check in failed)
    return dg.AssetCheckResult(
        check_name=suite,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if error or not failed else dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{c.name}: expected {c.expected}, got {c.actual}" for c in failed) or None,
        metadata={
            "expectations": check_table(checks),
            "evaluated": len(checks),
            "failed": len(failed),
        },
    )
