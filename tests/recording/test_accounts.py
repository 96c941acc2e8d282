from __future__ import annotations

import pytest

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.model.keys import document_key
from lineage_platform.recording.faults import account_of, without_secrets


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://ann:p@ss@host/db", "postgresql://...@host/db"),
        ("s3://bucket/a@b", "s3://bucket/a@b"),
        ("https://h/x?sig=abc&x=1", "https://h/x?sig=...&x=1"),
        ("X-Amz-Signature=abc rest", "X-Amz-Signature=... rest"),
        ("password=hunter2", "password=..."),
        ("nothing here", "nothing here"),
    ],
)
def test_secrets_are_taken_out(text: str, kept: str) -> None:
    assert without_secrets(text) == kept


def test_our_own_errors_are_quoted() -> None:
    told = account_of(VerificationFailed("a.parquet: got 3 bytes, expected 4"))
    assert told == "lineage_platform.errors.VerificationFailed: a.parquet: got 3 bytes, expected 4"
    assert len(account_of(InvalidInput("x" * 9999))) == 1000


def test_the_operating_system_is_quoted_without_the_file() -> None:
    assert account_of(FileNotFoundError(2, "No such file or directory", "/home/ann/diary.txt")) == (
        "FileNotFoundError: No such file or directory"
    )


def test_a_foreign_error_tells_its_place_only() -> None:
    with pytest.raises(OverflowError) as caught:
        document_key(-1, 0)
    assert account_of(caught.value) == "OverflowError in lineage_platform/model/keys.py"
    assert account_of(ValueError("my diary")) == "ValueError"
