"""Every column of every row of the catalog is bound by an event of the ledger."""

from __future__ import annotations

import copy

import pytest

from tests.audit.verifying import Entries, changed, claims

ELSEWHERE = {
    "runs": {"run_id"},  # names of rows are changed below
    "versions": {"id", "statistics"},  # statistics are compared with the manifest
    "snapshots": {"number"},  # compared with the keys of the documents
    "terms": {"id"},  # says only in which order rows were put in
    "shards": {"version_id"},
    "snapshot_files": {"snapshot", "first_ordinal"},  # compared with the keys of the documents
}


@pytest.mark.parametrize("table", ["runs", "snapshots", "versions", "terms", "shards", "snapshot_files"])
def test_a_changed_column_contradicts_its_event(entries: Entries, table: str) -> None:
    recorded, events = entries
    assert claims(recorded, events).problems == 0
    held = getattr(recorded, table)
    names = list(held) if isinstance(held, dict) else list(range(len(held)))
    for name in names:
        rows = held[name] if isinstance(held[name], list) else [held[name]]
        for position, row in enumerate(rows):
            for column in set(row) - ELSEWHERE[table]:
                altered = copy.copy(recorded)
                fresh = {**row, column: changed(row[column])}
                again = copy.copy(held)
                if isinstance(held[name], list):
                    again[name] = [fresh if at == position else other for at, other in enumerate(rows)]
                else:
                    again[name] = fresh
                setattr(altered, table, again)
                assert claims(altered, events).problems > 0, (table, name, column, row[column])


def test_a_row_too_many_or_too_few(entries: Entries) -> None:
    recorded, events = entries
    for table in (
        "runs",
        "snapshots",
        "versions",
        "terms",
        "inputs",
        "version_terms",
        "shards",
        "snapshot_files",
    ):
        held = getattr(recorded, table)
        for name in list(held) if isinstance(held, dict) else range(len(held)):
            altered = copy.copy(recorded)
            less = copy.copy(held)
            del less[name]
            setattr(altered, table, less)
            assert claims(altered, events).problems > 0, (table, name)
    for table in ("runs", "versions", "snapshots", "inputs", "shards", "snapshot_files"):
        held = getattr(recorded, table)
        for name in held:
            altered = copy.copy(recorded)
            renamed = {changed(key) if key == name else key: row for key, row in held.items()}
            setattr(altered, table, renamed)
            assert claims(altered, events).problems > 0, (table, name)
    for table in ("runs", "versions", "snapshots"):
        held = getattr(recorded, table)
        row = {**next(iter(held.values())), "ledger_index": 10_000}
        altered = copy.copy(recorded)
        setattr(altered, table, {**held, "another": row})
        assert claims(altered, events).problems > 0, table


def test_events_that_went_missing_leave_rows_behind(entries: Entries) -> None:
    recorded, events = entries
    for number in range(len(events)):
        assert claims(recorded, [*events[:number], *events[number + 1 :]]).problems > 0, number
