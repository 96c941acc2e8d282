"""What `lineage down` does: stop the embedded database."""

from __future__ import annotations

from lineage_platform.settings import Settings


def run_down(settings: Settings) -> str:
    """Stop the embedded database of these settings, whoever uses it; returns what to tell.

    Raises Unavailable when it belongs to another user.
    """
    from lineage_platform.catalog.embedded import stop

    if settings.database_url is not None:
        return "LINEAGE_DATABASE_URL names a server of your own; there is nothing to stop"
    if stop(settings):
        return f"stopped the embedded PostgreSQL of {settings.home}"
    return f"no embedded PostgreSQL runs for {settings.home}"
