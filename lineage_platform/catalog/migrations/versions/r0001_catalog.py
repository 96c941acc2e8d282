"""The catalog as it was first made.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "lineage"


def upgrade() -> None:
    """Make every table, and the row that names this deployment."""
    numbers = sa.Sequence("snapshot_numbers", minvalue=1, maxvalue=(1 << 27) - 1, schema=SCHEMA)
    op.execute(sa.schema.CreateSequence(numbers))
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("checkpoints_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("deployment_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "ledger_leaves",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(salt IS NULL) = (payload IS NULL)", name=op.f("ledger_leaves_erased_check")),
        sa.PrimaryKeyConstraint("index", name=op.f("ledger_leaves_pkey")),
        schema=SCHEMA,
    )
    op.create_index(op.f("ledger_leaves_run_id_idx"), "ledger_leaves", ["run_id"], schema=SCHEMA)
    op.create_table(
        "ledger_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("level > 0", name=op.f("ledger_nodes_level_check")),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("ledger_nodes_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "overlay",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("key_from", sa.BigInteger()),
        sa.Column("key_to", sa.BigInteger()),
        sa.Column("document", sa.BigInteger()),
        sa.Column("subject", sa.LargeBinary()),
        sa.Column("statement", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(key_from IS NULL) = (key_to IS NULL) AND key_from <= key_to", name=op.f("overlay_range_check")
        ),
        sa.CheckConstraint(
            "num_nonnulls(source, key_from, document, subject) = 1", name=op.f("overlay_cover_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("overlay_pkey")),
        schema=SCHEMA,
    )
    op.create_index(
        op.f("overlay_document_idx"),
        "overlay",
        ["document"],
        schema=SCHEMA,
        postgresql_where=sa.text("document IS NOT NULL"),
    )
    op.create_index(
        op.f("overlay_key_from_idx"),
        "overlay",
        ["key_from"],
        schema=SCHEMA,
        postgresql_where=sa.text("key_from IS NOT NULL"),
    )
    op.create_index(
        op.f("overlay_source_idx"),
        "overlay",
        ["source"],
        schema=SCHEMA,
        postgresql_where=sa.text("source IS NOT NULL"),
    )
    op.create_index(
        op.f("overlay_subject_idx"),
        "overlay",
        ["subject"],
        schema=SCHEMA,
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_table(
        "pins",
        sa.Column("corpus", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("corpus", "recipe", "name", name=op.f("pins_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("transformation", JSONB(), nullable=False),
        sa.Column("memo_key", sa.Text(), nullable=False),
        sa.Column("parent", JSONB()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text()),
        sa.Column("checks", JSONB(), nullable=False),
        sa.Column("passed", sa.Boolean()),
        sa.Column("error", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ledger_index", sa.BigInteger()),
        sa.CheckConstraint(
            "(state = 'COMPLETE') = (version_id IS NOT NULL)", name=op.f("runs_version_check")
        ),
        sa.CheckConstraint("state IN ('START', 'COMPLETE', 'FAIL', 'ABORT')", name=op.f("runs_state_check")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("runs_pkey")),
        schema=SCHEMA,
    )
    op.create_index(
        op.f("runs_dataset_ledger_index_idx"),
        "runs",
        ["dataset", "ledger_index"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'COMPLETE'"),
    )
    op.create_index(
        op.f("runs_started_at_idx"),
        "runs",
        ["started_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'START'"),
    )
    op.create_index(
        op.f("runs_version_id_ledger_index_idx"),
        "runs",
        ["version_id", "ledger_index"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'COMPLETE'"),
    )
    op.create_table(
        "snapshots",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("snapshots_pkey")),
        sa.UniqueConstraint("source", "digest", name=op.f("snapshots_source_digest_key")),
        schema=SCHEMA,
    )
    op.create_table(
        "terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("declared", sa.Text()),
        sa.Column("statement", JSONB(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_to", sa.Date()),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("terms_pkey")),
        schema=SCHEMA,
    )
    op.create_index(op.f("terms_number_recorded_at_idx"), "terms", ["number", "recorded_at"], schema=SCHEMA)
    op.create_index(op.f("terms_source_idx"), "terms", ["source"], schema=SCHEMA)
    op.create_table(
        "snapshot_files",
        sa.Column("snapshot", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("first_ordinal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot"], [f"{SCHEMA}.snapshots.number"], name=op.f("snapshot_files_snapshot_fkey")
        ),
        sa.PrimaryKeyConstraint("snapshot", "position", name=op.f("snapshot_files_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("statistics", JSONB(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], [f"{SCHEMA}.runs.run_id"], name=op.f("versions_run_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("versions_pkey")),
        sa.UniqueConstraint("dataset", "sequence", name=op.f("versions_dataset_sequence_key")),
        schema=SCHEMA,
    )
    op.create_table(
        "files",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], [f"{SCHEMA}.versions.id"], name=op.f("files_version_id_fkey")
        ),
        sa.PrimaryKeyConstraint("version_id", "name", name=op.f("files_pkey")),
        schema=SCHEMA,
    )
    op.create_table(
        "shards",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("stored_tokens", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], [f"{SCHEMA}.versions.id"], name=op.f("shards_version_id_fkey")
        ),
        sa.PrimaryKeyConstraint("version_id", "shard", name=op.f("shards_pkey")),
        schema=SCHEMA,
    )
    op.create_index(op.f("shards_name_idx"), "shards", ["name"], schema=SCHEMA)
    op.create_table(
        "version_inputs",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("input_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], [f"{SCHEMA}.versions.id"], name=op.f("version_inputs_version_id_fkey")
        ),
        sa.PrimaryKeyConstraint("version_id", "input_id", name=op.f("version_inputs_pkey")),
        schema=SCHEMA,
    )
    op.create_index(op.f("version_inputs_input_id_idx"), "version_inputs", ["input_id"], schema=SCHEMA)
    op.create_table(
        "version_terms",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("terms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], [f"{SCHEMA}.versions.id"], name=op.f("version_terms_version_id_fkey")
        ),
        sa.PrimaryKeyConstraint("version_id", "terms", name=op.f("version_terms_pkey")),
        schema=SCHEMA,
    )
    op.create_index(op.f("version_terms_terms_idx"), "version_terms", ["terms"], schema=SCHEMA)
    op.execute(
        sa.text(
            "INSERT INTO lineage.deployment (id, created_at) VALUES (gen_random_uuid(), clock_timestamp())"
        )
    )
