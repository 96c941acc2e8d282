"""Ranges of files, so that a question opens few; counts by terms and shard stand in their own tables alone.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "lineage"


def upgrade() -> None:
    """Add the ranges; older files have none, and are opened whenever their role is asked for."""
    for name in ("low", "high"):
        op.add_column("files", sa.Column(name, sa.BigInteger()), schema=SCHEMA)
    op.create_index(
        op.f("files_version_id_role_low_idx"), "files", ["version_id", "role", "low"], schema=SCHEMA
    )
    op.create_index(
        op.f("ledger_leaves_erased_idx"),
        "ledger_leaves",
        ["index"],
        schema=SCHEMA,
        postgresql_where=sa.text("salt IS NULL"),
    )
    op.execute(
        sa.text("UPDATE lineage.versions SET statistics = (statistics - 'by_terms') #- '{details,shards}'")
    )
