"""The same database for each driver; no password in anything that can be shown."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import sqlalchemy
import yaml

from lineage_platform.catalog.dagster_home import prepare_dagster_home
from lineage_platform.catalog.urls import database_urls, ensure_dagster_schema
from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.settings import Settings, read_settings


def settings_with(url: str, folder: Path) -> Settings:
    return read_settings(folder, {"LINEAGE_DATABASE_URL": url})


@pytest.mark.parametrize(
    ("given", "rest", "options"),
    [
        ("postgresql://u:p%40ss@db.example:5433/corpora", "u:p%40ss@db.example:5433/corpora", ""),
        ("postgres://u@[::1]/corpora", "u@[::1]/corpora", ""),
        ("postgresql+psycopg://u@h/c?sslmode=verify-full", "u@h/c?sslmode=verify-full", ""),
        (
            "postgresql:///c?host=/run/pg%20one&options=-cgeqo%3Doff%20-cjit%3Doff",
            "/c?host=%2Frun%2Fpg%20one&options=-cgeqo%3Doff%20-cjit%3Doff",
            "-cgeqo%3Doff%20-cjit%3Doff%20",
        ),
    ],
)
def test_a_real_server_is_spelt_for_each_driver(given: str, rest: str, options: str, tmp_path: Path) -> None:
    urls = database_urls(settings_with(given, tmp_path))
    base, _, query = rest.partition("?")
    kept = [item for item in query.split("&") if item and not item.startswith("options")]
    dagster = "&".join([*kept, f"options={options}-csearch_path%3Ddagster"])
    assert urls.psycopg == f"postgresql://{rest}"
    assert urls.sqlalchemy == f"postgresql+psycopg://{rest}"
    assert urls.dagster == f"postgresql+psycopg2://{base}?{dagster}"
    assert not urls.embedded
    parsed = sqlalchemy.make_url(urls.dagster)
    assert str(parsed.query["options"]).endswith("-csearch_path=dagster")
    assert psycopg.conninfo.conninfo_to_dict(urls.psycopg)["dbname"] == parsed.database


def test_no_password_is_shown(tmp_path: Path) -> None:
    urls = database_urls(settings_with("postgresql://u:secret@127.0.0.1:1/c", tmp_path))
    assert urls.description == "PostgreSQL at 127.0.0.1:1, database c"
    assert "secret" not in repr(urls)
    with pytest.raises(Unavailable) as refusal:
        ensure_dagster_schema(urls)
    assert "secret" not in str(refusal.value)
    assert refusal.value.__context__ is None or "secret" not in repr(refusal.value.__context__)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/c",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:port/c",
        "postgresql://u:1/secret@h/c",
        "postgresql://u:se#secret@h/c",
        "postgresql://u:secret/x@h/c",
        "postgresql://u:secret@a,b/c",
    ],
)
def test_a_malformed_url_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="LINEAGE_DATABASE_URL") as refusal:
        database_urls(settings_with(url, tmp_path))
    assert "secret" not in str(refusal.value)


def test_a_real_server_gets_the_schema_once(empty_database_url: str, tmp_path: Path) -> None:
    urls = database_urls(settings_with(empty_database_url, tmp_path))
    for _ in range(2):
        ensure_dagster_schema(urls)
    with psycopg.connect(urls.psycopg) as connection:
        assert connection.execute("select to_regnamespace('dagster') is not null").fetchone() == (True,)
    engine = sqlalchemy.create_engine(urls.dagster)
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select current_schema()")).scalar() == "dagster"
    engine.dispose()


def test_the_file_of_dagster_holds_no_password(tmp_path: Path) -> None:
    settings = settings_with("postgresql://u:secret@h/c", tmp_path)
    home = prepare_dagster_home(settings, database_urls(settings))
    text = (home / "dagster.yaml").read_text()
    assert "secret" not in text
    configuration = yaml.safe_load(text)
    assert configuration["storage"]["postgres"]["postgres_url"] == {"env": "LINEAGE_DAGSTER_DATABASE_URL"}
    assert configuration["telemetry"] == {"enabled": False}


def test_the_file_of_dagster_is_written_again_only_when_it_differs(shared_home: Settings) -> None:
    urls = database_urls(shared_home)
    file = prepare_dagster_home(shared_home, urls) / "dagster.yaml"
    first = file.stat().st_ino
    assert prepare_dagster_home(shared_home, urls) == shared_home.dagster_home
    assert file.stat().st_ino == first
    assert yaml.safe_load(file.read_text())["storage"]["postgres"]["postgres_url"] == urls.dagster
    file.write_text("edited: by hand\n")
    prepare_dagster_home(shared_home, urls)
    assert "storage" in yaml.safe_load(file.read_text())
