"""The kernel of `redact`: one pass over the bytes of a column that stops at digits, "@" and ":" only.

The automata below are the rules of `redact@1` word for word; `redact` says them in prose.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.model.tables import REDACTION_TYPES
from lineage_platform.transformations.bits import EACH, load, trailing_zeros
from lineage_platform.transformations.buffers import Bytes, Offsets, kernel

Hits = npt.NDArray[np.int64]
"""Shape (hits, 4): row, first byte, end, position in REDACTION_TYPES; in order of row and first byte."""

_EMAIL, _IPV4, _IPV6, _CN_MOBILE, _CN_RESIDENT_ID, _PAYMENT_CARD = range(len(REDACTION_TYPES))

_DIGIT, _LETTER, _HEX, _LOCAL, _STOP = 1, 2, 4, 8, 16
_WORD = _DIGIT | _LETTER


def _character_classes() -> Bytes:
    classes = np.zeros(256, np.uint8)
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for characters, bit in (
        (b"0123456789", _DIGIT | _HEX | _STOP | _LOCAL),
        (letters + b"_", _LETTER | _LOCAL),
        (b"abcdefABCDEF", _HEX),
        (b".%+-", _LOCAL),
        (b"@:", _STOP),
    ):
        classes[list(characters)] |= bit
    return classes


_CLASS = _character_classes()
_DOT, _HYPHEN, _PLUS, _COLON, _AT, _BLANK, _UNDERSCORE, _ZERO = (ord(c) for c in ".-+:@ _0")
_LOW_BITS, _HIGH_BITS, _ATS = (np.uint64(byte * EACH) for byte in (0x7F, 0x80, _AT))
_FROM_ZERO, _BEYOND_COLON = (np.uint64((0x80 - byte) * EACH) for byte in (_ZERO, _COLON + 1))
_CASE = 0x20  # the bit that makes a letter a small one
_A, _B, _C, _D, _E, _F, _N, _X = (ord(c) for c in "abcdefnx")
_PROVINCES = np.isin(
    np.arange(100),
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, *range(81, 84)],
)  # fmt: skip
_RESIDENT_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@kernel
def _is(data: Bytes, position: int, end: int, classes: int) -> bool:
    """Whether the byte at `position` exists and is of one of the classes."""
    return position < end and _CLASS[data[position]] & classes != 0


@kernel
def _run(data: Bytes, position: int, end: int, classes: int) -> int:
    """Where the run of bytes of these classes that begins at `position` ends."""
    while position < end and _CLASS[data[position]] & classes:
        position += 1
    return position


@kernel
def _number(data: Bytes, first: int, end: int) -> int:
    value = 0
    for position in range(first, end):
        value = value * 10 + (data[position] - _ZERO)
    return value


@kernel
def _open_left(data: Bytes, start: int, first: int) -> bool:
    """No word character before, and no digit before a "." or "-" before."""
    if first == start:
        return True
    before = data[first - 1]
    if _CLASS[before] & _WORD:
        return False
    joined = before in (_DOT, _HYPHEN) and first - 2 >= start and _CLASS[data[first - 2]] & _DIGIT
    return not joined


@kernel
def _open_right(data: Bytes, position: int, end: int) -> bool:
    """No word character after, and no digit after a "." or "-" after."""
    if position >= end:
        return True
    if _CLASS[data[position]] & _WORD:
        return False
    return not (data[position] in (_DOT, _HYPHEN) and _is(data, position + 1, end, _DIGIT))


@kernel
def _is_alphanumeric(byte: int) -> bool:
    return _CLASS[byte] & _WORD != 0 and byte != _UNDERSCORE


@kernel
def _is_top_level(data: Bytes, label: int, label_end: int) -> bool:
    if label_end - label > 4 and data[label + 2] == _HYPHEN and data[label + 3] == _HYPHEN:
        return data[label] | _CASE == _X and data[label + 1] | _CASE == _N
    if not 2 <= label_end - label <= 24:
        return False
    return _run(data, label, label_end, _LETTER) == label_end


@kernel
def _email(data: Bytes, start: int, at: int, end: int) -> tuple[int, int]:
    """First byte and end of the address around the "@" at `at`, or (-1, -1)."""
    first = at
    while first > start and _CLASS[data[first - 1]] & _LOCAL:
        if first < at and data[first - 1] == _DOT and data[first] == _DOT:
            break
        first -= 1
    while first < at and not _CLASS[data[first]] & _WORD:
        first += 1
    if first == at or at - first > 64 or data[at - 1] == _DOT:
        return -1, -1
    labels = 0
    address_end = -1
    position = at + 1
    while True:
        label = position
        while position < end and (data[position] == _HYPHEN or _is_alphanumeric(data[position])):
            position += 1
        label_end = position
        while label_end > label and data[label_end - 1] == _HYPHEN:
            label_end -= 1
        if label_end == label or label_end - label > 63 or data[label] == _HYPHEN:
            break
        labels += 1
        if labels > 1 and _is_top_level(data, label, label_end):
            address_end = label_end
        if label_end < position or position >= end or data[position] != _DOT:
            break
        position += 1
    return (first, address_end) if address_end >= 0 else (-1, -1)


@kernel
def _octets(data: Bytes, first: int, end: int) -> int:
    """End of four decimal octets without leading zeros, separated by dots, or -1."""
    position = first
    for octet in range(4):
        if octet:
            if position >= end or data[position] != _DOT:
                return -1
            position += 1
        octet_end = _run(data, position, end, _DIGIT)
        size = octet_end - position
        if size == 0 or size > 3 or (size > 1 and data[position] == _ZERO):
            return -1
        if _number(data, position, octet_end) > 255:
            return -1
        position = octet_end
    return position


@kernel
def _ipv4(data: Bytes, start: int, first: int, end: int) -> int:
    """End of the IPv4 address at `first`, or -1."""
    network = _number(data, first, _run(data, first, min(first + 3, end), _DIGIT))
    if network in (0, 127, 255):
        return -1
    address_end = _octets(data, first, end)
    if address_end < 0 or _is(data, address_end, end, _WORD):
        return -1
    if first > start:
        before = data[first - 1]
        known = _CLASS[data[first - 2]] if first - 2 >= start else 0
        if (
            _CLASS[before] & _WORD
            or (before == _DOT and known & _WORD)
            or (before == _HYPHEN and known & _LETTER)
        ):
            return -1
    if address_end + 1 < end:
        known = _CLASS[data[address_end + 1]]
        after = data[address_end]
        if (after == _DOT and known & _WORD) or (after == _HYPHEN and known & _LETTER):
            return -1
    return address_end


@kernel
def _ipv6(data: Bytes, start: int, first: int, end: int) -> int:
    """End of the IPv6 address whose first group, of four digits, is at `first`, or -1."""
    if first > start and (_CLASS[data[first - 1]] & _WORD or data[first - 1] in (_COLON, _DOT)):
        return -1
    for position in range(first, first + 4):
        if not _CLASS[data[position]] & _HEX:
            return -1
    lead, second, third = data[first] | _CASE, data[first + 1] | _CASE, data[first + 2] | _CASE
    unicast = lead in (_ZERO + 2, _ZERO + 3)
    unique_local = lead == _F and second in (_C, _D)
    link_local = lead == _F and second == _E and third in (_ZERO + 8, _ZERO + 9, _A, _B)
    known = unicast or unique_local or link_local
    groups = 1
    compressed = False
    position = first + 4
    while position < end and data[position] == _COLON:
        group = position + 1
        if group < end and data[group] == _COLON:
            if compressed or not known:
                return -1
            compressed = True
            group += 1
            if not _is(data, group, end, _HEX):
                position = group
                break
        elif not _is(data, group, end, _HEX):
            break
        position = _run(data, group, end, _HEX)
        groups += 1
        if position - group > 4 or groups > 8:
            return -1
        if position < end and data[position] == _DOT:
            tail = _octets(data, group, end)
            if tail >= 0:
                position = tail
                groups += 1
            break
    if not (2 <= groups <= 7 if compressed else groups == 8):
        return -1
    if not _open_right(data, position, end):
        return -1
    if position + 1 < end and data[position] == _COLON and data[position + 1] == _COLON:
        return -1
    return position


@kernel
def _is_resident_id(data: Bytes, first: int) -> bool:
    """GB 11643-1999: region, date of birth, order, check character by ISO 7064 MOD 11-2; 18 bytes."""
    if not _PROVINCES[_number(data, first, first + 2)]:
        return False
    year = _number(data, first + 6, first + 10)
    month = _number(data, first + 10, first + 12)
    day = _number(data, first + 12, first + 14)
    if not (1900 <= year <= 2099 and 1 <= month <= 12 and day >= 1):
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _DAYS[month] + (1 if leap else 0):
        return False
    total = 0
    for i in range(17):
        total += _RESIDENT_WEIGHTS[i] * (data[first + i] - _ZERO)
    check = (12 - total % 11) % 11
    last = data[first + 17]
    return last | _CASE == _X if check == 10 else last == _ZERO + check


@kernel
def _is_card(digits: Offsets, count: int) -> bool:
    """A known issuer's prefix and length (ISO/IEC 7812), and the Luhn check digit."""
    two = digits[0] * 10 + digits[1]
    four = two * 100 + digits[2] * 10 + digits[3]
    three = four // 10
    known = (
        (digits[0] == 4 and count in (13, 16, 19))  # Visa
        or (
            count == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or 2200 <= four <= 2204)
        )  # Mastercard, Mir
        or (count == 15 and (two in (34, 37) or four in (1800, 2131)))  # American Express, old JCB
        or (count >= 14 and (300 <= three <= 305 or four == 3095 or two in (36, 38, 39)))  # Diners Club
        or (count >= 16 and (two == 62 or 3528 <= four <= 3589))  # UnionPay, JCB
        or (count >= 16 and (four == 6011 or 644 <= three <= 649 or two == 65))  # Discover
        or four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)  # Maestro
    )
    if not known:
        return False
    total = 0
    for i in range(count):
        digit = digits[count - 1 - i]
        if i % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


