"""How to reach the database: one value for every driver, whether the server is embedded or a real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.settings import Settings

DAGSTER_SCHEMA = "dagster"
_SCHEMES = {"postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"}
_ESCAPES = "in a password : / ? # @ and % are written as %3A %2F %3F %23 %40 and %25"


@dataclass(frozen=True)
class DatabaseUrls:
    """The same database as each driver takes it; only `description` may be shown, the others can hold a password.

    `sqlalchemy` names psycopg 3; `psycopg` is a connection string of libpq; `dagster` is for dagster-postgres (SQLAlchemy
    on psycopg2) and sees Dagster's own schema only.
    """

    description: str
    embedded: bool
    sqlalchemy: str = field(repr=False)
    psycopg: str = field(repr=False)
    dagster: str = field(repr=False)


def database_urls(settings: Settings) -> DatabaseUrls:
    """Where the catalog is; starts the embedded server when LINEAGE_DATABASE_URL is not set.

    Does not connect to a real server. Raises InvalidInput for a malformed LINEAGE_DATABASE_URL, Unavailable when the
    embedded server does not start or is another user's.
    """
    if settings.database_url is not None:
        return _of_real_server(settings.database_url)
    from lineage_platform.catalog.embedded import ensure_running

    endpoint = ensure_running(settings)
    return _urls(
        f"{endpoint.role}@",
        endpoint.database,
        [("host", str(endpoint.sockets)), ("port", "5432")],
        description=f"embedded PostgreSQL in {settings.database_home}",
        embedded=True,
    )


def ensure_dagster_schema(urls: DatabaseUrls) -> None:
    """Make Dagster's schema where it is missing; the embedded database has had it from the start.

    Raises Unavailable when the server cannot be reached or refuses.
    """
    if urls.embedded:
        return
    import psycopg

    try:
        with psycopg.connect(urls.psycopg, connect_timeout=10) as connection:
            known = connection.execute(
                "select 1 from pg_namespace where nspname = %s", [DAGSTER_SCHEMA]
            ).fetchone()
            if known is None:
                connection.execute(f"create schema if not exists {DAGSTER_SCHEMA}")
    except psycopg.errors.UniqueViolation:
        return  # another process made it at the same moment
    except psycopg.Error as error:
        raise Unavailable(f"{urls.description}: {str(error).strip()}") from error


def _of_real_server(url: str) -> DatabaseUrls:
    # What was got is not repeated: it can hold a password.
    expected = "LINEAGE_DATABASE_URL: expected postgresql://user@host:port/name"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput(f"{expected}, got something else; {_ESCAPES}") from None
    if parts.scheme not in _SCHEMES:
        raise InvalidInput(f"{expected}, got scheme {parts.scheme!r}")
    name = parts.path.removeprefix("/")
    if not name or "," in parts.netloc or set(name) & set("/@"):
        raise InvalidInput(f"{expected} with one host and the name of a database; {_ESCAPES}")
    query = parse_qsl(parts.query, keep_blank_values=True)
    host = parts.hostname or dict(query).get("host", "localhost")
    return _urls(
        parts.netloc,
        name,
        query,
        description=f"PostgreSQL at {host}{f':{port}' if port else ''}, database {name}",
        embedded=False,
    )


def _urls(
    netloc: str, name: str, query: list[tuple[str, str]], *, description: str, embedded: bool
) -> DatabaseUrls:
    options = " ".join(
        [*(value for key, value in query if key == "options"), f"-csearch_path={DAGSTER_SCHEMA}"]
    )
    dagster_query = [(key, value) for key, value in query if key != "options"] + [("options", options)]

    def url(scheme: str, parameters: list[tuple[str, str]]) -> str:
        # libpq reads + as a plus sign, so spaces are %20.
        return f"{scheme}://{netloc}/{name}" + (
            f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        )

    return DatabaseUrls(
        description=description,
        embedded=embedded,
        sqlalchemy=url("postgresql+psycopg", query),
        psycopg=url("postgresql", query),
        dagster=url("postgresql+psycopg2", dagster_query),
    )
