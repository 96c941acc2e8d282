"""The embedded PostgreSQL: one private server a LINEAGE_HOME, started when needed, stopped when idle.

    from lineage_platform.catalog.embedded import ensure_running, stop

    endpoint = ensure_running(settings)      # a few milliseconds when it is up already
    stop(settings)

Most callers want `catalog.urls.database_urls(settings)`, which also knows real servers.

The server listens on a Unix socket in a directory of mode 0700 and nowhere else; clients are known by their operating-system
user (`peer`), so there is no password. It runs as whoever runs `lineage`; root has it run as the system account `lineage-pg`.
A small supervisor process starts it, watches for clients, and stops it after LINEAGE_DATABASE_IDLE_SECONDS without any.
"""

from lineage_platform.catalog.embedded.server import (
    Endpoint,
    ServerStatus,
    ensure_running,
    status,
    stop,
)

__all__ = ["Endpoint", "ServerStatus", "ensure_running", "status", "stop"]
