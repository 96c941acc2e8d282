"""Equality of outcomes where a peer and we define the same thing; pure, on what `outcomes` and the runners wrote."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

BANDS = ((0.9, 1.01), (0.8, 0.9), (0.7, 0.8), (0.0, 0.7))
"""Of true Jaccard similarity: at least, and below."""


@dataclass(frozen=True)
class Copy:
    """A row of the truth: `document` copies `of`, whose text is the same (exact) or alike."""

    document: str
    of: str
    exact: bool
    jaccard: float


def text_classes(truth: Iterable[Copy]) -> dict[str, str]:
    """The document that stands for all of the same text, by document; those that are not named stand for themselves."""
    return {copy.document: copy.of for copy in truth if copy.exact}


def exact_differences(
    entered: Collection[str], kept: Collection[str], classes: Mapping[str, str]
) -> tuple[int, int, int]:
    """Texts that came in more than once, copies that had to go, and how many texts were not left exactly once.

    Which copy survives does not matter.
    """
    came = Counter(classes.get(name, name) for name in entered)
    left = Counter(classes.get(name, name) for name in kept)
    repeated = {text: count for text, count in came.items() if count > 1}
    return len(repeated), sum(repeated.values()) - len(repeated), sum(left[text] != 1 for text in came)


@dataclass(frozen=True)
class NearQuality:
    """MinHash against the truth: `recall` by band of similarity as (found, pairs); of the documents that went, how many have
    a copy in the truth (`precise`) of all (`gone`)."""

    recall: dict[tuple[float, float], tuple[int, int]]
    precise: int
    gone: int

    @property
    def precision(self) -> float:
        """Share of the documents that went which have a copy."""
        return self.precise / self.gone if self.gone else 1.0


def near_quality(entered: Collection[str], kept: Collection[str], truth: Sequence[Copy]) -> NearQuality:
    """Judge near deduplication by what came in (exact copies gone) and what it kept.

    A true pair is found where not both of its texts are kept.
    """
    classes = text_classes(truth)
    family = {copy.document: copy.of for copy in truth}
    present, left = set(entered), set(kept)
    texts = {classes.get(name, name) for name in present}
    texts_left = {classes.get(name, name) for name in left}
    recall = {}
    pairs = [copy for copy in truth if not copy.exact and copy.document in present and copy.of in texts]
    for low, high in BANDS:
        band = [copy for copy in pairs if low <= copy.jaccard < high]
        found = sum(copy.document not in left or copy.of not in texts_left for copy in band)
        recall[low, high] = (found, len(band))
    members = Counter(family.get(name, name) for name in present)
    gone = present - left
    precise = sum(members[family.get(name, name)] > 1 for name in gone)
    return NearQuality(recall, precise, len(gone))


class _Reference(Protocol):
    def encode(self, text: str, *, add_special_tokens: bool) -> Any: ...


def token_differences(
    texts: Sequence[str], ids: Sequence[Sequence[int]], reference: _Reference
) -> tuple[int, int]:
    """Documents, and how many have other tokens than the reference gives their text."""
    wrong = sum(
        list(reference.encode(text, add_special_tokens=False).ids) != list(mine)
        for text, mine in zip(texts, ids, strict=True)
    )
    return len(texts), wrong


def rule_table(
    ours: Mapping[str, Sequence[str]],
    theirs: Mapping[str, Sequence[str]],
    with_our_words: Mapping[str, Sequence[str]],
    rules: Sequence[str],
) -> list[tuple[str, int, int, int, int, int, list[str]]]:
    """By rule: documents that fail with us, with them, with us alone, with them alone, how many of these differences go where
    they split words as we do, and examples of the rest. `theirs` names the documents that are compared."""
    sets: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for side, failing in (("ours", ours), ("theirs", theirs), ("words", with_our_words)):
        for rule in rules:
            sets[rule][side] = {name for name in theirs if rule in failing[name]}
    rows = []
    for rule in rules:
        a, b, c = sets[rule]["ours"], sets[rule]["theirs"], sets[rule]["words"]
        different = a ^ b
        remaining = {name for name in different if (name in c) != (name in a)}
        examples = sorted(remaining, key=lambda name: int(name[1:]) if name[1:].isdigit() else 0)[:3]
        rows.append((rule, len(a), len(b), len(a - b), len(b - a), len(different) - len(remaining), examples))
    return rows


DOLMA_RULES = {
    "word_count": ("word_count", 50, 100_000),
    "mean_word_length": ("median_word_length", 3, 10),
    "symbol_to_word_ratio": ("symbol_to_word_ratio", None, 0.1),
    "bullet_line_fraction": ("fraction_of_lines_starting_with_bullet_point", None, 0.9),
    "ellipsis_line_fraction": ("fraction_of_lines_ending_with_ellipsis", None, 0.3),
    "alphabetic_word_fraction": ("fraction_of_words_with_alpha_character", 0.8, None),
    "stop_word_count": ("required_word_count", 2, None),
    "duplicate_line_fraction": ("fraction_of_duplicate_lines", None, 0.3),
    "duplicate_line_character_fraction": ("fraction_of_characters_in_duplicate_lines", None, 0.2),
    **{
        f"top_{n}gram_character_fraction": (
            f"fraction_of_characters_in_most_common_{n}grams",
            None,
            limit,
        )
        for n, limit in ((2, 0.2), (3, 0.18), (4, 0.16))
    },
    **{
        f"duplicate_{n}gram_character_fraction": (
            f"fraction_of_characters_in_duplicate_{n}grams",
            None,
            round(0.20 - n / 100, 2),
        )
        for n in range(5, 11)
    },
}
"""Our rule: Dolma's attribute, and the bounds that its values must keep."""


def dolma_failing(values: Mapping[str, Mapping[str, float]]) -> dict[str, list[str]]:
    """Our names of the rules that each document fails by Dolma's attributes; what it did not measure does not fail."""
    found: dict[str, list[str]] = {}
    for name, measured in values.items():
        failing = []
        for rule, (attribute, low, high) in DOLMA_RULES.items():
            value = measured.get(attribute)
            if value is not None and (
                (low is not None and value < low) or (high is not None and value > high)
            ):
                failing.append(rule)
        found[name] = failing
    return found
