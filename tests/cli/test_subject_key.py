"""Rotating the keys of data subjects as a user does."""

from __future__ import annotations

import pytest

from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.audit.worlds import make_world
from tests.cli.conftest import Lineage, use

PERSON = "person1@example.org"


def test_a_person_is_found_after_rotations(
    settings: Settings, recorder: Recorder, run: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, monkeypatch)
    make_world(settings, recorder)
    first = settings.subject_key_file.read_bytes()
    before = run("impact", "--subject", PERSON, "--json").json
    assert before["subject"] == SubjectKeys((first,)).hash(PERSON).hash.hex()
    for count in (2, 3):
        said = run("subject-key", "rotate", "--json").json
        assert len(said["keys"]) == count and said["newest"] == said["keys"][-1]
    assert "4 keys, newest" in run("subject-key", "rotate").out
    after = run("impact", "--subject", PERSON, "--json").json
    assert after["subject"] != before["subject"]
    assert {**after, "subject": ""} == {**before, "subject": ""}
    assert first.hex() not in str(said) + run("subject-key", "rotate").out


@pytest.mark.parametrize(
    ("mode", "message"), [(0o640, "others could have read the key"), (None, "got no key")]
)
def test_what_is_refused(
    settings: Settings, run: Lineage, monkeypatch: pytest.MonkeyPatch, mode: int | None, message: str
) -> None:
    use(settings, monkeypatch)
    if mode is not None:
        settings.subject_key_file.parent.mkdir(parents=True, exist_ok=True)
        settings.subject_key_file.write_bytes(bytes(32))
        settings.subject_key_file.chmod(mode)
    said = run("subject-key", "rotate")
    assert said.code == 2 and message in said.err
    assert settings.subject_key_file.exists() == (mode is not None)
