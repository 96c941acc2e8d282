"""Signals of documents recomputed: the digest of what was kept, the answer of all together, the terms that name it."""

from __future__ import annotations

import hashlib
import itertools
import json
from array import array
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from lineage_platform.audit.needs import Files
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.model.versions import File
from lineage_platform.policy.signals.model import DECIDES, combine
from lineage_platform.transformations.parts import read_batches

_COLUMNS = ("document", "raw", "raw_length", "raw_sha256", "parsed", "effective")
_ANSWERS = (None, "y", "n", "unknown")

Numbers = npt.NDArray[np.int64]


def verify_signals(recorded: Recorded, version: str, files: Files, report: Report) -> None:
    """The signals of a documents version, and that every document whose terms name an answer has these signals."""
    listed = recorded.files_of(version, "signals")
    documents, answers = array("q"), array("b")
    for file in listed:
        wrong = 0
        for document, rows in itertools.groupby(_rows(file, files), itemgetter("document")):
            own = list(rows)
            answer = combine(json.loads(row["parsed"]).get(DECIDES, "unknown") for row in own)
            wrong += sum(row["effective"] != answer or not _kept(row) for row in own)
            documents.append(document)
            answers.append(_ANSWERS.index(answer))
            report.count("signals", len(own))
        if wrong:
            expected = "digests of what was kept, and the answer of all together"
            report.problem("document", f"{version} {file.name}", f"{wrong} rows", expected)
    named = {row["number"]: _ANSWERS.index(row["statement"].get("signalled")) for row in recorded.terms}
    if listed or any(named.get(number) for number in recorded.version_terms.get(version, ())):
        _verify_terms(recorded, version, files, report, _Answers(documents, answers), named)


class _Answers:
    """Which documents have signals, and what they say together."""

    def __init__(self, documents: array[int], answers: array[int]) -> None:
        keys = np.frombuffer(documents, np.int64)
        order = np.argsort(keys, kind="stable")
        self._documents = keys[order]
        self._answers = np.frombuffer(answers, np.int8)[order].astype(np.int64)

    def of(self, documents: Numbers) -> Numbers:
        """Positions in `_ANSWERS`; 0 where a document has no signals."""
        if not len(self._documents):
            return np.zeros(len(documents), np.int64)
        at = np.minimum(np.searchsorted(self._documents, documents), len(self._documents) - 1)
        return np.where(self._documents[at] == documents, self._answers[at], 0)


def _verify_terms(
    recorded: Recorded, version: str, files: Files, report: Report, answers: _Answers, named: dict[int, int]
) -> None:
    for role in ("documents", "decisions"):
        for file in recorded.files_of(version, role):
            wrong = 0
            for batch in read_batches(files.path(file), ("document", "terms")):
                keys, terms = (column.to_numpy() for column in batch.columns)
                numbers, which = np.unique(terms, return_inverse=True)
                said = np.array([named.get(number, 0) for number in numbers.tolist()], np.int64)
                wrong += int((said[which] != answers.of(keys)).sum())
            if wrong:
                name = f"{version} {file.name}"
                report.problem("document", name, f"{wrong} rows", "terms that name the answer of the signals")


def _rows(file: File, files: Files) -> Iterator[dict[str, Any]]:
    for batch in read_batches(files.path(file), _COLUMNS):
        yield from batch.to_pylist()


def _kept(row: dict[str, Any]) -> bool:
    """Whether the bytes are those of the digest, as far as all of them were kept."""
    raw: bytes = row["raw"]
    if len(raw) < row["raw_length"]:
        return True
    return len(raw) == row["raw_length"] and hashlib.sha256(raw).digest() == row["raw_sha256"]
