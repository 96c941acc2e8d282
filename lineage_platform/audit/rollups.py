"""The rights of a corpus version or of a shard, summed up: licences, duties, scope, dates, people, and what is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from lineage_platform.audit.answers import Answer, Gap
from lineage_platform.audit.counting import Counting
from lineage_platform.audit.lookup import corpus_version, shard_of
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.catalog.rows import VersionRow, shard_name
from lineage_platform.model.definitions import Source
from lineage_platform.model.when import When
from lineage_platform.policy.rollup import Facets, attribution, facets_of, rollup, rollup_of
from lineage_platform.policy.ruling import Rule

_COUNTED = ("licences", "duties", "restrictions", "personal_data", "minors", "generations", "unknowns")


@dataclass(frozen=True)
class RightsSummary(Answer):
    """What may be done with a corpus version, or one shard of it: `lineage rights`. `rights` is `policy.rollup`'s."""

    corpus: str
    version: str
    shard: str | None
    day: str
    rights: Mapping[str, Any]
    gaps: tuple[Gap, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each licence, duty, restriction and so on."""
        return [
            {"about": key.replace("_", " "), "word": word, **count}
            for key in _COUNTED
            for word, count in self.rights[key].items()
        ]


@dataclass(frozen=True)
class RightsByShard(Answer):
    """The same for every shard of a corpus version."""

    corpus: str
    version: str
    day: str
    shards: Mapping[str, Mapping[str, Any]]

    def rows(self) -> list[dict[str, Any]]:
        """One row a shard; of what is counted, the words alone."""
        return [{"shard": shard, **_in_a_line(rights)} for shard, rights in self.shards.items()]


def rights_of(
    catalog: Catalog, files: Files, corpus: str, shard: str | None, version: str | None, when: When
) -> RightsSummary:
    """The roll-up of a shard, or without one of the whole version. Raises NotFound."""
    found, name, rules, gaps = _counted(catalog, files, corpus, shard, version, when)
    return RightsSummary(corpus, found.id, name, when.day.isoformat(), rollup(_rows(rules)), tuple(gaps))


def rights_by_shard(
    catalog: Catalog, files: Files, corpus: str, version: str | None, when: When
) -> RightsByShard:
    """The roll-ups of all shards. Raises NotFound."""
    with catalog.snapshot():
        found = corpus_version(catalog, corpus, version)
        with closing(Counting(catalog, files, found, when)) as counting:
            return RightsByShard(corpus, found.id, when.day.isoformat(), by_shard(counting.shards()))


def by_shard(rules: Mapping[int, Iterable[Rule]]) -> dict[str, dict[str, Any]]:
    """Roll-ups by the names of shards. What a statement gives to them is worked out once, however many shards hold it, and
    statements that give the same are one."""
    known: dict[tuple[int, int | None], Facets] = {}
    distinct: dict[Facets, Facets] = {}
    found = {}
    for number, held in rules.items():
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        given: dict[int, Facets] = {}
        for rule in held:
            facets = known.get((rule.terms, rule.overlay))
            if facets is None:
                facets = facets_of(rule.statement)
                facets = known[rule.terms, rule.overlay] = distinct.setdefault(facets, facets)
            given[id(facets)] = facets
            sums[id(facets)][0] += rule.documents
            sums[id(facets)][1] += rule.tokens
        rows = [(facets, sums[place][0], sums[place][1]) for place, facets in given.items()]
        found[shard_name(number)] = rollup_of(rows)
    return found


def attribution_of(
    catalog: Catalog,
    files: Files,
    corpus: str,
    shard: str | None,
    version: str | None,
    when: When,
    works: Sequence[Source] = (),
) -> str:
    """The attribution file of a shard or of the whole version; `works` are the sources as declared. Raises NotFound."""
    found, name, rules, _ = _counted(catalog, files, corpus, shard, version, when)
    title = found.id if name is None else f"{name} of {found.id}"
    return attribution(_rows(rules), title, {source.id: source for source in works})


def _counted(
    catalog: Catalog, files: Files, corpus: str, shard: str | None, version: str | None, when: When
) -> tuple[VersionRow, str | None, list[Rule], list[Gap]]:
    with catalog.snapshot():
        found = corpus_version(catalog, corpus, version)
        row = None if shard is None else shard_of(catalog, found, shard)
        with closing(Counting(catalog, files, found, when)) as counting:
            rules = counting.corpus() if row is None else counting.shard(row.shard)
            return found, None if row is None else row.name, rules, counting.gaps(rules)


def _rows(rules: Iterable[Rule]) -> list[tuple[Mapping[str, Any], int, int]]:
    return [(rule.statement, rule.documents, rule.tokens) for rule in rules]


def _in_a_line(rights: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for key, value in rights.items():
        if key in ("strictest", "synthetic"):
            line |= {f"{key}_{name}": item for name, item in value.items()}
        else:
            line[key] = "; ".join(map(str, value)) if isinstance(value, Mapping | list) else value
    return line
