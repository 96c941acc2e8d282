"""Reinstatements instead of a date on the overlay's row, states of releases, training runs.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "lineage"


def upgrade() -> None:
    """Nothing ever wrote `lifted_at`."""
    time = sa.DateTime(timezone=True)
    op.drop_column("overlay", "lifted_at", schema=SCHEMA)
    op.create_table(
        "reinstatements",
        sa.Column("overlay", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("effective", time, nullable=False),
        sa.Column("recorded_at", time, nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("overlay", name=op.f("reinstatements_pkey")),
        sa.ForeignKeyConstraint(
            ["overlay"], [f"{SCHEMA}.overlay.id"], name=op.f("reinstatements_overlay_fkey")
        ),
        schema=SCHEMA,
    )
    op.create_table(
        "release_states",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verdicts", postgresql.JSONB(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", time, nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("release_states_pkey")),
        sa.ForeignKeyConstraint(
            ["version_id"], [f"{SCHEMA}.versions.id"], name=op.f("release_states_version_id_fkey")
        ),
        sa.CheckConstraint(
            "state IN ('released', 'reopened', 'quarantined')", name=op.f("release_states_state_check")
        ),
        schema=SCHEMA,
    )
    op.create_index(
        op.f("release_states_version_id_id_idx"), "release_states", ["version_id", "id"], schema=SCHEMA
    )
    op.create_table(
        "training_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("ended_at", time, nullable=False),
        sa.Column("recorded_at", time, nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("training_runs_pkey")),
        sa.ForeignKeyConstraint(
            ["release_id"], [f"{SCHEMA}.versions.id"], name=op.f("training_runs_release_id_fkey")
        ),
        schema=SCHEMA,
    )
    for column in ("release_id", "model"):
        op.create_index(op.f(f"training_runs_{column}_idx"), "training_runs", [column], schema=SCHEMA)
