"""Which terms restrict more."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.model.terms import NOASSERTION, PersonalData, Terms
from lineage_platform.policy import symbols
from lineage_platform.policy.meet import meet
from lineage_platform.policy.rights import licence_level, rank_of, rights_rank
from tests.policy.stated import STATEMENTS

ORDER = [
    ["CC0-1.0", "Unlicense", "PDDL-1.0", "LicenseRef-scancode-public-domain"],
    ["MIT", "Apache-2.0", "BSD-3-Clause", "MulanPSL-2.0", "GPL-3.0-only OR MIT", "Apache-2.0 WITH LLVM-exception"],
    ["CC-BY-4.0", "ODC-By-1.0", "OGL-UK-3.0", "MIT AND CC-BY-4.0"],
    ["CC-BY-SA-4.0", "LGPL-3.0-only", "MPL-2.0", "ODbL-1.0", "GPL-2.0-only WITH Classpath-exception-2.0"],
    ["GPL-3.0-or-later", "AGPL-3.0-only", "MIT AND GPL-2.0-only"],
    ["CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "LicenseRef-vendor", "BUSL-1.1", "MIT AND LicenseRef-x",
     "LicenseRef-scancode-llama-2-license-2023"],
    [NOASSERTION, "not an expression"],
]  # fmt: skip
LICENCES = [licence for group in ORDER for licence in group]


def terms(licence: str, basis: str = "not-personal-data", personal: PersonalData = "none") -> Terms:
    return Terms("s", None, licence, "resolved", "", basis, "", personal)


@pytest.mark.parametrize(("better", "worse"), list(pairwise(ORDER)))
def test_order_of_licences(better: list[str], worse: list[str]) -> None:
    assert len({licence_level(item) for item in better}) == 1
    assert licence_level(better[0]) < licence_level(worse[0])


def test_at_equal_licence_personal_data_counts() -> None:
    ranks = [
        rights_rank(terms("MIT")),
        rights_rank(terms("MIT", "legitimate-interest", "pseudonymised")),
        rights_rank(terms("MIT", "contract", "personal")),
        rights_rank(terms("MIT", "consent", "personal")),
        rights_rank(terms("MIT", "contract", "sensitive")),
        rights_rank(terms("MIT", "explicit-consent", "sensitive")),
        rights_rank(terms("MIT", "unknown", "unknown")),
    ]
    assert ranks == sorted(set(ranks))
    assert max(ranks) < rights_rank(terms("CC-BY-4.0"))


@given(st.sampled_from(LICENCES[:-2]), st.sampled_from(LICENCES[:-2]))
def test_and_is_no_better_than_its_parts_and_or_no_worse(one: str, other: str) -> None:
    levels = licence_level(one), licence_level(other)
    assert licence_level(f"({one}) AND ({other})") == max(levels)
    assert licence_level(f"({one}) OR ({other})") == min(levels)


def test_every_listed_licence_has_a_level() -> None:
    for licence in symbols.symbols().licences.values():
        assert 0 <= licence_level(licence) <= 6


@given(st.lists(STATEMENTS, min_size=1, max_size=4))
def test_what_was_made_from_others_ranks_no_better_than_any_of_them(some: list[dict[str, Any]]) -> None:
    ranks = [rights_rank(Terms.from_statement(one)) for one in some]
    assert [rank_of(one) for one in some] == ranks
    assert rank_of(meet(some)) == max(ranks)
