"""Attribution files: everybody is named, nobody can write their own headings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.policy.meet import meet, parts_of
from lineage_platform.policy.rollup import attribution
from tests.policy.stated import CLEAN, STATEMENTS
from tests.recording.worlds import source

NAMES = st.text(min_size=1, max_size=30)
ROWS = st.lists(
    st.tuples(
        st.lists(
            st.builds(lambda one, name: one | {"rightsholders": [name]}, STATEMENTS, NAMES),
            min_size=1,
            max_size=3,
        ).map(meet),
        st.integers(1, 1000),
        st.integers(0, 100_000),
    ),
    min_size=1,
    max_size=4,
)


@given(ROWS, NAMES, st.randoms())
def test_one_heading_a_source_whatever_names_say(
    rows: list[tuple[dict[str, Any], int, int]], title: str, order: Any
) -> None:
    text = attribution(rows, title)
    sources = {part["source"] for statement, _, _ in rows for part in parts_of(statement)}
    assert re.findall(r"^### (.*)$", text, re.MULTILINE) == sorted(sources)
    assert len(re.findall(r"^#", text, re.MULTILINE)) == 3 + len(sources)
    order.shuffle(rows)
    assert attribution(rows, title) == text


def test_what_a_section_says() -> None:
    made = CLEAN | {
        "source": "qa",
        "licence": "CC-BY-SA-4.0 OR MIT",
        "rightsholders": ["A [link](http://x)", "B"],
    }
    made |= {
        "derived_from": ["clean"],
        "generators": ["Llama 3.1"],
        "evidence": {"uri": "https://example.org/l", "sha256": None},
    }
    silent = CLEAN | {"licence": "NOASSERTION", "licence_status": "ambiguous", "declared": "BSD"}
    text = attribution(
        [(made, 1200, 5), (silent, 2, 5)], "Demo", {"qa": replace(source("qa"), title="Questions")}
    )
    assert "# Demo" in text
    assert "### Questions (`qa`)" in text
    assert r"- Rights holders | 权利人: A \[link\](http://x), B" in text
    assert (
        "[CC-BY-SA-4.0](https://spdx.org/licenses/CC-BY-SA-4.0.html) OR [MIT](https://spdx.org/licenses/MIT.html), 1,200 documents | 篇"
        in text
    )
    assert "- Terms | 条款: <https://example.org/l>" in text
    assert "- Made from | 源自: clean" in text
    assert "- Made by a model | 生成模型: Llama 3.1" in text
    assert "not stated | 未说明 (BSD), 2 documents | 篇" in text
    assert "a model made with it" in text


def test_documents_that_are_not_there_are_not_named() -> None:
    assert "###" not in attribution([(CLEAN, 0, 0)], "Nothing")
