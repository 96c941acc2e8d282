"""How the reading of licences agrees with people's: `python -m benchmarks.licences FOLDER`.

FOLDER is a collection that people annotated as the Data Provenance Initiative does (data_summaries*/*.json and constants/
license_classes.json; https://github.com/Data-Provenance-Initiative/Data-Provenance-Collection), or any folder of data set cards
and catalogue records, of which the declared licences are then listed with what becomes of each.

An annotated data set has one or more licence names, each with use, attribution and share-alike; the strictest holds. Agreement is
counted twice: with the classes as published, and with `ADJUDICATED`, where a class contradicts the text of the licence.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lineage_platform.policy.licence_facts import LicenceFacts, all_of, facts_of_resolution
from lineage_platform.policy.licences import resolve, resolve_generator

Class = tuple[str, str, str]

ADJUDICATED: dict[str, Class] = {
    "No License": ("Unspecified", "?", "?"),  # says that nothing is granted
    "Unspecified": ("Unspecified", "?", "?"),  # duties are as unknown as uses
    "CC BY-NC-SA": ("NC", "1", "1"),  # every version demands share-alike
    "MIT": ("All", "1", "0"),  # the copyright notice is kept
    "LGPL 2.1": ("All", "1", "1"),
    "LGPL 3.0": ("All", "1", "1"),
    "MPL 2.0": ("All", "1", "1"),
    "EPL 1.0": ("All", "1", "1"),
    "CC BY-ND 4.0": ("All", "1", "0"),  # no adaptation is shared at all
    "CDLA Permissive 2.0": ("All", "0", "0"),  # section 2.1 asks for the text only
}
_USES = {"?": "academic-only", "Acad": "academic-only", "NC": "non-commercial", "Unspecified": "unspecified"}
_STRICT = ("academic-only", "non-commercial", "unspecified", "commercial")
_DUTY = {"1": "yes", "?": "unknown", "0": "no"}
_KEYS = frozenset({"license", "licence", "licenses", "license_id", "license_url"})


@dataclass(frozen=True)
class Row:
    """One data set: its licences with their addresses, its generators, and what people say of each licence."""

    name: str
    licences: tuple[tuple[str, str], ...]
    generators: tuple[str, ...]
    classes: tuple[Class, ...]

    def expected(self) -> tuple[str, str, str]:
        """The strictest use; a duty if any licence has it, else unknown if any is unknown."""
        use = min((_USES.get(each[0], "commercial") for each in self.classes), key=_STRICT.index)
        duties = (max((each[at] for each in self.classes), key="0?1".index) for at in (1, 2))
        attribution, share_alike = (_DUTY[duty] for duty in duties)
        return use, attribution, share_alike


def main(folder: Path) -> None:
    """Print the figures of one folder."""
    if (folder / "constants" / "license_classes.json").exists():
        for published in (True, False):
            rows = list(read_rows(folder, published=published))
            print(
                f"\n{'classes as published' if published else 'classes adjudicated'}: {len(rows)} data sets"
            )
            compare(rows)
        with_generators(rows)
        paraphrases(folder)
    else:
        outcomes(folder)


def read_rows(folder: Path, *, published: bool) -> Iterator[Row]:
    """The annotated data sets; those with no licence, or one that has no class, are left out."""
    constants = folder / "constants"
    classes = json.loads((constants / "license_classes.json").read_text(encoding="utf-8"))
    custom_file = constants / "custom_license_classes.json"
    custom = json.loads(custom_file.read_text(encoding="utf-8")) if custom_file.exists() else {}
    for file in sorted(folder.glob("data_summaries*/*.json")):
        for name, record in json.loads(file.read_text(encoding="utf-8")).items():
            licences = [
                (each["License"], each.get("License URL") or "") for each in record.get("Licenses", ())
            ]
            said = [
                custom.get(url, ("?", "?", "?")) if licence == "Custom" else classes.get(licence)
                for licence, url in licences
            ]
            if not licences or None in said:
                continue
            if not published:
                said = [
                    ADJUDICATED.get(licence, one) for (licence, _), one in zip(licences, said, strict=True)
                ]
            generators = tuple(record.get("Model Generated") or ())
            yield Row(name, tuple(licences), generators, tuple((one[0], one[1], one[2]) for one in said))


def read(licence: str, url: str) -> LicenceFacts:
    """What we say of one declared licence; its address counts where the name says nothing."""
    by_name = resolve(licence)
    by_address = resolve(url)
    if by_name.status == "unknown" and by_address.status != "unknown":
        return facts_of_resolution(by_address)
    return facts_of_resolution(by_name)


def compare(rows: list[Row]) -> None:
    """Agreement on use, attribution and share-alike, in which direction the rest errs, and what it is."""
    found = [(row, all_of(read(*licence) for licence in row.licences)) for row in rows]
    for at, (fact, order) in enumerate(
        {
            "use": _STRICT,
            "attribution": ("yes", "unknown", "no"),
            "share-alike": ("yes", "unknown", "no"),
        }.items()
    ):
        ours = [(facts.use_class, facts.attribution, facts.shares_alike)[at] for _, facts in found]
        theirs = [row.expected()[at] for row in rows]
        pairs = list(zip(ours, theirs, strict=True))
        agree = sum(one == other for one, other in pairs)
        unknown = sum(one != other and one in ("unknown", "unspecified") for one, other in pairs)
        laxer = sum(order.index(one) > order.index(other) for one, other in pairs if one == order[-1])
        laxer += sum(one == "non-commercial" and other == "academic-only" for one, other in pairs)
        stricter = len(rows) - agree - laxer - unknown
        print(
            f"  {fact:12}{agree:6} agree ({agree / len(rows):.1%}), {stricter} stricter, {unknown} unknown, {laxer} laxer"
        )
        if fact != "use":
            counted = sum((one == "no") == (other == "no") for one, other in pairs)
            print(
                f"  {'':12}{counted:6} agree ({counted / len(rows):.1%}) where unknown counts as a duty, on both sides"
            )
        differ = Counter(
            (mine, people, " + ".join(sorted({name for name, _ in row.licences})))
            for row, mine, people in zip(rows, ours, theirs, strict=True)
            if mine != people
        )
        for (mine, people, licences), number in differ.most_common(12):
            print(f"    {number:5} ours {mine}, people's {people}: {licences[:100]}")


def with_generators(rows: list[Row]) -> None:
    """What the terms of the models add to what the licences of the data say."""
    made = [row for row in rows if row.generators]
    stated = {row.name: all_of(read(*licence) for licence in row.licences) for row in made}
    known = {
        generator: facts_of_resolution(resolve_generator(generator))
        for row in made
        for generator in row.generators
    }
    narrowed = Counter[tuple[str, str]]()
    for row in made:
        facts = all_of([stated[row.name], *(known[generator] for generator in row.generators)])
        narrowed[(stated[row.name].use_class, facts.use_class)] += 1
    print(f"\n{len(made)} data sets made by models: use by their licences -> with the terms of the models")
    for (before, after), number in narrowed.most_common():
        print(f"    {number:5} {before} -> {after}")
    silent = sorted(name for name, facts in known.items() if facts.commercial == "unknown")
    print(f"    models with no terms in the table: {', '.join(silent)}")


def paraphrases(folder: Path) -> None:
    """Whether what people wrote for a licence is read like the licence that the annotators took it for."""
    file = folder / "constants" / "license_paraphrases.json"
    table = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    pairs = [(name, written) for name, strings in table.items() for written in strings]
    differ = []
    for name, written in pairs:
        ours, theirs = (facts_of_resolution(resolve(string)).use_class for string in (written, name))
        if ours != theirs:
            differ.append(f"    {written[:60]!r}: ours {ours}, {name} {theirs}")
    if pairs:
        print(
            f"\n{len(pairs) - len(differ)} of {len(pairs)} strings have the use of the licence people took them for"
        )
        print("\n".join(differ))


def outcomes(folder: Path) -> None:
    """Every declared licence below a folder, and what becomes of it."""
    declared = Counter(string for file in sorted(folder.rglob("*")) for string in _declared(file))
    status = Counter[str]()
    for string, number in declared.most_common():
        resolution = resolve(string)
        status[resolution.status] += number
        facts = facts_of_resolution(resolution)
        said = resolution.licence if resolution.status == "resolved" else resolution.note
        print(f"{number:5} {string[:60]!r}: {resolution.status}, {facts.use_class}: {said[:90]}")
    print(", ".join(f"{number} {name}" for name, number in status.most_common()))


def _declared(file: Path) -> Iterator[str]:
    """The licences in the front matter of a card, or in a catalogue's JSON."""
    if file.suffix == ".md":
        head = file.read_text(encoding="utf-8", errors="replace").split("---\n", 2)
        try:
            yield from _licences(yaml.safe_load(head[1]) if len(head) == 3 and not head[0] else None)
        except yaml.YAMLError:
            return
    elif file.suffix == ".json":
        try:
            yield from _licences(json.loads(file.read_text(encoding="utf-8-sig")))
        except ValueError:
            return


def _licences(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _licences(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if str(key).casefold() in _KEYS and isinstance(value, str | list):
                yield from (
                    item for item in ([value] if isinstance(value, str) else value) if isinstance(item, str)
                )
            else:
                yield from _licences(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
