from __future__ import annotations

from pathlib import Path

import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Remote
from lineage_platform.settings import read_settings


def test_where_the_store_is(tmp_path: Path) -> None:
    home = {"LINEAGE_HOME": str(tmp_path / "home")}
    assert read_settings(tmp_path, home).store == tmp_path / "home" / "store"
    for written, found in (
        (str(tmp_path / "files"), tmp_path / "files"),
        (f"file://{tmp_path}/files", tmp_path / "files"),
        ("s3://bucket/corpora", Remote("bucket", "corpora")),
        ("s3://bucket", Remote("bucket", "")),
    ):
        settings = read_settings(tmp_path, {**home, "LINEAGE_STORE_URL": written})
        assert settings.store == found
        assert read_settings(tmp_path, settings.environment()).store == found


def test_an_endpoint(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {"LINEAGE_S3_ENDPOINT": "https://minio.example.org:9000"})
    assert settings.environment()["LINEAGE_S3_ENDPOINT"] == "https://minio.example.org:9000"
    assert "LINEAGE_S3_ENDPOINT" not in read_settings(tmp_path, {}).environment()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINEAGE_STORE_URL", "gs://bucket/corpora"),
        ("LINEAGE_STORE_URL", "s3://"),
        ("LINEAGE_STORE_URL", "s3://key:secret@bucket/corpora"),
        ("LINEAGE_S3_ENDPOINT", "minio:9000"),
        ("LINEAGE_S3_ENDPOINT", "https://key:secret@minio:9000"),
        ("LINEAGE_DATABASE_IDLE_SECONDS", "soon"),
    ],
)
def test_wrong_values(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: .*expected") as caught:
        read_settings(tmp_path, {name: value})
    assert "secret" not in str(caught.value)
