"""Labels of GB 45438-2025: found even where malformed, written only where correct."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.policy.signals import Signal, aigc, forms

NOW = "2026-11-22T10:00:00Z"
PRODUCER = "001191440300MA5EXAMPLE00000"
GOOD = aigc.first_label(PRODUCER, "doc-1")
ALLOWED = st.text(
    [chr(code) for code in range(0x21, 0x7F) if code not in (0x22, 0x5C)], min_size=1, max_size=40
)


def one(text: str) -> Signal:
    (signal,) = aigc.read(text.encode(), NOW)
    return signal


def problems(text: str) -> list[str]:
    return one(text).details.get("problems", "").split("; ")


def front(*lines: str) -> str:
    return "\n".join(("---", "AIGC:", *(f"    {line}" for line in lines), "---", "", "# Title", ""))


@pytest.mark.parametrize(
    ("text", "degree"),
    [
        (json.dumps({"AIGC": GOOD, "text": "x"}), "is"),
        (json.dumps({"metadata": {"AIGC": {**GOOD, "Label": "2"}}}), "may-be"),
        (json.dumps({"AIGC": json.dumps({**GOOD, "Label": "3"})}), "suspected"),
        (json.dumps({"TC260-AIGC": GOOD}), "is"),
        (front(*(f'{name}: "{value}"' for name, value in GOOD.items())), "is"),
        (f"---\ntitle: x\nAIGC: '{json.dumps(GOOD)}'\n---\nbody", "is"),
        (f"\ufeff---\r\nAIGC: {json.dumps(GOOD)}\r\n---\r\nbody", "is"),
    ],
)
def test_correct_labels_have_no_problems(text: str, degree: str) -> None:
    signal = one(text)
    assert signal.details == {"synthetic": degree, "producer": PRODUCER, "produce id": "doc-1"}
    assert signal.parsed == {"synthetic": "y" if degree == "is" else "unknown"}


@pytest.mark.parametrize(
    ("text", "degree", "problem"),
    [
        (front("Label: AIGC", "ContentProducer: A-1"), "is", "Label is 'AIGC', expected 1, 2 or 3"),
        (front("Label: 1", "ContentProducer: A-1"), "is", "Label is not a string"),
        (front('Label: "1"', "ProduceID: 0000"), "is", "ProduceID is not a string"),
        (front('Label: "1"', 'ContentProducter: "A"'), "is", "'ContentProducter' instead of ContentProducer"),
        (front('label: "2"', 'contentproducer: "A"'), "may-be", "'label' instead of Label"),
        (
            front('Label: "1"', "ContentProducer: Some Agent AI"),
            "is",
            "ContentProducer has characters that are not allowed",
        ),
        (
            front('Label: "1"', "ContentProducer: 某公司"),
            "is",
            "ContentProducer has characters that are not allowed",
        ),
        (front('Label: "4"'), "unknown", "Label is '4', expected 1, 2 or 3"),
        (front('ContentProducer: "A"'), "unknown", "Label is missing"),
        (front('Label: "1"'), "is", "PropagateID is missing"),
        ("---\nAIGC: {'Label': '1', 'ContentProducer': 'A'}\n---\n", "is", "ProduceID is missing"),
        ("{'AIGC': {'Label': '1', 'ContentProducer': 'A'}}", "is", "not valid JSON"),
        ('{"AIGC": {"Label": "1", "ContentProducer": "A",,}}', "is", "neither JSON nor YAML"),
        ("{“AIGC”：{“Label”：“1”，“ContentProducer”：“A”}}", "is", "wrong quotes or punctuation"),
        (json.dumps({"AIGC": {"Label": 1, "ContentProducer": "A"}}), "is", "Label is not a string"),
        (json.dumps({"aigc": {"LABEL": "3"}}), "suspected", "'LABEL' instead of Label"),
        ('---\nAIGC:\n\tLabel: "1"\n\tContentProducer: "A"\n---\n', "is", "neither JSON nor YAML"),
        ('---\nLabel: "1"\nContentProducer: "A"\n---\n', "is", "ProduceID is missing"),
        ('---\nAIGC:\n  Label: "1"\n', "is", "ProduceID is missing"),
    ],
)
def test_malformed_labels_are_found(text: str, degree: str, problem: str) -> None:
    assert one(text).details["synthetic"] == degree
    assert problem in problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# AIGC",
        "---\ntitle: about AIGC\n---\n",
        '{"text": "AIGC"}',
        "The label of AIGC is: 1",
        "---\n\nAIGC Label",
        "{AIGC",
    ],
)
def test_text_about_labels_has_none(text: str) -> None:
    assert aigc.read(text.encode(), NOW) == []


def test_a_label_in_the_body_may_be_quoted() -> None:
    fields = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in GOOD.items())
    for text in (f"# Title\n\n```yaml\nAIGC:\n{fields}```\n", f"---\ntitle: x\n---\ntext\n\nAIGC:\n{fields}"):
        signal = one(text)
        assert (signal.location, signal.parsed) == ("body", {"synthetic": "unknown"})
        assert signal.details["synthetic"] == "is"
        assert problems(text) == ["in the body, where it may be quoted"]


XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><d xmlns:T="http://www.tc260.org.cn/ns/AIGC/1.0/"{}</x:xmpmeta>'


@pytest.mark.parametrize(
    "packet",
    [
        XMP.format(f"><T:AIGC>{json.dumps(GOOD)}</T:AIGC></d>"),
        XMP.format(f" T:AIGC='{json.dumps(GOOD)}'/>"),
        XMP.format(f"><T:AIGC>{json.dumps({'AIGC': GOOD})}</T:AIGC>"),
    ],
)
def test_xmp(packet: str) -> None:
    (signal,) = aigc.read(b"", NOW, metadata=packet.encode())
    assert (signal.location, signal.details["synthetic"], "problems" in signal.details) == (
        "xmp",
        "is",
        False,
    )


def test_html_meta() -> None:
    page = forms.page(f"<meta name='AIGC' content='{json.dumps(GOOD)}'>".encode())
    (signal,) = aigc.read(b"", NOW, page=page)
    assert (signal.location, signal.parsed) == ("html meta", {"synthetic": "y"})


@given(ALLOWED, ALLOWED, st.sampled_from(["is", "may-be", "suspected"]), ALLOWED, st.text(max_size=60))
def test_what_we_write_we_read_without_problems(
    producer: str, produce_id: str, degree: aigc.Degree, reserved: str, text: str
) -> None:
    label = aigc.first_label(producer, produce_id, degree=degree, reserved1=reserved)
    assert (label["ContentPropagator"], label["PropagateID"]) == (producer, produce_id)
    written = aigc.labelled_text(f"# {text}", label)
    assert written.endswith(f"# {text}")
    document = json.dumps(aigc.labelled_json({"text": text}, label))
    for form in (written, document):
        signal = one(form)
        assert "problems" not in signal.details
        assert (signal.details["synthetic"], signal.details["producer"]) == (degree, producer[:200])


def test_front_matter_that_is_there_is_kept() -> None:
    written = aigc.labelled_text("---\ntitle: x\n---\nbody\n", GOOD)
    assert written.count("---") == 2
    assert written.endswith("title: x\n---\nbody\n")
    assert "problems" not in one(written).details
    assert aigc.labelled_text("---\nno front matter", GOOD).endswith("---\n---\nno front matter")


@pytest.mark.parametrize(
    ("producer", "produce_id"),
    [("", "1"), ("A B", "1"), ('A"', "1"), ("A\\", "1"), ("某", "1"), ("A", ""), ("A", "1\n")],
)
def test_a_label_that_annex_e_does_not_allow_is_not_written(producer: str, produce_id: str) -> None:
    with pytest.raises(InvalidInput, match="AIGC label: got"):
        aigc.first_label(producer, produce_id)
    with pytest.raises(InvalidInput, match="Label is missing"):
        aigc.first_label("A", "1", degree="unknown")


def test_a_second_label_is_not_written() -> None:
    with pytest.raises(InvalidInput, match="has one"):
        aigc.labelled_json({"AIGC": GOOD}, GOOD)
    with pytest.raises(InvalidInput, match="has one"):
        aigc.labelled_text(aigc.labelled_text("x", GOOD), GOOD)
