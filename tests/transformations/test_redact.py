"""Redaction: a table of cases, the kernel against a plain reference, and laws of the rules."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.model.tables import REDACTION_TYPES
from lineage_platform.transformations.redact import PLACEHOLDERS, redact
from tests.transformations import redact_reference


def redacted(*texts: str) -> tuple[list[str], list[dict[str, int]]]:
    column, counts = redact(pa.array(texts, pa.large_string()))
    return column.to_pylist(), [
        {name: n for name, n in zip(REDACTION_TYPES, row, strict=True) if n} for row in counts.tolist()
    ]


FOUND = [
    # e-mail
    ("write to jo.doe+list@mail.example.org.", "write to <EMAIL>."),
    ("请联系zhang_san@example.com.cn谢谢", "请联系<EMAIL>谢谢"),
    ("<jo@example.org>, mailto:jo@example.org?subject=x", "<<EMAIL>>, mailto:<EMAIL>?subject=x"),
    ("git clone git@github.com:org/repo", "git clone <EMAIL>:org/repo"),
    ("13812345678@139.com", "<EMAIL>"),
    ("see...jo@example.org --jo@example.org", "see...<EMAIL> --<EMAIL>"),
    ("a@b.co@c.de", "<EMAIL>@c.de"),
    ("x@example.xn--p1ai y@h-1.example.museum9.org9", "<EMAIL> <EMAIL>.museum9.org9"),
    # IPv4
    ("from 10.0.0.1 to 192.168.254.254:8080, 8.8.8.8/24", "from <IPV4> to <IPV4>:8080, <IPV4>/24"),
    ("10.0.0.1-10.0.0.9", "<IPV4>-<IPV4>"),
    ("地址是172.16.0.1。 http://203.0.113.7/ user@203.0.113.7", "地址是<IPV4>。 http://<IPV4>/ user@<IPV4>"),
    ("::ffff:203.0.113.7", "::ffff:<IPV4>"),
    # IPv6
    ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", "<IPV6>"),
    ("2001:DB8::1, fe80::1%eth0, fd00::a:b", "<IPV6>, <IPV6>%eth0, <IPV6>"),
    ("http://[2001:db8::1]:80/ 2001:db8::/32", "http://[<IPV6>]:80/ <IPV6>/32"),
    ("2001:db8::192.0.2.33", "<IPV6>"),
    ("fe80::1: reply", "<IPV6>: reply"),
    ("6e40:4041:c617:e898:c11:40d2:c669:2eb4 6e40:0:0:0:0:0:192.0.2.1", "<IPV6> <IPV6>"),
    # Chinese mobile numbers
    ("手机13812345678，或138-1234-5678。", "手机<CN_MOBILE>，或<CN_MOBILE>。"),
    ("+86 138 1234 5678, +86-13812345678, +8613812345678", "<CN_MOBILE>, <CN_MOBILE>, <CN_MOBILE>"),
    ("0086 13812345678 8613812345678 86-19912345678", "<CN_MOBILE> <CN_MOBILE> <CN_MOBILE>"),
    ("(+86)13812345678 tel:13812345678", "(+86)<CN_MOBILE> tel:<CN_MOBILE>"),
    # Chinese resident identity numbers; these are published samples
    ("身份证11010519491231002X号", "身份证<CN_RESIDENT_ID>号"),
    ("11010519491231002x 440524188001010014 34052419800101001X", "<CN_RESIDENT_ID> 440524188001010014 <CN_RESIDENT_ID>"),
    # payment cards; test numbers published by the issuers
    ("4111111111111111 4222222222222 4111-1111-1111-1111", "<PAYMENT_CARD> <PAYMENT_CARD> <PAYMENT_CARD>"),
    ("5555 5555 5555 4444, 378282246310005, 3782 822463 10005", "<PAYMENT_CARD>, <PAYMENT_CARD>, <PAYMENT_CARD>"),
    ("6011111111111117 3530111333300000 30569309025904", "<PAYMENT_CARD> <PAYMENT_CARD> <PAYMENT_CARD>"),
    ("6205500000000000004 卡号6200000000000005", "<PAYMENT_CARD> 卡号<PAYMENT_CARD>"),
    ("card 4111 1111 1111 1111 12/30", "card <PAYMENT_CARD> 12/30"),
    # each other's neighbours
    ("13812345678-10.0.0.1", "<CN_MOBILE>-<IPV4>"),
    ("4111111111111111-jo@example.org", "<EMAIL>"),
]  # fmt: skip

STAYS = [
    "@decorator a @ b, a@b, a@b.c, @example.org, jo@-example.org, jo.@example.org, jo@localhost",
    "a" * 65 + "@example.org",
    "v1.2.3.4 lib-1.2.3.4.tar.gz 1.2.3.4-beta 1.2.3 1.2.3.4.5 256.1.1.1 01.2.3.4 1.2.3.1234",
    "127.0.0.1 0.0.0.0 255.255.255.0 0.1.2.3",
    "std::vector x[1::2] 12:30:45 00:1a:2b:3c:4d:5e 1:2:3:4:5:6:7:8 :: ::1 dead::beef 2001:db8",
    "2001:db8:1:2:3:4:5:6:7 2001::1::2 6e40::1 2001:db8::12345 x2001:db8::1 2001:db8::1g",
    "12812345678 1381234567 138123456789 a13812345678 13812345678b _13812345678 0.13812345678 13812345678.5",
    "20230101-13812345678 +13812345678 12 138 1234 5678 138 1234 5678 9 138-1234 5678 138 12345678",
    "110105194912310021 11010519491331002X 00010519491231002X 11010519490229002X 11010519491231002XY",
    "4111111111111112 1234567812345670 41111111111111111 0.4111111111111111 4111 1111 1111 1111 1111",
    "1111 4111 1111 1111 1111, 4111 1111-1111 1111, 41 11 1111 1111 1111 11",
    "3.14159265358979 1700000000000 2024-01-31T23:59:59 ISBN 978-7-111-12345-6",
    " ".join(PLACEHOLDERS),
    "",
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: str) -> None:
    (out,), (counts,) = redacted(text)
    assert out == expected
    assert counts == {
        name: expected.count(placeholder)
        for name, placeholder in zip(REDACTION_TYPES, PLACEHOLDERS, strict=True)
        if placeholder in expected
    }


@pytest.mark.parametrize("text", STAYS)
def test_stays(text: str) -> None:
    assert redacted(text) == ([text], [{}])


@pytest.mark.parametrize("text", [text for text, _ in FOUND] + STAYS)
def test_the_reference_says_the_same(text: str) -> None:
    out, counts = redact_reference.redacted(text)
    assert redacted(text) == ([out], [dict(counts)])


GLUE = [
    *(" ", "-", ".", "..", "@", ":", "::", "+", "_", "%", "\n", ",", "中", "é", "/24", "(", "<", "<EMAIL>"),
    *("a", "f", "x", "X", "com", "org", "xn--p1ai", "eth0", "fe80", "2001", "0", "1", "9", "11", "12"),
    *("86", "+86", "0086", "1234", " 1234", "255", "256", "19491231"),
]
WHOLE = [word for text, _ in FOUND for word in text.split()]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Identifiers, broken identifiers and what stands between them."""
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        piece = draw(st.sampled_from(WHOLE) | st.sampled_from(GLUE))
        if draw(st.booleans()) and draw(st.booleans()):
            cut = draw(st.integers(0, len(piece)))
            piece = piece[:cut] + draw(st.sampled_from([*"0123456789abcfx@.:-+ _", ""])) + piece[cut + 1 :]
        pieces.append(piece + draw(st.sampled_from(["", "", " ", "，", "-", "."])))
    return "".join(pieces)