@kernel
def _card(data: Bytes, start: int, first: int, run_end: int, end: int) -> int:
    """End of the payment card number at `first`, where a run of digits ends at `run_end`, or -1."""
    size = run_end - first
    digits = np.empty(19, np.int64)
    if size >= 13:
        if size > 19 or not _open_right(data, run_end, end):
            return -1
        for i in range(size):
            digits[i] = data[first + i] - _ZERO
        return run_end if _is_card(digits, size) else -1
    if size not in (4, 6) or run_end >= end or data[run_end] not in (_BLANK, _HYPHEN):
        return -1
    separator = data[run_end]
    ends = np.empty(6, np.int64)
    sizes = np.zeros(6, np.int64)
    groups = 0
    count = 0
    position = first
    while groups < 6:
        group_end = _run(data, position, end, _DIGIT)
        ends[groups] = group_end
        sizes[groups] = group_end - position
        if count + sizes[groups] <= 19:
            for i in range(sizes[groups]):
                digits[count + i] = data[position + i] - _ZERO
        count += sizes[groups]
        groups += 1
        if group_end + 1 >= end or data[group_end] != separator or not _is(data, group_end + 1, end, _DIGIT):
            break
        position = group_end + 1
    if separator == _BLANK and first - 5 >= start and data[first - 1] == _BLANK:
        before = _run(data, first - 5, first, _DIGIT) == first - 1
        if before and not (first - 6 >= start and _CLASS[data[first - 6]] & _DIGIT):
            return -1
    for taken in range(min(groups, 5), 1, -1):
        last = sizes[taken - 1]
        quads = True
        for i in range(taken - 1):
            quads = quads and sizes[i] == 4
        fits = (
            (taken == 5 and quads and last <= 3)
            or (taken == 4 and quads and last <= 4)
            or (taken == 3 and sizes[0] == 4 and sizes[1] == 6 and last in (4, 5))
            or (taken == 2 and sizes[0] == 6 and last == 13)
        )
        if not fits or (taken < groups and sizes[taken] == 4) or not _open_right(data, ends[taken - 1], end):
            continue
        count = 0
        for i in range(taken):
            count += sizes[i]
        if _is_card(digits, count):
            return ends[taken - 1]
    return -1


