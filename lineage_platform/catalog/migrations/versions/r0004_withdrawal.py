"""The register of requests; withdrawals, what they quarantine and refuse; the key of a subject's hash.

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
    _withdrawals(time)


def _withdrawals(time: sa.DateTime) -> None:
    number = sa.BigInteger()
    op.create_table(
        "withdrawals",
        sa.Column("id", number, sa.Identity(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "reason", "author")),
        sa.Column("effective", time, nullable=False),
        sa.Column("request", sa.Text()),
        sa.Column("erase", sa.Boolean(), nullable=False),
        sa.Column("covers", postgresql.JSONB(), nullable=False),
        *(sa.Column(name, number, nullable=False) for name in ("documents", "tokens", "shards")),
        sa.Column("recorded_at", time, nullable=False),
        sa.Column("ledger_index", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("withdrawals_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "quarantines",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("withdrawal", number, nullable=False),
        sa.Column("documents", number, nullable=False),
        sa.PrimaryKeyConstraint("version_id", "shard", "withdrawal", name=op.f("quarantines_pkey")),
        sa.ForeignKeyConstraint(
            ["version_id"], [f"{SCHEMA}.versions.id"], name=op.f("quarantines_version_id_fkey")
        ),
        _of_withdrawal("quarantines"),
        schema=SCHEMA,
    )
    op.create_table(
        "refusals",
        sa.Column("id", number, sa.Identity(), nullable=False),
        sa.Column("withdrawal", number, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("sha256", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("refusals_pkey")),
        _of_withdrawal("refusals"),
        schema=SCHEMA,
    )
    for table, column in (("quarantines", "withdrawal"), ("refusals", "withdrawal"), ("refusals", "source")):
        op.create_index(op.f(f"{table}_{column}_idx"), table, [column], schema=SCHEMA)
    op.add_column("overlay", sa.Column("withdrawal", number), schema=SCHEMA)
    op.add_column("overlay", sa.Column("terms", number), schema=SCHEMA)
    op.create_foreign_key(
        op.f("overlay_withdrawal_fkey"),
        "overlay",
        "withdrawals",
        ["withdrawal"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
    )
    op.create_index(
        op.f("overlay_withdrawal_idx"),
        "overlay",
        ["withdrawal"],
        schema=SCHEMA,
        postgresql_where=sa.text("withdrawal IS NOT NULL"),
    )
    op.drop_constraint(op.f("overlay_cover_check"), "overlay", schema=SCHEMA)
    op.create_check_constraint(
        op.f("overlay_cover_check"),
        "overlay",
        "num_nonnulls(source, terms, key_from, document, subject) = 1",
        schema=SCHEMA,
    )


def _of_withdrawal(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["withdrawal"], [f"{SCHEMA}.withdrawals.id"], name=op.f(f"{table}_withdrawal_fkey")
    )
