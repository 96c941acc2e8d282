"""An attribution file, ready to be published with a corpus: Markdown in English and Chinese.

It has what licences ask for: the work and who published it, the holders of rights, the licence with its address, what was
changed, and notices (CC BY 4.0, section 3(a)(1); ODC-By 1.0, section 4.3; MIT and BSD, the notice clause).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final, cast

from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy.facts import Facts, facts, licence_of
from lineage_platform.policy.licence_facts import address_of
from lineage_platform.policy.meet import parts_of

_SILENT: Final = "not stated | 未说明"
_NO_WORKS: Final[Mapping[str, Source]] = MappingProxyType({})
_NOTICES: Final = {
    "attribution": "credit is due | 须署名",
    "notice": "licence text and notices travel along | 须附许可文本与声明",
    "share-alike": "adaptations carry the same licence | 演绎作品须以相同方式共享",
    "revenue-share": "a share of revenue is due | 须分享收益",
    "built-with-notice": "a model made with it says so | 以其制成的模型须注明",
    "name-prefix": "a model made with it bears the licensor's name first | 以其制成的模型名称须以许可方名称开头",
    "share-alike-of-output": "a model that learns from it keeps its restrictions | 以其训练的模型须保留其限制",
}
_BY_LICENCE: Final = {"attribution": "attribution", "notice": "notice", "share-alike": "share_alike"}
_CLAIMS: Final = ("output_claims", "generator_restrictions")
_CHANGES: Final = (
    "The text was extracted from the works, normalised, cleared of personal data that patterns find, and tokenised; "
    "duplicates and records of low quality were left out. No endorsement by anybody named here is implied.",
    "文本自各作品提取，经规范化、按模式去除个人信息并分词；重复及低质量记录已剔除。此处署名不表示任何一方的认可。",
)


def attribution(
    rows: Iterable[tuple[Mapping[str, Any], int, int]],
    title: str,
    works: Mapping[str, Source] = _NO_WORKS,
) -> str:
    """The file for documents with these effective statements: (statement, documents, tokens), in any order.

    One section for each source, and for each that a source derives from; `works` says by its id what people call a source,
    who published it and where. What comes from outside is escaped: no name makes a heading or a link of its own.
    """
    found: dict[str, list[tuple[Mapping[str, Any], int]]] = defaultdict(list)
    for statement, documents, _tokens in rows:
        if documents:
            for part in parts_of(statement):
                found[str(part.get("source", "unknown"))].append((part, documents))
    lines = [
        f"# {_plain(title)}",
        "",
        "Attribution | 署名",
        "",
        "## Changes made | 所作修改",
        "",
        *_CHANGES,
        "",
    ]
    lines += ["## Works | 作品", ""]
    for source in sorted(found):
        lines += [*_section(source, found[source], works.get(source)), ""]
    return "\n".join(lines)


def _section(
    source: str, said: Sequence[tuple[Mapping[str, Any], int]], work: Source | None
) -> Iterable[str]:
    parts = [part for part, _ in said]
    name = f"{_plain(work.title)} (`{source}`)" if work else _plain(source)
    yield f"### {name}"
    yield ""
    if work:
        where = f", {_linked(work.homepage)}" if work.homepage else ""
        yield f"- Published by | 发布者: {_plain(work.publisher)}{where}"
    yield f"- Rights holders | 权利人: {_listed(_united(parts, 'rightsholders')) or _SILENT}"
    by_licence: dict[str, int] = defaultdict(int)
    for part, documents in said:
        by_licence[_licence(part)] += documents
    for licence, documents in sorted(by_licence.items(), key=lambda item: (-item[1], item[0])):
        yield f"- Licence | 许可: {licence}, {documents:,} documents | 篇"
    evidence = sorted({part["evidence"]["uri"] for part in parts if part.get("evidence")})
    if evidence:
        yield f"- Terms | 条款: {', '.join(map(_linked, evidence))}"
    if parents := _united(parts, "derived_from"):
        yield f"- Made from | 源自: {_listed(parents)}"
    if generators := _united(parts, "generators"):
        yield f"- Made by a model | 生成模型: {_listed(generators)}"
    duties = {duty for part in parts for duty in duties_of(record_of(part))}
    if notices := [words for duty, words in _NOTICES.items() if duty in duties]:
        yield f"- Notice | 声明: {'; '.join(notices)}"


def record_of(part: Mapping[str, Any]) -> Facts:
    """The facts of a part, for what does not depend on the day: all but validity and embargo."""
    return facts(part, licence_of(part), date.min)


def duties_of(record: Facts) -> set[str]:
    """What use obliges to: by licence, by the statement's own words, and what licence or generator claim of models."""
    by_licence = {duty for duty, fact in _BY_LICENCE.items() if record[fact] == "yes"}
    return by_licence | (_words_of(record, "duties", *_CLAIMS) & _NOTICES.keys())


def restrictions_of(record: Facts) -> set[str]:
    """What the documents, or models made with them, may not be used for, by the licence or the generator's terms."""
    return _words_of(record, "field_of_use", *_CLAIMS) - _NOTICES.keys() - {"unknown"}


def _words_of(record: Facts, *names: str) -> set[str]:
    """The words of some facts that are sets."""
    return {word for name in names for word in cast("list[str]", record[name])}


def _licence(part: Mapping[str, Any]) -> str:
    """The expression with the address of every licence in it, or the words that could not be resolved."""
    expression = str(part.get("licence") or NOASSERTION)
    if expression == NOASSERTION:
        declared = part.get("declared")
        return f"{_SILENT} ({_plain(declared)[:200]})" if declared else _SILENT
    return re.sub(r"[^\s()]+", lambda word: _identifier(word[0]), expression)


def _identifier(word: str) -> str:
    if word in ("AND", "OR", "WITH"):
        return word
    address = address_of(word)
    return f"[{_plain(word)}]({address})" if address else _plain(word)


def _united(parts: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    return sorted({item for part in parts for item in part.get(name, ())})


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_plain, names))


def _linked(address: str) -> str:
    return f"<{address}>" if re.fullmatch(r"https?://[^\s<>\\]+", address) else _plain(address)


def _plain(text: str) -> str:
    """On one line, with nothing that Markdown or HTML would take for its own."""
    return re.sub(r"([\\`*_\[\]<>|#&!~])", r"\\\1", " ".join(text.split()))
