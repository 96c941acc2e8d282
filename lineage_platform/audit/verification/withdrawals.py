"""Withdrawals, what they quarantined and refused, against the events that state them; what they cover are rows of the overlay."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import OVERLAY, WITHDRAWAL

_SAME = ("kind", "reason", "author", "effective", "request", "erase", "documents", "tokens", "shards")

Quarantine = tuple[str, int, int]
"""(corpus version, shard, documents)"""

Refusal = tuple[str, str | None, str | None]
"""(source, record id, SHA-256 in hex)"""


class Withdrawals:
    """Takes events in ledger order; every row has to be stated by exactly one, as it is."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._recorded, self._report = recorded, report
        self._rows = {row["id"]: row for row in recorded.withdrawals}
        self._quarantined: dict[int, Counter[Quarantine]] = defaultdict(Counter)
        for row in recorded.quarantines:
            self._quarantined[row["withdrawal"]][row["version_id"], row["shard"], row["documents"]] += 1
        self._refused: dict[int, Counter[Refusal]] = defaultdict(Counter)
        for row in recorded.refusals:
            text = row["sha256"]
            refusal = row["source"], row["record_id"], None if text is None else bytes(text).hex()
            self._refused[row["withdrawal"]][refusal] += 1
        report.count("withdrawals", len(self._rows))
        report.count("quarantines", len(recorded.quarantines))

    def learn(self, leaf: Row, event: Event) -> None:
        """Compare what an event states with its rows."""
        facets = event["dataset"]["facets"]
        if WITHDRAWAL not in facets:
            return
        stated, number = facets[WITHDRAWAL], int(facets[WITHDRAWAL]["withdrawal"])
        row = self._rows.pop(number, None)
        if row is None:
            place = f"the one that entry {leaf['index']} states"
            self._report.problem("withdrawal", str(number), "no row", place)
        else:
            expected = {name: stated[name] for name in _SAME}
            expected |= {"covers": _covers(facets), "ledger_index": leaf["index"]}
            for column, value in {**expected, "recorded_at": moment(leaf["recorded_at"])}.items():
                self._report.same("withdrawal", f"{number} {column}", _plain(row[column]), value)
        self._compare(
            "quarantine", number, self._quarantined.pop(number, Counter()), Counter(_shards(stated))
        )
        refused = Counter(
            (item["source"], item.get("record"), item.get("sha256")) for item in stated["refused"]
        )
        self._compare("refusal", number, self._refused.pop(number, Counter()), refused)
        self._add_up(number, stated)

    def finish(self) -> None:
        """Rows that no event states."""
        for number in self._rows:
            self._report.problem("withdrawal", str(number), "a row", "an entry that states it")
        for number in {*self._quarantined, *self._refused}:
            self._compare("quarantine", number, self._quarantined[number], Counter())
            self._compare("refusal", number, self._refused[number], Counter())

    def _compare(self, kind: str, number: int, rows: Counter[Any], stated: Counter[Any]) -> None:
        for name in sorted((rows - stated).keys(), key=str):
            self._report.problem(kind, f"{number} {_words(name)}", "a row", "an entry that states it")
        for name in sorted((stated - rows).keys(), key=str):
            self._report.problem(kind, f"{number} {_words(name)}", "no row", "the one that its entry states")

    def _add_up(self, number: int, stated: Mapping[str, Any]) -> None:
        """The sums are those of the shards, and no shard holds more than it was packed with."""
        shards = list(_shards(stated))
        self._report.same(
            "withdrawal", f"{number} documents", stated["documents"], sum(row[2] for row in shards)
        )
        self._report.same("withdrawal", f"{number} shards", stated["shards"], len(shards))
        packed = {
            (version, row["shard"]): row["documents"]
            for version in {name for name, _, _ in shards}
            for row in self._recorded.shards.get(version, [])
        }
        for version, shard, documents in shards:
            if documents > packed.get((version, shard), 0):
                most = f"at most {packed.get((version, shard), 0)}"
                self._report.problem("quarantine", f"{number} {version} {shard}", str(documents), most)


def _shards(stated: Mapping[str, Any]) -> Iterator[Quarantine]:
    for hits in stated["quarantined"]:
        for shard, documents in zip(hits["shards"], hits["documents"], strict=True):
            yield hits["version"], shard, documents


def _covers(facets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is covered, as the row has it."""
    stated = facets[OVERLAY]["covers"]
    return [{name: value for name, value in cover.items() if name != "overlay"} for cover in stated]


def _words(name: tuple[object, ...]) -> str:
    return " ".join(str(part) for part in name if part is not None)


def _plain(value: Any) -> Any:
    """A column as events write it."""
    return moment(value) if isinstance(value, datetime) else value