@kernel
def _subscriber(data: Bytes, first: int, end: int) -> tuple[int, bool]:
    """End of a mobile number without country code at `first`, and whether it is written 3-4-4 with blanks; or (-1, False)."""
    if first + 11 > end or data[first] != _ZERO + 1 or not _ZERO + 3 <= data[first + 1] <= _ZERO + 9:
        return -1, False
    run_end = _run(data, first, end, _DIGIT)
    if run_end - first == 11:
        return run_end, False
    if run_end - first != 3 or data[run_end] not in (_BLANK, _HYPHEN):
        return -1, False
    middle = _run(data, run_end + 1, end, _DIGIT)
    if middle - run_end != 5 or middle >= end or data[middle] != data[run_end]:
        return -1, False
    last = _run(data, middle + 1, end, _DIGIT)
    return (last, data[middle] == _BLANK) if last - middle == 5 else (-1, False)


@kernel
def _mobile(data: Bytes, start: int, first: int, end: int) -> int:
    """End of the mobile number at `first`, which may be a "+", with or without the country code 86; or -1."""
    plus = data[first] == _PLUS
    code = first + 1 if plus else first
    if not plus and code + 4 <= end and data[code] == _ZERO and data[code + 1] == _ZERO:
        code += 2
    number = first
    if code + 2 < end and data[code] == _ZERO + 8 and data[code + 1] == _ZERO + 6:
        number = code + 2
        if data[number] in (_BLANK, _HYPHEN):
            number += 1
    elif plus or code != first or (first > start and data[first - 1] == _PLUS):
        return -1
    last, blanks = _subscriber(data, number, end)
    if last < 0 or not _open_right(data, last, end):
        return -1
    if blanks:
        if last + 1 < end and data[last] == _BLANK and _is(data, last + 1, end, _DIGIT):
            return -1
        if (
            number == first
            and first - 2 >= start
            and data[first - 1] == _BLANK
            and _CLASS[data[first - 2]] & _DIGIT
        ):
            return -1
    return last


