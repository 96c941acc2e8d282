"""Verdicts for many distinct terms: `python -m benchmarks.policy [--terms N]`.

Statements are drawn so that every record of facts is distinct; they are judged in all eight jurisdictions for four uses by
the shipped policies, on one core. A second round changes one statement in a hundred and takes over the answers of the first.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from benchmarks.report import markdown, write_report
from lineage_platform.policy.facts import facts, licence_of, vocabulary
from lineage_platform.policy.policies import load
from lineage_platform.policy.verdicts import Verdicts, judge

TERMS, GOAL = 10_000, 60.0
USES = ("commercial-pretraining", "commercial-finetuning", "research", "redistribution")
DAY = date(2026, 11, 22)
OPERATOR = {"size": "large", "crosses_border": "no", "recipients": ["us"]}
LICENCES = (
    "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC0-1.0", "MIT", "Apache-2.0", "ODbL-1.0", "ODC-By-1.0",
    "GPL-3.0-only", "LicenseRef-vendor", "NOASSERTION",
)  # fmt: skip
T = TypeVar("T")


def statements(count: int, seed: int = 4) -> dict[int, dict[str, Any]]:
    """Statements of which no two have the same facts."""
    draw, found, seen = random.Random(seed), {}, set()
    while len(found) < count:
        statement = _statement(draw)
        record = repr(facts(statement, licence_of(statement), DAY))
        if record not in seen:
            seen.add(record)
            found[len(found)] = statement
    return found


def _statement(draw: random.Random) -> dict[str, Any]:
    words = vocabulary()["facts"]
    licence = draw.choice(LICENCES)
    personal = draw.choice(("none", "none", "pseudonymised", "personal", "sensitive", "unknown"))
    basis = (
        "not-personal-data"
        if personal == "none"
        else draw.choice(("consent", "gdpr:6-1-f", "pipl:13-1", "unknown"))
    )
    drawn = ("consent_status", "minors", "important_data", "transfer", "kind", "collected_lawfully", "basis")
    stated = {name: draw.choice(words[name].get("values", ("yes", "no", "unknown"))) for name in drawn}
    return stated | {
        "source": "generated",
        "licence": licence,
        "licence_status": "unknown" if licence == "NOASSERTION" else "resolved",
        "personal_data": personal,
        "consent_basis": basis,
        "separate_consent": draw.sample(("provide", "sensitive", "abroad", "guardian"), draw.randrange(3)),
        "copyright_basis": {"EU": draw.choice(("licence", "exception:DSM-4", "unknown"))},
        "opt_out": draw.choice(("y", "n", "unknown")),
        "scope": {
            "regions": draw.choice(([], [], ["CN"], ["CN", "EU"])),
            "uses": draw.choice(([], [], ["training"])),
        },
        "evidence": draw.choice((None, {"uri": "x"}, {"uri": "x", "sha256": "0" * 64})),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy", description=__doc__)
    parser.add_argument("--terms", type=int, default=TERMS)
    count = parser.parse_args(arguments).terms
    drawn = statements(count)
    jurisdictions = [name for name, entry in vocabulary()["jurisdictions"].items() if entry["regions"]]
    policy_set, loading = _timed(load)
    first, fresh = _timed(lambda: judge(policy_set, drawn, USES, jurisdictions, DAY, OPERATOR))
    changed = drawn | dict(list(statements(max(1, count // 100), seed=5).items()))
    _, again = _timed(lambda: judge(policy_set, changed, USES, jurisdictions, DAY, OPERATOR, first.answers))
    figures = {
        "terms": count,
        "verdicts": len(first),
        "questions to Cedar": len(first.answers),
        "loading and checking the policies, CPU s": loading,
        "all verdicts, CPU s": fresh,
        "one statement in a hundred changed, CPU s": again,
        "microseconds a verdict": fresh / len(first) * 1e6,
    }
    write_report("policy", figures | {"values": _values(first)}, _page(figures, first))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def _values(verdicts: Verdicts) -> Mapping[str, int]:
    values = [verdicts[question].value for question in verdicts]
    return {value: values.count(value) for value in sorted(set(values))}


def _page(figures: Mapping[str, float], verdicts: Verdicts) -> str:
    rows = [
        (name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
        for name, value in figures.items()
    ]
    values = [(value, f"{count:,}") for value, count in _values(verdicts).items()]
    goal = f"Goal: all verdicts in under {GOAL:.0f} CPU seconds on one core."
    return "\n\n".join((goal, markdown([("", ""), *rows]), markdown([("verdict", "number"), *values])))


if __name__ == "__main__":
    main()
