"""A workspace whose only source is allowed everywhere, so that one changed term decides."""

from __future__ import annotations

import json
from pathlib import Path

from tests.assets.worlds import english

SOURCE = "sources/open.yaml"
CORPUS = "corpora/open.yaml"

_SOURCE = """\
id: open
title: Open notes
publisher: Example Society
steward: data@example.org
location: data/open.jsonl
format: jsonl
record: {text: text, id: id}
terms:
  licence: CC0-1.0
  consent_basis: not-personal-data
  personal_data: none
  evidence: {uri: LICENSE}
  kind: open-dataset
  important_data: general
  collected_lawfully: "yes"
  opt_out: "y"
  basis: concluded
"""
_CORPUS = """\
id: open
title: Open corpus
purpose: tests
steward: data@example.org
sources: [open]
tokenizer: {train: {vocabulary: 500}}
shards: {tokens: 8000, seed: 3}
release:
  uses: [commercial-pretraining]
  jurisdictions: [strict]
"""


def make_open_workspace(root: Path, documents: int = 24) -> Path:
    """Write the workspace."""
    for folder in ("data", "sources", "corpora"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "LICENSE").write_text("CC0\n")
    lines = [json.dumps({"id": f"o{number}", "text": english(number)}) for number in range(documents)]
    (root / "data" / "open.jsonl").write_text("\n".join(lines) + "\n")
    (root / SOURCE).write_text(_SOURCE)
    (root / CORPUS).write_text(_CORPUS)
    return root


def edit(path: Path, old: str, new: str) -> None:
    """Replace what is there once."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new))
