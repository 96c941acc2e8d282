"""Kernels that make documents: any document by its number alone, from counters instead of a running generator.

A near copy is written by the random numbers of its original, with words changed by random numbers of its own: so no text is
kept, and copies may lie any distance apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

OWN, EXACT, NEAR = 0, 1, 2
ENGLISH, GERMAN, CHINESE, CODE = 0, 1, 2, 3
GOOD, REPETITIVE, BULLETED, WITHOUT_STOP_WORDS, SHORT = 0, 1, 2, 3, 4
FIRST_COPY = 20
"""Documents before this one are no copies."""

_GAMMA, _MIX1, _MIX2 = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


@kernel
def _mix(value: np.uint64) -> np.uint64:
    value = (value ^ (value >> np.uint64(30))) * _MIX1
    value = (value ^ (value >> np.uint64(27))) * _MIX2
    return value ^ (value >> np.uint64(31))


@kernel
def _start(seed: int, number: int, salt: int) -> np.uint64:
    return _mix(_mix(np.uint64(seed) * _GAMMA + np.uint64(number)) * _GAMMA + np.uint64(salt))


@kernel
def _next(state: npt.NDArray[np.uint64], stream: int) -> np.uint64:
    state[stream] += _GAMMA
    return _mix(state[stream])


@kernel
def _uniform(state: npt.NDArray[np.uint64], stream: int) -> float:
    return float(_next(state, stream) >> np.uint64(11)) / 9007199254740992.0


@kernel
def plan(seed: int, number: int, exact: float, near: float) -> tuple[int, int]:
    """Kind of document `number`, and the original it copies (itself if it is no copy)."""
    kind, original = OWN, number
    first = True
    while True:
        state = _start(seed, original, 1)
        share = float(_mix(state) >> np.uint64(11)) / 9007199254740992.0
        if original < FIRST_COPY or share >= exact + near:
            return kind, original
        if first:
            kind, first = (EXACT if share < exact else NEAR), False
        other = float(_mix(state + _GAMMA) >> np.uint64(11)) / 9007199254740992.0
        original = int(other * original)


@kernel
def style(seed: int, original: int, mean: float, low: npt.NDArray[np.float64]) -> tuple[int, int, float]:
    """Language, kind of quality and size in bytes of an original. Sizes are log-normal with the mean given; `low` holds
    the cumulative shares of what quality rules drop."""
    state = np.empty(1, np.uint64)
    state[0] = _start(seed, original, 2)
    share, choice = _uniform(state, 0), _uniform(state, 0)
    first, second = max(_uniform(state, 0), 1e-12), _uniform(state, 0)
    normal = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
    size = np.exp(np.log(mean) - 0.32 + 0.8 * normal)
    size = min(max(size, min(200.0, mean / 2)), 12 * mean)
    for quality in range(low.size):
        if choice < low[quality]:
            return ENGLISH, quality + 1, size
    if share < 0.45:
        return ENGLISH, GOOD, size
    if share < 0.60:
        return GERMAN, GOOD, size
    if share < 0.80:
        return CHINESE, GOOD, size
    return CODE, GOOD, size


@kernel
def _put(out: Bytes, at: int, pool: Bytes, starts: Numbers, word: int) -> int:
    for i in range(starts[word], starts[word + 1]):
        out[at] = pool[i]
        at += 1
    return at


@kernel
def _literal(out: Bytes, at: int, text: Bytes) -> int:
    for i in range(text.size):
        out[at] = text[i]
        at += 1
    return at


@kernel
def _draw(state: npt.NDArray[np.uint64], stream: int, table: npt.NDArray[np.int32]) -> int:
    return table[_next(state, stream) & np.uint64(table.size - 1)]


@kernel
def _word(
    out: Bytes,
    at: int,
    pool: Bytes,
    starts: Numbers,
    table: npt.NDArray[np.int32],
    state: npt.NDArray[np.uint64],
    changed: float,
    least: int,
    spaced: bool,
) -> int:
    """Write one word, or in a near copy now and then another one, two, or none."""
    word = _draw(state, 0, table)
    while word < least:
        word = _draw(state, 0, table)
    if changed > 0 and _uniform(state, 1) < changed:
        kind = _next(state, 1) % np.uint64(4)
        if kind == 0:
            return at
        other = _draw(state, 1, table)
        if kind == 1:
            at = _put(out, at, pool, starts, word)
            if spaced:
                out[at] = 32
                at += 1
        word = other
    return _put(out, at, pool, starts, word)


@kernel
def _prose(
    out: Bytes,
    at: int,
    pool: Bytes,
    starts: Numbers,
    table: npt.NDArray[np.int32],
    state: npt.NDArray[np.uint64],
    words: int,
    changed: float,
    quality: int,
    least: int,
) -> int:
    """Sentences of 7 to 25 words, paragraphs of about five sentences."""
    written = sentence = 0
    first_start = first_end = -1
    while written < words:
        if quality == REPETITIVE and first_end > 0 and sentence % 2 == 1:
            for i in range(first_start, first_end):
                out[at] = out[i]
                at += 1
            out[at] = 10
            at += 1
            written += 12
            sentence += 1
            continue
        length = 7 + np.int64(_next(state, 0) % np.uint64(19))
        start = at
        if quality == BULLETED:
            out[at], out[at + 1] = 45, 32
            at += 2
        opening = at
        for i in range(length):
            before = at
            at = _word(out, at, pool, starts, table, state, changed, least, True)
            if at == before:
                continue
            if i == length // 2:
                out[at] = 44
                at += 1
            out[at] = 32
            at += 1
        if at == opening:
            continue
        if 97 <= out[opening] <= 122:
            out[opening] -= 32
        out[at - 1] = 46
        written += length
        sentence += 1
        if first_end < 0:
            first_start, first_end = start, at
        ends = _next(state, 0) % np.uint64(5) == 0
        if ends and quality == GOOD:
            out[at] = 10
            at += 1
        out[at] = 10 if ends or quality != GOOD else 32
        at += 1
    return at - 1


@kernel
def _chinese(
    out: Bytes,
    at: int,
    pool: Bytes,
    starts: Numbers,
    table: npt.NDArray[np.int32],
    state: npt.NDArray[np.uint64],
    words: int,
    changed: float,
    comma: Bytes,
    stop: Bytes,
) -> int:
    """Clauses of 3 to 8 words; every third clause ends a sentence, every twelfth a paragraph."""
    written = clause = 0
    while written < words:
        length = 3 + np.int64(_next(state, 0) % np.uint64(6))
        for _ in range(length):
            at = _word(out, at, pool, starts, table, state, changed, 0, False)
        written += length
        clause += 1
        at = _literal(out, at, stop if clause % 3 == 0 else comma)
        if clause % 12 == 0:
            out[at] = 10
            at += 1
    return at


@kernel
def _code(
    out: Bytes,
    at: int,
    pool: Bytes,
    starts: Numbers,
    table: npt.NDArray[np.int32],
    state: npt.NDArray[np.uint64],
    words: int,
    changed: float,
    lines: tuple[Bytes, ...],
) -> int:
    """Lines after templates, in which `$` stands for an identifier."""
    written = indent = 0
    while written < words:
        choice = np.int64(_next(state, 0) % np.uint64(len(lines)))
        if written == 0:
            choice = 0
        if choice == 0:
            indent = 1
        else:
            for _ in range(4 * indent):
                out[at] = 32
                at += 1
        template = lines[choice]
        for i in range(template.size):
            if template[i] != 36:
                out[at] = template[i]
                at += 1
                continue
            word = _draw(state, 0, table)
            if changed > 0 and _uniform(state, 1) < changed:
                word = _draw(state, 1, table)
            at = _put(out, at, pool, starts, word)
            written += 1
        out[at] = 10
        at += 1
        if choice == 1:
            indent = min(indent + 1, 4)
        elif choice == 2:
            indent = max(indent - 1, 1)
    return at - 1


@kernel
def document(
    seed: int,
    number: int,
    original: int,
    kind: int,
    mean: float,
    low: npt.NDArray[np.float64],
    pool: Bytes,
    starts: Numbers,
    draws: npt.NDArray[np.int32],
    bytes_a_word: npt.NDArray[np.float64],
    rare: int,
    literals: tuple[Bytes, ...],
    lines: tuple[Bytes, ...],
    out: Bytes,
    at: int,
) -> int:
    """Write the text of one document at `at` of `out`; gives where it ends. One in fifty carries personal data."""
    language, quality, size = style(seed, original, mean, low)
    state = np.empty(2, np.uint64)
    state[0], state[1] = _start(seed, original, 3), _start(seed, number, 4)
    changed = 0.0
    if kind == NEAR:
        changed = 0.002 * np.exp(_uniform(state, 1) * np.log(30.0))
    words = max(1, int(size / bytes_a_word[language])) if quality != SHORT else 20
    if kind == NEAR:
        changed = max(changed, 2 / words)
    table = draws[min(language, CHINESE) if language != CODE else ENGLISH]
    least = rare if quality == WITHOUT_STOP_WORDS else 0
    if language == CODE:
        at = _code(out, at, pool, starts, table, state, words, changed, lines)
    elif language == CHINESE:
        at = _chinese(out, at, pool, starts, table, state, words, changed, literals[0], literals[1])
    else:
        at = _prose(out, at, pool, starts, table, state, words, changed, quality, least)
    if original % 50 == 0:
        at = _literal(out, at, literals[2])
        at = _put(out, at, pool, starts, _draw(state, 0, draws[ENGLISH]))
        at = _literal(out, at, literals[3])
        for _ in range(8):
            out[at] = 48 + _next(state, 0) % np.uint64(10)
            at += 1
        at = _literal(out, at, literals[4])
    return at


@kernel
def block(
    seed: int,
    first: int,
    last: int,
    exact: float,
    near: float,
    mean: float,
    low: npt.NDArray[np.float64],
    pool: Bytes,
    starts: Numbers,
    draws: npt.NDArray[np.int32],
    bytes_a_word: npt.NDArray[np.float64],
    rare: int,
    literals: tuple[Bytes, ...],
    lines: tuple[Bytes, ...],
    limit: int,
    texts: Bytes,
    plans: Numbers,
) -> int:
    """Write documents `first` to `last`, or as many as stay below `limit` bytes; gives the first that was not written.

    `texts` has room for one more document than `limit`. Rows of `plans`: kind, original, language, quality, start, end, and of
    the original's text, where it was needed, start and end.
    """
    at = 0
    for number in range(first, last):
        if at >= limit:
            return number
        row = plans[number - first]
        kind, original = plan(seed, number, exact, near)
        language, quality, _ = style(seed, original, mean, low)
        row[:4] = kind, original, language, quality
        row[4] = at
        at = document(
            seed, number, original, kind, mean, low, pool, starts, draws, bytes_a_word, rare, literals, lines,
            texts, at,
        )  # fmt: skip
        row[5] = row[6] = row[7] = at
        if kind == NEAR:
            at = document(
                seed, original, original, OWN, mean, low, pool, starts, draws, bytes_a_word, rare, literals,
                lines, texts, at,
            )  # fmt: skip
            row[7] = at
    return last


@kernel
def encode(
    out: Bytes,
    texts: Bytes,
    plans: Numbers,
    first: int,
    language: int,
    head: Bytes,
    middle: Bytes,
    tails: Bytes,
) -> int:
    """JSON lines of the documents of one language: `head`, the number, `middle`, the text, and one of two `tails` (rows
    of bytes that end at a zero), the second for every seventh document. Texts have no control characters but line feeds."""
    at = 0
    for place in range(len(plans)):
        if plans[place, 2] != language:
            continue
        number = first + place
        tail = tails[1 if number % 7 == 0 else 0]
        at = _literal(out, at, head)
        digits = 1
        while number >= 10**digits:
            digits += 1
        for i in range(digits):
            out[at + digits - 1 - i] = 48 + number % 10
            number //= 10
        at = _literal(out, at + digits, middle)
        for i in range(plans[place, 4], plans[place, 5]):
            byte = texts[i]
            if byte == 10 or byte == 34 or byte == 92:
                out[at] = 92
                at += 1
                byte = np.uint8(110) if byte == 10 else byte
            out[at] = byte
            at += 1
        for byte in tail:
            if byte == 0:
                break
            out[at] = byte
            at += 1
    return at
