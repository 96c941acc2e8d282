"""The measures of one text in plain Python, written from the paper and the definitions in `measures.words`."""

from __future__ import annotations

from collections import Counter

from lineage_platform.transformations.measures.characters import (
    BULLET,
    HAN,
    LETTER,
    PUNCTUATION,
    UNSPACED,
    WHITE,
    character_classes,
)

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}


def has(character: str, bit: int) -> bool:
    classes = character_classes()
    return ord(character) < len(classes) and bool(classes[ord(character)] & bit)


def words_of(text: str) -> list[str]:
    words: list[str] = []
    word = ""
    for character in text + "\n":
        alone = has(character, UNSPACED)
        if word and (alone or has(character, WHITE)):
            words.append(word)
            word = ""
        if alone:
            words.append(character)
        elif not has(character, WHITE):
            word += character
    return words


def normal_form(word: str) -> str:
    lowered = "".join(c.lower() if c.isascii() else c for c in word)
    return "".join(c for c in lowered if not has(c, PUNCTUATION))


def lines_of(text: str) -> list[list[str]]:
    return [words for line in text.split("\n") if (words := words_of(line))]


def paragraphs_of(text: str) -> list[list[list[str]]]:
    paragraphs: list[list[list[str]]] = [[]]
    for line in text.split("\n"):
        if words := words_of(line):
            paragraphs[-1].append(words)
        else:
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


def _length(words: list[str]) -> int:
    return sum(len(word) for word in words)


def _later(passages: list[tuple[object, int]]) -> tuple[int, int]:
    seen: set[object] = set()
    count = characters = 0
    for passage, length in passages:
        count += passage in seen
        characters += length if passage in seen else 0
        seen.add(passage)
    return count, characters


def _inside(words: list[str], n: int, chosen: set[tuple[str, ...]]) -> int:
    covered: set[int] = set()
    for start in range(len(words) - n + 1):
        if tuple(words[start : start + n]) in chosen:
            covered.update(range(start, start + n))
    return sum(len(words[i]) for i in covered)


def measures_of(text: str) -> dict[str, float | None]:
    words, lines, paragraphs = words_of(text), lines_of(text), paragraphs_of(text)
    characters = _length(words)
    count = len(words)
    result: dict[str, float | None] = {
        "word_count": count,
        "stop_word_count": len({normal_form(word) for word in words} & STOP_WORDS),
        "character_count": characters,
        "line_count": len(lines),
    }
    ellipses = text.count("…") + text.count("...")
    bullets = sum(has(line[0][0], BULLET) or line[0] in {"-", "*", "+"} for line in lines)
    duplicate_lines = _later([(tuple(line), _length(line)) for line in lines])
    duplicate_paragraphs = _later(
        [(tuple(map(tuple, paragraph)), sum(map(_length, paragraph))) for paragraph in paragraphs]
    )
    parts: dict[str, tuple[float, int]] = {
        "mean_word_length": (characters, count),
        "symbol_to_word_ratio": (max(text.count("#"), ellipses), count),
        "bullet_line_fraction": (bullets, len(lines)),
        "ellipsis_line_fraction": (sum(line[-1].endswith(("...", "…")) for line in lines), len(lines)),
        "alphabetic_word_fraction": (sum(any(has(c, LETTER) for c in word) for word in words), count),
        "duplicate_line_fraction": (duplicate_lines[0], len(lines)),
        "duplicate_paragraph_fraction": (duplicate_paragraphs[0], len(paragraphs)),
        "duplicate_line_character_fraction": (duplicate_lines[1], characters),
        "duplicate_paragraph_character_fraction": (duplicate_paragraphs[1], characters),
        "han_fraction": (sum(has(c, HAN) for c in text), characters),
        "punctuation_fraction": (sum(has(c, PUNCTUATION) for c in text), characters),
    }
    for n in range(2, 11):
        ngrams = [tuple(words[i : i + n]) for i in range(count - n + 1)]
        repeated = {ngram: times for ngram, times in Counter(ngrams).items() if times > 1}
        if n <= 4:
            top = max(repeated, key=lambda ngram: (repeated[ngram], _length(list(ngram))), default=None)
            chosen = {top} if top else set()
            parts[f"top_{n}gram_character_fraction"] = (_inside(words, n, chosen), characters)
        else:
            parts[f"duplicate_{n}gram_character_fraction"] = (_inside(words, n, set(repeated)), characters)
    for name, (part, whole) in parts.items():
        result[name] = part / whole if whole else None
    return result


def shingles_of(text: str, ngram: int) -> set[tuple[str, ...]]:
    words = [normal for word in words_of(text) if (normal := normal_form(word))]
    length = min(ngram, len(words))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)} if words else set()


def jaccard(left: set[tuple[str, ...]], right: set[tuple[str, ...]]) -> float:
    return len(left & right) / len(left | right)
