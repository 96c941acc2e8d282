"""Statements of terms against the events that state them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from lineage_platform.audit.verification.entries import Event
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.catalog.forms import storable
from lineage_platform.events.facets import TERMS
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.keys import terms_number

Counts = tuple[int, int] | tuple[None, None]
Statement = Mapping[str, Any]


class Statements:
    """Follows what is believed, entry by entry."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._recorded = recorded
        self._report = report
        self._news: dict[int, list[Row]] = {}
        for row in recorded.terms:
            self._news.setdefault(row["ledger_index"], []).append(row)
        self._believed: dict[int, list[Statement]] = {}

    def learn(self, leaf: Row, event: Event) -> None:
        """Take in what an event states, and compare it with the rows that name it."""
        news = self._news.pop(leaf["index"], [])
        said: dict[int, list[Statement]] = {}
        for row in sorted(news, key=lambda row: row["statement"]["valid_from"] or ""):
            said.setdefault(row["number"], []).append(row["statement"])
            self._verify_row(row, leaf)
        self._believed |= said
        stated = _stated(event)
        if stated is None:
            for row in news:
                self._report.problem("terms", str(row["number"]), "a row", "an entry that states it")
            return
        counts = self._counts(event, news)
        for row in news:
            if row["number"] not in counts:
                self._report.problem("terms", str(row["number"]), "a row", "an entry that states it")
        self._verify_facet(leaf, stated, counts)

    def finish(self) -> None:
        """Rows that no entry of the ledger states."""
        self._report.count("terms", len(self._recorded.terms))
        for index, rows in self._news.items():
            for row in rows:
                self._report.problem("terms", str(row["number"]), "a row", f"an entry {index} that states it")

    def _counts(self, event: Event, news: list[Row]) -> dict[int, Counts]:
        """Terms numbers that the event is about, with what it counts of each."""
        if "run" not in event:
            return {row["number"]: (None, None) for row in news}
        version = event["outputs"][0]["facets"]["version"]["datasetVersion"]
        nothing: dict[int, Counts] = {row["number"]: (0, 0) for row in news}
        return {**nothing, **self._recorded.version_terms.get(version, {})}

    def _verify_row(self, row: Row, leaf: Row) -> None:
        statement = row["statement"]
        expected = {
            "source": statement["source"],
            "declared": statement["declared"],
            "valid_from": statement["valid_from"],
            "valid_to": statement["valid_to"],
            "recorded_at": leaf["recorded_at"],
            "run_id": leaf["run_id"],
        }
        got = {
            **{name: row[name] for name in expected},
            "valid_from": row["valid_from"].isoformat() if row["valid_from"] else None,
            "valid_to": row["valid_to"].isoformat() if row["valid_to"] else None,
        }
        self._report.same("terms", str(row["number"]), got, expected)
        if row["declared"] is None or "\ufffd" not in row["declared"]:
            statement = row["statement"]
            parents = tuple(statement.get("parents", ()))
            number = terms_number(row["source"], row["declared"], statement.get("signalled"), parents)
            self._report.same("terms", str(row["number"]), row["number"], number)

    def _verify_facet(self, leaf: Row, stated: Mapping[str, Any], counts: Mapping[int, Counts]) -> None:
        """The facet binds its whole list by a digest, which is made again from rows."""
        entry, day = str(leaf["index"]), leaf["recorded_at"].astimezone(UTC).date().isoformat()
        ordered = sorted(counts.items(), key=lambda item: (-(item[1][0] or 0), item[0]))
        missing = [number for number, _ in ordered if number not in self._believed]
        for number in missing:
            self._report.problem("terms", str(number), "no row", f"a statement that entry {entry} counts")
        if missing:
            return
        rows = [
            {
                "terms": str(number),
                "documents": documents,
                "tokens": tokens,
                **_on(day, self._believed[number]),
            }
            for number, (documents, tokens) in ordered
        ]
        listed = storable(stated["terms"])
        self._report.same("terms", f"entry {entry}", rows[: len(listed)], listed)
        if storable(stated["terms"]) == stated["terms"]:
            digest = hashlib.sha256(canonical_list(rows)).hexdigest()
            self._report.same(
                "terms", f"entry {entry}", (digest, len(rows)), (stated["digest"], stated["count"])
            )


def _on(day: str, pieces: list[Statement]) -> dict[str, Any]:
    """The statement that holds on a day, or else ended last, or else begins first, apart from the others."""
    begun = [piece for piece in pieces if (piece["valid_from"] or "") <= day]
    now = max(begun, key=lambda piece: piece["valid_to"] or "9999-99-99") if begun else pieces[0]
    others = [piece for piece in pieces if piece is not now]
    return {"statement": now, **({"others": others} if others else {})}


def canonical_list(rows: list[dict[str, Any]]) -> bytes:
    """RFC 8785 of a list: what `canonical` gives inside an object."""
    return canonical({"": rows})[len('{"":') : -1]


def _stated(event: Event) -> Mapping[str, Any] | None:
    holder = event["dataset"] if "dataset" in event else event["outputs"][0]
    facet: Mapping[str, Any] | None = holder["facets"].get(TERMS)
    return facet
