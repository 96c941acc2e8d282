"""What people write for a licence, and what becomes of it."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy import names, symbols
from lineage_platform.policy.licence_facts import facts_of_candidates, names_of_restrictions
from lineage_platform.policy.licences import (
    MAX_DECLARED,
    UNREAD,
    problem_of_declaration,
    resolve,
    resolve_generator,
)

OSI = "Classifier: License :: OSI Approved :: "
LISTED = sorted(symbols.symbols().licences.values())


@pytest.mark.parametrize(
    ("declared", "licence"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Licensed under the Apache License, Version 2.0", "Apache-2.0"),
        ("BSD-3", "BSD-3-Clause"),
        ("3-Clause BSD", "BSD-3-Clause"),
        ("new BSD", "BSD-3-Clause"),
        ("Simplified BSD License", "BSD-2-Clause"),
        ("PSF", "PSF-2.0"),
        ("ISC License", "ISC"),
        ("ZPL 2.1", "ZPL-2.1"),
        ("MPL 2", "MPL-2.0"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("LGPLv2.1+", "LGPL-2.1-or-later"),
        ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
        ("GPL-2.0-or-later", "GPL-2.0-or-later"),
        ("CC-BY 4.0", "CC-BY-4.0"),
        ("Creative Commons Attribution-ShareAlike 4.0 International (CC BY-SA 4.0)", "CC-BY-SA-4.0"),
        ("CC BY 3.0 US", "CC-BY-3.0-US"),
        ("Creative Commons Attribution-NonCommercial 4.0 International Public License", "CC-BY-NC-4.0"),
        ("Computational Use of Data Agreement (C-UDA) License", "C-UDA-1.0"),
        ("cc0", "CC0-1.0"),
        ("cc-zero", "CC0-1.0"),
        ("odc-odbl", "ODbL-1.0"),
        ("creativeml-openrail-m", "LicenseRef-scancode-stable-diffusion-2022-08-22"),
        ("Public Domain", "LicenseRef-scancode-public-domain"),
        ("https://creativecommons.org/licenses/by-nc/4.0/legalcode", "CC-BY-NC-4.0"),
        ("http://opensource.org/licenses/MIT", "MIT"),
        ("https://www.apache.org/licenses/LICENSE-2.0.html", "Apache-2.0"),
        ("木兰宽松许可证第2版", "MulanPSL-2.0"),
        ("木兰宽松许可证, 第二版", "MulanPSL-2.0"),
        ("知识共享署名 4.0", "CC-BY-4.0"),
        ("知识共享 署名-非商业性使用-相同方式共享 4.0 国际许可协议", "CC-BY-NC-SA-4.0"),
        ("政府資料開放授權條款-第1版", "OGDL-Taiwan-1.0"),
        ("LicenseRef-vendor-contract-17", "LicenseRef-vendor-contract-17"),
        ("DocumentRef-x:LicenseRef-y", "DocumentRef-x:LicenseRef-y"),
        ("https://creativecommons.org/licenses/by/4.0/deed.zh#layer", "CC-BY-4.0"),
        ("//creativecommons.org/licenses/by-sa/3.0/de/", "CC-BY-SA-3.0-DE"),
        ("creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://opendatacommons.org/licenses/odbl/summary/", "ODbL-1.0"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BYNCSA_4_0", "CC-BY-NC-SA-4.0"),
        ("http://www.nationalarchives.gov.uk/doc/open-government-licence/version/1/", "OGL-UK-1.0"),
        ("https://www.govdata.de/dl-de/by-2-0", "DL-DE-BY-2.0"),
        ("http://www.opendefinition.org/licenses/odc-by", "ODC-By-1.0"),
        ("CUAD is licensed under the Creative Commons Attribution 4.0 (CC BY 4.0) license.", "CC-BY-4.0"),
        ("Like the older corpus, this dataset is released under the CC BY 4.0 license.", "CC-BY-4.0"),
        ("MIT License (https://github.com/someone/something/blob/master/LICENSE)", "MIT"),
        ("Creative Commons Attribution 3.0 Germany", "CC-BY-3.0-DE"),
        ("CC BY-NC-SA 3.0 IGO", "CC-BY-NC-SA-3.0-IGO"),
        ("Licence Ouverte 2.0", "etalab-2.0"),
        ("CC BY 4.0: https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("# Community Data License Agreement - Sharing - Version 1.0", "CDLA-Sharing-1.0"),
        ("Creative Commons Attribution-ShareAlike 2.0 Generic", "CC-BY-SA-2.0"),
        ("llama3", "LicenseRef-llama-3"),
        ("llama3.1", "LicenseRef-scancode-llama-3.1-license-2024"),
        ("Meta Llama3 Community License", "LicenseRef-llama-3"),
        ("bigscience-openrail-m", "LicenseRef-scancode-bigscience-open-rail-m"),
        ("c-uda", "C-UDA-1.0"),
        ("cdla-permissive-2.0", "CDLA-Permissive-2.0"),
        ("Anthropic", "LicenseRef-anthropic-terms"),
        ("LDC User Agreement", "LicenseRef-ldc-user-agreement"),
        ("Apache许可证2.0版", "Apache-2.0"),
        ("木兰公共许可证，第2版", "LicenseRef-scancode-mulanpubl-2.0"),
        ("木兰开放作品许可协议 署名，第1版", "LicenseRef-mulanowl-by-1.0"),
        ("知识共享 署名-非商业性使用 4.0", "CC-BY-NC-4.0"),
        ("公共データ利用規約（第1.0版）", "LicenseRef-jp-pdl-1.0"),
        ("공공누리 제1유형", "LicenseRef-kogl-type-1"),
        ("MIT/ISC or Apache 2.0", None),
        ("mit OR apache-2.0 WITH llvm-exception", "MIT OR Apache-2.0 WITH LLVM-exception"),
        ("(MIT or isc) and LicenseRef-a", "(MIT OR ISC) AND LicenseRef-a"),
        ("BSD-2-Clause or Apache 2.0", "BSD-2-Clause OR Apache-2.0"),
        ("Apache-2.0+", "Apache-2.0+"),
        ("MPL 1.1 or later", "MPL-1.1+"),
    ],
)
def test_names(declared: str, licence: str | None) -> None:
    found = resolve(declared)
    if licence is None:
        assert (found.licence, found.status) == (NOASSERTION, "unknown")
    else:
        assert (found.licence, found.status) == (licence, "resolved")


@pytest.mark.parametrize(
    ("declared", "candidates"),
    [
        ("BSD", ["BSD-2-Clause", "BSD-3-Clause"]),
        ("Apache", ["Apache-1.1", "Apache-2.0"]),
        ("CC BY", ["CC-BY-3.0", "CC-BY-4.0"]),
        ("知识共享", ["CC-BY-4.0", "CC0-1.0"]),
        ("GPL", ["GPL-2.0-only", "GPL-3.0-or-later"]),
        ("GPLv3", ["GPL-3.0-only", "GPL-3.0-or-later"]),
        ("LGPL v2+", ["LGPL-2.0-or-later", "LGPL-2.1-or-later"]),
        ("BSL", ["BSL-1.0", "BUSL-1.1"]),
        ("Artistic", ["Artistic-2.0"]),
        ("openrail", ["LicenseRef-scancode-bigscience-open-rail-m"]),
        ("MIT/X11", ["MIT", "X11"]),
        ("MIT/Apache-2.0", ["MIT", "Apache-2.0"]),
        ("cc-by-sa-3.0, gpl-3.0", ["CC-BY-SA-3.0", "GPL-3.0-only"]),
        ("MIT License (Apache 2.0)", ["MIT", "Apache-2.0"]),
        ("GPL or MIT", ["GPL-2.0-only", "MIT"]),
        ("cc-nc", ["CC-BY-NC-1.0", "CC-BY-NC-SA-2.5"]),
        ("署名-相同方式共享 3.0 中国大陆", ["CC-BY-SA-3.0", "CC-BY-SA-3.0-AT"]),
        ("Licence Ouverte", ["etalab-2.0"]),
        ("uk-ogl", ["OGL-UK-1.0", "OGL-UK-3.0"]),
        ("https://creativecommons.org/licenses/by-sa/", ["CC-BY-SA-1.0", "CC-BY-SA-4.0"]),
        ("http://creativecommons.org/licenses/by-sa/3.0/es/", ["CC-BY-SA-3.0", "CC-BY-SA-3.0-DE"]),
        ("https://www.gnu.org/licenses/gpl-3.0.en.html", ["GPL-3.0-only", "GPL-3.0-or-later"]),
        ("CC BY 4.0 https://creativecommons.org/licenses/by-nc/4.0/", ["CC-BY-4.0", "CC-BY-NC-4.0"]),
        ("OpenAI terms of use", ["LicenseRef-scancode-openai-tou-20230314"]),
        ("gemma", ["LicenseRef-scancode-gemma-tou-2024-04-01", "LicenseRef-gemma-tou-2025-03-24"]),
        ("Microsoft Data License", ["LicenseRef-msr-research-data"]),
        ("木兰许可证", ["MulanPSL-2.0", "LicenseRef-scancode-mulanpubl-2.0"]),
        ("GNU通用公共许可证第3版", ["GPL-3.0-only", "GPL-3.0-or-later"]),
    ],
)
def test_ambiguous_names_list_what_they_may_mean(declared: str, candidates: list[str]) -> None:
    found = resolve(declared)
    assert (found.licence, found.status) == (NOASSERTION, "ambiguous")
    assert set(candidates) <= set(found.candidates)
    assert all(one in found.note for one in found.candidates[:8] if one != NOASSERTION), found.note
    facts_of_candidates(found.candidates)


@pytest.mark.parametrize(
    "declared",
    ["", "  ", "UNKNOWN", "None", "NOASSERTION", "NONE", "未知", "other", "Copyright (c) 2001 Somebody", "GPL 9",
     "MIT WITH MIT", "Apache 2.0 or better", "https://example.org/terms", "notspecified", "other-closed", "政府开放数据",
     "МIT", "\u202eTIM", "MIT;DROP TABLE terms", "((MIT)", "AND", "MIT OR", "MIT?", "!GPL", "MIT\x00", "M\u200bIT"],
)  # fmt: skip
def test_what_says_nothing_or_is_not_understood_is_unknown(declared: str) -> None:
    found = resolve(declared)
    assert (found.licence, found.status) == (NOASSERTION, "unknown")
    assert found.note


@pytest.mark.parametrize(
    ("declared", "restrictions"),
    [
        ("Academic use only", {"academic-only"}),
        ("Non commercial", {"non-commercial"}),
        ("Research Only", {"research-only"}),
        ("This dataset is intended for non-commercial research purpose only.", {"non-commercial", "research-only"}),
        ("Custom (non-commercial)", {"non-commercial", UNREAD}),
        ("The data may be used for educational purposes only", {"education-only"}),
        ("for internal use only, no redistribution", {"internal-only", "no-redistribution"}),
        ("May not be used to train AI models", {"no-training"}),
        ("commercial and non-commercial use allowed", set()),
        ("other-nc", {"non-commercial", UNREAD}),
        ("other-closed", {UNREAD}),
        ("other-pd", set()),
        ("Other (Public Domain)", set()),
        ("商用需获得授权", {"non-commercial"}),
        ("Request Form", {"access-on-request", UNREAD}),
        ("Various", {UNREAD}),
        ("All rights reserved", {"permission-required"}),
        ("Copyright (c) 2001 Somebody", set()),
        ("unknown", set()),
        ("https://project-open-data.cio.gov/unknown-license", set()),
        ("https://example.org/terms", {UNREAD}),
        ("仅供科研使用，不得用于商业", {"research-only", "non-commercial"}),
        ("未经授权不得转载", {"no-redistribution", "permission-required"}),
        ("政府开放数据", {UNREAD}),
        ("有条件开放", {"access-on-request", UNREAD}),
        (f"{OSI}BSD License", set()),
        ("Classifier: License :: Free For Educational Use", {"education-only"}),
        (f"License: free for non-commercial use; {OSI}MIT License", {"non-commercial"}),
        (f"License: Copyright (c) X (text sha256:{'ab' * 32})", {UNREAD}),
    ],
)  # fmt: skip
def test_restrictions_without_a_licence_survive(declared: str, restrictions: set[str]) -> None:
    found = resolve(declared)
    assert found.licence == NOASSERTION
    assert set(found.restrictions) == restrictions


@pytest.mark.parametrize(
    "declared",
    [
        "The code of this dataset is not licensed under MIT",
        "Part of the data is licensed under MIT",
        "MIT License (see https://example.org)",
        "commercial licence, not MIT",
    ],
)
def test_a_name_inside_a_doubt_is_not_taken(declared: str) -> None:
    assert resolve(declared).licence == NOASSERTION


@pytest.mark.parametrize(
    ("model", "candidates"),
    [
        ("OpenAI GPT-3.5-Turbo", {"LicenseRef-scancode-openai-tou-20230314", "LicenseRef-scancode-openai-tou-20241211"}),
        ("Claude 2.1", {"LicenseRef-anthropic-terms"}),
        ("LLaMA-2-chat-70b", {"LicenseRef-scancode-llama-2-license-2023"}),
        ("Llama-3-70B-Instruct", {"LicenseRef-llama-3"}),
        ("Llama-3.1-405B-Instruct", {"LicenseRef-scancode-llama-3.1-license-2024"}),
        ("Llama 13B", {"LicenseRef-scancode-llama-license-2023"}),
        ("Mixtral-8x7B", {"Apache-2.0"}),
        ("GPT-2", set()),
        ("an in-house model", set()),
    ],
)  # fmt: skip
def test_terms_of_generators(model: str, candidates: set[str]) -> None:
    found = resolve_generator(model)
    named = {found.licence} if found.status == "resolved" else set(found.candidates)
    assert named == candidates
    assert found.status == ("resolved" if len(candidates) == 1 else "ambiguous" if candidates else "unknown")


@pytest.mark.parametrize(
    "declared",
    [
        "BSD-like",
        "RAIL",
        "Licence Ouverte",
        "Qwen, MIT-style",
        f"License: see the web site; {OSI}MIT License",
        f"License: other; {OSI}MIT License",
        f"{OSI}MIT License; Classifier: License :: Other/Proprietary License",
    ],
)
def test_unlisted_terms_that_may_be_meant_allow_nothing(declared: str) -> None:
    found = resolve(declared)
    assert found.status == "ambiguous"
    assert NOASSERTION in found.candidates
    assert facts_of_candidates(found.candidates).commercial == "unknown"


def test_deprecated_identifiers_become_what_spdx_says_they_mean() -> None:
    assert resolve("GPL-2.0").licence == "GPL-2.0-only"
    assert "deprecated" in resolve("GPL-2.0").note
    assert resolve("GPL-2.0-with-classpath-exception").licence == "GPL-2.0-only WITH Classpath-exception-2.0"
    assert resolve("(MIT OR GPL-2.0+) AND ISC").licence == "(MIT OR GPL-2.0-or-later) AND ISC"


@pytest.mark.parametrize(
    ("declared", "licence", "note"),
    [
        ("License-Expression: MIT OR Apache-2.0", "MIT OR Apache-2.0", ""),
        (f"License: MIT; {OSI}MIT License", "MIT", ""),
        (f"License: UNKNOWN; {OSI}ISC License (ISCL)", "ISC", ""),
        (f"License: BSD-3-Clause; {OSI}BSD License", "BSD-3-Clause", ""),
        (f"License: Apache; {OSI}GNU General Public License v3 (GPLv3)", None, "contradicted"),
        (f"License: GPL; {OSI}GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later", "GPLv3+"),
        (f"{OSI}BSD License", None, "BSD-3-Clause"),
        (f"{OSI}Apache Software License", None, "Apache-2.0"),
        (f"Classifier: License :: OSI Approved; {OSI}MIT License", "MIT", ""),
        (f"{OSI}GNU General Public License (GPL); {OSI}GNU General Public License v2 or later (GPLv2+)",
         "GPL-2.0-or-later", ""),
        (f"License: Dual License; {OSI}BSD License; {OSI}Apache Software License", None, "not whether all"),
        (f"License: MIT License; {OSI}Apache Software License; {OSI}MIT License", None, "contradicted"),
        (f"License: LGPL with exceptions; {OSI}MIT License", None, "exception"),
        (f"License: see the web site; {OSI}MIT License", None, "not a known licence name"),
        (f"License: Copyright (c) X (text sha256:{'ab' * 32}); {OSI}MIT License", "MIT", "by its classifier"),
        (f"License: Copyright (c) X (text sha256:{'ab' * 32}); {OSI}BSD License", None, "not read"),
        (f"License: MIT License (text sha256:{'ab' * 32})", "MIT", ""),
        ("Classifier: License :: Other/Proprietary License", None, "names no terms"),
        ("Classifier: License :: Public Domain", "LicenseRef-scancode-public-domain", ""),
        ("Classifier: License :: Made Up", None, "not a known classifier"),
        ("License: MPL-2.0 AND MIT", "MPL-2.0 AND MIT", ""),
    ],
)  # fmt: skip
def test_core_metadata_is_weighed_together(declared: str, licence: str | None, note: str) -> None:
    found = resolve(declared)
    assert note in found.note
    if licence is None:
        assert found.licence == NOASSERTION
        assert found.status in {"ambiguous", "unknown"}
    else:
        assert (found.licence, found.status) == (licence, "resolved")


def test_a_megabyte_is_not_read() -> None:
    found = resolve("MIT " * 250_000)
    assert (found.status, found.restrictions) == ("unknown", (UNREAD,))
    assert str(MAX_DECLARED) in found.note
    assert resolve_generator("gpt-4 " * 200_000).status == "ambiguous"
    assert resolve("(" * MAX_DECLARED).status == "unknown"


@given(st.text(max_size=400) | st.text(alphabet=string.printable, max_size=400))
def test_any_string_has_an_outcome(text: str) -> None:
    found = resolve(text)
    assert (found.licence == NOASSERTION) == (found.status != "resolved")
    assert found.status == "resolved" or found.note
    assert found.note.isprintable()
    assert bool(found.candidates) == (found.status == "ambiguous" and "candidates" in found.note)
    assert set(found.restrictions) <= set(names_of_restrictions())
    assert not (found.restrictions and found.status == "resolved")


_EXPRESSIONS = st.recursive(
    st.sampled_from(LISTED),
    lambda inner: st.builds(
        lambda a, operator, b: f"({a} {operator} {b})", inner, st.sampled_from(["AND", "OR"]), inner
    ),
    max_leaves=6,
)


@given(_EXPRESSIONS)
def test_every_expression_resolves_and_its_spelling_is_stable(expression: str) -> None:
    found = resolve(expression.swapcase().replace("and", "AND"))
    assert found.status == "resolved"
    again = resolve(found.licence)
    assert again.licence == found.licence
    assert symbols.parse(found.licence).licences == symbols.parse(expression).licences


def test_tables_name_only_identifiers_that_exist() -> None:
    tables = symbols.data("licences.json")
    stems = [stem for family in tables["families"] for items in family["versions"].values() for stem in items]
    gnu = {
        stem
        for family in tables["families"]
        if family.get("gnu")
        for v in family["versions"].values()
        for stem in v
    }
    named = [
        *(f"{stem}-only" if stem in gnu else stem for stem in stems),
        *tables["aliases"],
        *tables["deprecated"].values(),
        *(item for entry in tables["inexact"] for item in entry["candidates"]),
        *(item for items in tables["urls"].values() for item in items),
        *(item for entry in tables["generators"] for item in entry["licences"]),
        *(item for items in symbols.data("classifiers.json")["classifiers"].values() for item in items or ()),
    ]
    restrictions = set(names_of_restrictions())
    assert {item for entry in tables["inexact"] for item in entry.get("restrictions", ())} <= restrictions
    assert {phrase["name"] for phrase in tables["restrictions"]} <= restrictions
    for licence in named:
        assert symbols.parse(licence).text == licence
        assert "scancode" not in licence or licence in symbols.symbols().categories, licence


def test_no_name_is_in_two_tables() -> None:
    tables = symbols.data("licences.json")
    groups = [
        tables["silent"],
        *tables["aliases"].values(),
        *(entry["names"] for entry in tables["inexact"]),
        *(family["names"] for family in tables["families"]),
    ]
    keys = [{names.key(name) for name in group} for group in groups]
    for position, one in enumerate(keys):
        for other in keys[position + 1 :]:
            assert not one & other, one & other


def test_declarations_of_stewards_are_held_to_spdx() -> None:
    assert problem_of_declaration("MIT OR Apache-2.0") is None
    assert problem_of_declaration("NOASSERTION") is None
    assert problem_of_declaration("LicenseRef-own") is None
    assert problem_of_declaration("mit") == "the SPDX expression MIT"
    assert problem_of_declaration("Apache 2.0") == "the SPDX expression Apache-2.0"
    assert "CC-BY-NC-4.0" in (problem_of_declaration("CC-BY-NC-4") or "")
    assert "LicenseRef-" in (problem_of_declaration("whatever") or "")


def test_data_files_hold_no_key_twice() -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    from importlib import resources

    for name in ("licences.json", "classifiers.json", "consent.json", "licence_facts.json"):
        text = (resources.files("lineage_platform.policy") / "data" / name).read_text(encoding="utf-8")
        json.loads(text, object_pairs_hook=once)
