"""Installed Python distributions: which files are documents, and what licence each declares."""

import sysconfig
from pathlib import Path

import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations import reading
from lineage_platform.transformations.reading.distributions import installed_files
from tests.transformations.sources import make_source, observed


def install(folder: Path, name: str, metadata: str, files: dict[str, str], *, record: bool = True) -> None:
    """Lay out a distribution as an installer does."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    every = {**files, f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}\n"}
    for path, content in every.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    if record:
        (folder / info / "RECORD").write_text("".join(f"{path},,\n" for path in [*every, f"{info}/RECORD"]))


@pytest.mark.parametrize(
    ("metadata", "declared"),
    [
        ("License-Expression: MIT\nLicense: BSD\nClassifier: License :: OSI Approved :: BSD License", "License-Expression: MIT"),
        ("License: BSD", "License: BSD"),
        (
            "License: BSD\nClassifier: Topic :: Text\nClassifier: License :: OSI Approved :: BSD License",
            "License: BSD; Classifier: License :: OSI Approved :: BSD License",
        ),
        ("License: UNKNOWN", None),
        (
            "License: Copyright (c) 2015 Jo Doe\n        All rights reserved.\n",
            "License: Copyright (c) 2015 Jo Doe (text sha256:4edff5617107)",
        ),
        (
            "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: Apache Software License",
            "Classifier: License :: OSI Approved :: MIT License; Classifier: License :: OSI Approved :: Apache Software License",
        ),
        ("Summary: nothing said\nLicense:", None),
    ],
)  # fmt: skip
def test_what_a_distribution_declares(tmp_path: Path, metadata: str, declared: str | None) -> None:
    install(tmp_path, "thing", metadata, {"thing.py": "x"})
    files = installed_files(make_source(tmp_path, "python-distributions"))
    assert {item.licence for item in files.values()} == {declared}
    assert {(item.distribution, item.version) for item in files.values()} == {("thing", "1.0")}


def test_which_files_are_documents(tmp_path: Path) -> None:
    files = [
        *("pkg/__init__.py", "pkg/types.pyi", "pkg/fast.c", "pkg/include/fast.h", "pkg/README.md", "pkg/data.json"),
        *("pkg/LICENSE", "pkg/fast.so", "pkg/__pycache__/a.cpython-311.pyc", "../../../bin/tool.py", "pkg/Notice.txt"),
        *("thing-1.0.dist-info/INSTALLER", "thing-1.0.dist-info/licenses/LICENSE-MIT", "thing-1.0.dist-info/top_level.txt"),
        *("thing-1.0.dist-info/AUTHORS.rst", "thing-1.0.dist-info/entry_points.txt", "pkg/licence.html"),
    ]  # fmt: skip
    install(tmp_path / "site" / "lib" / "py", "thing", "", dict.fromkeys(files, "x"))
    found = installed_files(make_source(tmp_path / "site" / "lib" / "py", "python-distributions"))
    assert list(found) == [
        "pkg/LICENSE",
        "pkg/Notice.txt",
        "pkg/README.md",
        "pkg/__init__.py",
        "pkg/fast.c",
        "pkg/include/fast.h",
        "pkg/types.pyi",
        "thing-1.0.dist-info/AUTHORS.rst",
        "thing-1.0.dist-info/METADATA",
        "thing-1.0.dist-info/licenses/LICENSE-MIT",
    ]


def test_some_distributions_or_all_but_some(tmp_path: Path) -> None:
    for name in ("Zope.Interface", "numpy", "six"):
        install(tmp_path, name, "", {f"{name.lower()}.py": "x", "shared.py": "x"})

    def names(**settings: tuple[str, ...]) -> set[str]:
        files = installed_files(make_source(tmp_path, "python-distributions", **settings))
        return {item.distribution for item in files.values()}

    assert names() == {"zope-interface", "numpy", "six"}
    assert names(distributions=("ZOPE_interface",)) == {"zope-interface"}
    assert names(exclude=("numpy", "absent")) == {"zope-interface", "six"}
    with pytest.raises(InvalidInput, match=r"no distribution named 'nunpy'; nearest: numpy"):
        names(distributions=("nunpy",))


def test_a_file_of_two_distributions_is_the_first_ones(tmp_path: Path) -> None:
    for name in ("b", "a"):
        install(tmp_path, name, "", {"shared/__init__.py": ""})
    files = installed_files(make_source(tmp_path, "python-distributions"))
    assert files["shared/__init__.py"].distribution == "a"


def test_editable_ones_and_those_without_a_record_are_left_out(tmp_path: Path) -> None:
    install(tmp_path, "mine", "", {"mine-1.0.dist-info/direct_url.json": '{"dir_info": {"editable": true}}'})
    install(
        tmp_path,
        "copied",
        "",
        {"copied-1.0.dist-info/direct_url.json": '{"url": "file:///x", "dir_info": {}}'},
    )
    install(tmp_path, "bare", "", {"bare.py": ""}, record=False)
    source = make_source(tmp_path, "python-distributions")
    assert {item.distribution for item in installed_files(source).values()} == {"copied"}
    with pytest.raises(InvalidInput, match="bare has no RECORD"):
        installed_files(make_source(tmp_path, "python-distributions", distributions=("bare",)))


def test_a_recorded_file_that_is_gone_is_no_document(tmp_path: Path) -> None:
    install(tmp_path, "thing", "", {"thing.py": "x", "gone.py": "x"})
    (tmp_path / "gone.py").unlink()
    assert [file.path for file in observed(make_source(tmp_path, "python-distributions"))] == [
        "thing-1.0.dist-info/METADATA",
        "thing.py",
    ]


def test_the_appearance_is_that_of_the_records(tmp_path: Path) -> None:
    for name in ("Zope.Interface", "numpy", "six"):
        install(tmp_path, name, "", {f"{name.lower()}.py": "x"})
    source = make_source(tmp_path, "python-distributions", exclude=("six",))
    before = reading.appearance(source)
    assert [path for path, _, _ in before] == [
        "Zope.Interface-1.0.dist-info/RECORD",
        "numpy-1.0.dist-info/RECORD",
    ]
    install(tmp_path, "six", "", {"six.py": "x", "more.py": "x"})
    assert reading.appearance(source) == before
    install(tmp_path, "numpy", "", {"numpy.py": "x", "more.py": "x"})
    assert reading.appearance(source) != before


def test_the_distributions_that_run_this_test() -> None:
    folder = sysconfig.get_path("purelib")
    files = installed_files(make_source(folder, "python-distributions", distributions=("pytest", "numpy")))
    assert files["numpy/__init__.py"].distribution == "numpy"
    assert (files["numpy/__init__.py"].licence or "").startswith("License")
    assert "_pytest/main.py" in files