@kernel
def _digits(data: Bytes, start: int, first: int, run_end: int, end: int) -> tuple[int, int]:
    """End and kind of what begins with the run of digits at `first`, or (-1, 0)."""
    size = run_end - first
    if size == 18 or (size == 17 and run_end < end and data[run_end] | _CASE == _X):
        last = first + 18
        if _open_right(data, last, end) and _is_resident_id(data, first):
            return last, _CN_RESIDENT_ID
    if size >= 13 or size in (4, 6):
        last = _card(data, start, first, run_end, end)
        if last >= 0:
            return last, _PAYMENT_CARD
    if size in (2, 3, 4, 5, 7, 11, 13, 15):
        last = _mobile(data, start, first, end)
        if last >= 0:
            return last, _CN_MOBILE
    return -1, 0


@kernel
def _next_stop(data: Bytes, position: int, end: int) -> int:
    """The next digit, ":" or "@", from `position` on, eight bytes at a time; `end` if there is none."""
    while position + 8 <= end:
        here = load(data, position)
        low = here & _LOW_BITS
        digits = (low + _FROM_ZERO) & ~(low + _BEYOND_COLON)
        ats = ~((low ^ _ATS) + _LOW_BITS)
        stops = (digits | ats) & ~here & _HIGH_BITS
        if stops:
            return position + (trailing_zeros(stops) >> 3)
        position += 8
    while position < end and not _CLASS[data[position]] & _STOP:
        position += 1
    return position


@kernel
def scan(values: Bytes, offsets: Offsets, hits: Hits) -> int:
    """Find what to redact; returns the number of hits, or -1 if `hits` has no room for them."""
    found = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        free = start  # end of the last hit
        first_of_row = found
        position = start
        while position < end:
            position = _next_stop(values, position, end)
            if position == end:
                break
            byte = values[position]
            first, hit_end, kind = -1, -1, 0
            following = position + 1
            if byte == _AT:
                first, hit_end = _email(values, start, position, end)
                kind = _EMAIL
                inside = found  # hits that begin inside the address give way to it
                while inside > first_of_row and hits[inside - 1, 1] >= first:
                    inside -= 1
                before = hits[inside - 1, 2] if inside > first_of_row else start
                if hit_end >= 0 and first >= before:
                    found, free = inside, before
            elif byte == _COLON:
                if position - 4 >= free:
                    first, kind = position - 4, _IPV6
                    hit_end = _ipv6(values, start, first, end)
            else:
                following = _run(values, position, end, _DIGIT)
                first = position
                size = following - position
                plus = position - 1
                if plus >= free and values[plus] == _PLUS and _open_left(values, start, plus):
                    first, kind = plus, _CN_MOBILE
                    hit_end = _mobile(values, start, plus, end)
                if hit_end < 0:
                    first = position
                    if _open_left(values, start, position):
                        hit_end, kind = _digits(values, start, position, following, end)
                    if hit_end < 0 and size <= 3:
                        hit_end, kind = _ipv4(values, start, position, end), _IPV4
            if hit_end >= 0 and first >= free:
                if found == len(hits):
                    return -1
                hits[found, 0] = row
                hits[found, 1] = first
                hits[found, 2] = hit_end
                hits[found, 3] = kind
                found += 1
                free = hit_end
                following = hit_end
            position = following
    return found