@settings(max_examples=300, deadline=None)
@given(st.lists(texts(), max_size=5))
def test_equals_the_reference(batch: list[str]) -> None:
    expected = [redact_reference.redacted(text) for text in batch]
    assert redacted(*batch) == ([text for text, _ in expected], [dict(counts) for _, counts in expected])


@settings(deadline=None)
@given(st.lists(texts() | st.text(), max_size=5))
def test_a_second_time_changes_nothing(batch: list[str]) -> None:
    once, _ = redacted(*batch)
    assert redacted(*once) == (once, [{}] * len(batch))


@settings(deadline=None)
@given(st.lists(texts() | st.text(), min_size=1, max_size=5), st.data())
def test_rows_do_not_depend_on_their_neighbours(batch: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(batch)))
    whole, counts = redact(pa.array(batch, pa.large_string()))
    part, part_counts = redact(pa.array(batch, pa.large_string()).slice(start))
    assert part.to_pylist() == whole.slice(start).to_pylist()
    assert part_counts.tolist() == counts[start:].tolist()


def test_more_hits_than_there_is_room_for_at_first() -> None:
    (out, untouched), (counts, _) = redacted("10.0.0.1 jo@example.org " * 3000, "text")
    assert out == "<IPV4> <EMAIL> " * 3000
    assert counts == {"email": 3000, "ipv4": 3000}
    assert untouched == "text"
