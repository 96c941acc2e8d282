"""A file is seen whole or not at all, whoever else writes the same one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_platform.files import create


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_has_its_name_once_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "new" / "rows"
    file = create(place)
    file.write(b"half")
    assert not place.exists()
    file.write(b" and half")
    file.close()
    file.close()
    assert place.read_bytes() == b"half and half"
    assert names(place.parent) == ["rows"]


def test_two_tries_of_a_task_do_not_meet(tmp_path: Path) -> None:
    place = tmp_path / "rows"
    lost, again = create(place), create(place)
    lost.write(b"the ")
    again.write(b"the same")
    again.close()
    with place.open("rb") as reader:
        place_of_the_first = place.stat().st_ino
        lost.write(b"same")
        assert reader.read() == b"the same"
        lost.close()
        assert place.stat().st_ino != place_of_the_first
        reader.seek(0)
        assert reader.read() == b"the same"
    assert place.read_bytes() == b"the same"
    assert names(tmp_path) == ["rows"]


def test_what_will_not_be_whole_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "rows"
    with create(place) as file:
        file.write(b"whole")
    with pytest.raises(ZeroDivisionError), create(place) as file:
        file.write(b"ha")
        1 / 0  # noqa: B018
    half = create(place)
    half.write(b"ha")
    half.abandon()
    half.abandon()
    assert place.read_bytes() == b"whole"
    assert names(tmp_path) == ["rows"]
