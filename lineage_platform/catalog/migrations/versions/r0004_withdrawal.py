"""The register of requests; the key of a subject's hash, and its hashes under earlier keys.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "lineage"


def upgrade() -> None:
    """Rows of the overlay from before have hashes of the first key, whose id they do not say."""
    time = sa.DateTime(timezone=True)
    op.add_column("overlay", sa.Column("subject_key", sa.Text()), schema=SCHEMA)
    op.add_column("overlay", sa.Column("subject_earlier", postgresql.JSONB()), schema=SCHEMA)
    op.create_table(
        "requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=False),
        sa.Column("subject", sa.LargeBinary()),
        sa.Column("subject_key", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("recorded_at", time, nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("requests_pkey")),
        sa.CheckConstraint("(subject IS NULL) <> (name IS NULL)", name=op.f("requests_asker_check")),
        schema=SCHEMA,
    )
    op.create_table(
        "request_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdrawal", sa.Text()),
        sa.Column("due", sa.Date()),
        sa.Column("recorded_at", time, nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("request_steps_pkey")),
        sa.ForeignKeyConstraint(
            ["request"], [f"{SCHEMA}.requests.id"], name=op.f("request_steps_request_fkey")
        ),
        sa.CheckConstraint(
            "action IN ('verify', 'decide', 'done', 'refuse', 'extend')",
            name=op.f("request_steps_action_check"),
        ),
        schema=SCHEMA,
    )
    op.create_index(op.f("request_steps_request_id_idx"), "request_steps", ["request", "id"], schema=SCHEMA)
