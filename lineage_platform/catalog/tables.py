"""The catalog's tables, in the PostgreSQL schema `lineage`; `migrations/` brings a database to exactly this.

Nothing is overwritten but the state of a run: a change is a new row. Every row that states a fact names the ledger
entry (`ledger_index`, from 0) of the event that states it. In JSON columns 64-bit numbers are decimal strings; the forms
are in `catalog.forms`. Digests in text columns are lower-case hex.

*Current*: the version of a dataset (or snapshot of a source) is `runs.version_id` of the dataset's COMPLETE run with the
greatest `ledger_index`; content that comes back is a new run that names the old version, not a new row of `versions`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "lineage"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    },
)

Time = DateTime(timezone=True)

snapshot_numbers = Sequence("snapshot_numbers", minvalue=1, maxvalue=(1 << 27) - 1, metadata=metadata)

deployment = Table(
    "deployment",  # one row, made by the first migration
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", Time, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("definition", JSONB, nullable=False),  # the source as declared then, without secrets
    Column("observed_at", Time, nullable=False),  # first time
    Column("run_id", Uuid, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    UniqueConstraint("source", "digest"),
)

snapshot_files = Table(
    "snapshot_files",
    metadata,
    Column("snapshot", Integer, ForeignKey(snapshots.c.number), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("first_ordinal", BigInteger, nullable=False),
)

terms = Table(
    "terms",  # believed at time T for a number: the row with the greatest (recorded_at, id) of those recorded by T
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("declared", Text),
    Column("statement", JSONB, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("recorded_at", Time, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    Index(None, "number", "recorded_at"),
    Index(None, "source"),
)

withdrawals = Table(
    "withdrawals",  # changes of terms that take rights away; what each covers are rows of the overlay
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("effective", Time, nullable=False),
    Column("request", Text),  # what asked for it
    Column("erase", Boolean, nullable=False),  # whether the text has to go, too
    Column("covers", JSONB, nullable=False),  # as the event states them
    # of corpus versions that were current or released, summed up
    Column("documents", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("shards", BigInteger, nullable=False),
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
)

overlay = Table(
    "overlay",  # replaces the terms of what it covers: a source, a terms number, keys (inclusive), a document or a subject
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("withdrawal", BigInteger, ForeignKey(withdrawals.c.id)),  # null: terms were restated
    Column("source", Text),
    Column("terms", BigInteger),
    Column("key_from", BigInteger),
    Column("key_to", BigInteger),
    Column("document", BigInteger),
    Column("subject", LargeBinary),
    Column("subject_key", Text),  # id of the key of the hash
    Column(
        "subject_earlier", JSONB(none_as_null=True)
    ),  # hashes (hex) under the keys before it, oldest first
    Column("statement", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("valid_from", Time, nullable=False),
    Column("valid_to", Time),
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    CheckConstraint("(key_from IS NULL) = (key_to IS NULL) AND key_from <= key_to", name="range"),
    CheckConstraint("num_nonnulls(source, terms, key_from, document, subject) = 1", name="cover"),
    Index(None, "source", postgresql_where=text("source IS NOT NULL")),
    Index(None, "key_from", postgresql_where=text("key_from IS NOT NULL")),
    Index(None, "document", postgresql_where=text("document IS NOT NULL")),
    Index(None, "subject", postgresql_where=text("subject IS NOT NULL")),
    Index(None, "withdrawal", postgresql_where=text("withdrawal IS NOT NULL")),
)

reinstatements = Table(
    "reinstatements",  # lifts one row of the overlay, from `effective` on
    metadata,
    Column("overlay", BigInteger, ForeignKey(overlay.c.id), primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("effective", Time, nullable=False),
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("transformation", JSONB, nullable=False),
    Column("memo_key", Text, nullable=False),  # digest of dataset, transformation and inputs
    Column("parent", JSONB(none_as_null=True)),  # {"namespace", "job", "run_id"}
    Column("state", Text, nullable=False),
    Column("version_id", Text),  # of a version, or of a snapshot where the run observed a source
    Column("checks", JSONB, nullable=False),
    Column("passed", Boolean),
    Column("error", Text),
    Column("started_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("ledger_index", BigInteger),  # of the run's last event
    CheckConstraint("state IN ('START', 'COMPLETE', 'FAIL', 'ABORT')", name="state"),
    CheckConstraint("(state = 'COMPLETE') = (version_id IS NOT NULL)", name="version"),
    Index(None, "dataset", "ledger_index", postgresql_where=text("state = 'COMPLETE'")),
    Index(None, "version_id", "ledger_index", postgresql_where=text("state = 'COMPLETE'")),
    Index(None, "started_at", postgresql_where=text("state = 'START'")),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Text, primary_key=True),  # <dataset>@<first 16 hex digits of the content digest>
    Column("dataset", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("content_digest", Text, nullable=False),
    Column("statistics", JSONB, nullable=False),  # but for terms and shards, which are rows of their own
    Column("manifest_sha256", Text, nullable=False),
    Column("run_id", Uuid, ForeignKey(runs.c.run_id), nullable=False),  # the run that made it
    Column("ledger_index", BigInteger, nullable=False),
    Column("committed_at", Time, nullable=False),
    UniqueConstraint("dataset", "sequence"),
)

version_inputs = Table(
    "version_inputs",
    metadata,
    Column("version_id", Text, ForeignKey(versions.c.id), primary_key=True),
    # a version's id, or a snapshot's: source/<id>@<first 16 hex digits of the snapshot's digest>
    Column("input_id", Text, primary_key=True),
    Index(None, "input_id"),
)

files = Table(
    "files",
    metadata,
    Column("version_id", Text, ForeignKey(versions.c.id), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    # the range of a table's first column, which it is sorted by; null where that is no number, or there is no row
    Column("low", BigInteger),
    Column("high", BigInteger),
    Index(None, "version_id", "role", "low"),
)

version_terms = Table(
    "version_terms",
    metadata,
    Column("version_id", Text, ForeignKey(versions.c.id), primary_key=True),
    Column("terms", BigInteger, primary_key=True, autoincrement=False),
    Column("documents", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Index(None, "terms"),
)

shards = Table(
    "shards",
    metadata,
    Column("version_id", Text, ForeignKey(versions.c.id), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),  # shard-00000
    Column("documents", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),  # the documents' own
    Column("stored_tokens", BigInteger, nullable=False),  # with end-of-document tokens
    Index(None, "name"),
)

release_states = Table(
    "release_states",  # what became of a release after it was made; the newest row counts, none: as its checks said
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("version_id", Text, ForeignKey(versions.c.id), nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("verdicts", JSONB, nullable=False),  # worst verdict by use and jurisdiction, with its policies
    Column("day", Date, nullable=False),  # for which they were judged
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    CheckConstraint("state IN ('released', 'reopened', 'quarantined')", name="state"),
    Index(None, "version_id", "id"),
)

training_runs = Table(
    "training_runs",  # who read a release, and the model that came out
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("release_id", Text, ForeignKey(versions.c.id), nullable=False),
    Column("job", Text, nullable=False),
    Column("model", Text, nullable=False),  # name
    Column("model_version", Text, nullable=False),
    Column("details", JSONB, nullable=False),  # URI and digest of the weights, author, note
    Column("ended_at", Time, nullable=False),  # when the model was made
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    Index(None, "release_id"),
    Index(None, "model"),
)

requests = Table(
    "requests",  # what people, firms and courts ask for; who asks is a keyed hash, or a name that is no natural person's
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("received_at", Date, nullable=False),
    Column("due", Date, nullable=False),  # the last day, by the rule
    Column("rule", JSONB, nullable=False),  # law, article, the times it gives, the operator's own
    Column("subject", LargeBinary),
    Column("subject_key", Text),  # id of the key of the hash
    Column("name", Text),
    Column("about", Text, nullable=False),
    Column("author", Text, nullable=False),  # who entered it
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    CheckConstraint("(subject IS NULL) <> (name IS NULL)", name="asker"),
)

request_steps = Table(
    "request_steps",  # what was done about a request, oldest first
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("request", BigInteger, ForeignKey(requests.c.id), nullable=False),
    Column("action", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("withdrawal", Text),  # what it led to
    Column("due", Date),  # the last day from now on, where it was extended
    Column("recorded_at", Time, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    CheckConstraint("action IN ('verify', 'decide', 'done', 'refuse', 'extend')", name="action"),
    Index(None, "request", "id"),
)

quarantines = Table(
    "quarantines",  # shards that hold what was withdrawn, until all rows of the overlay of that withdrawal are lifted
    metadata,
    Column("version_id", Text, ForeignKey(versions.c.id), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("withdrawal", BigInteger, ForeignKey(withdrawals.c.id), primary_key=True, autoincrement=False),
    Column("documents", BigInteger, nullable=False),
    Index(None, "withdrawal"),
)

refusals = Table(
    "refusals",  # what must not come back in a later snapshot of a source: all of it, or a record by its id or its text
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("withdrawal", BigInteger, ForeignKey(withdrawals.c.id), nullable=False),
    Column("source", Text, nullable=False),
    Column("record_id", Text),
    Column("sha256", LargeBinary),  # of the text
    Index(None, "withdrawal"),
    Index(None, "source"),
)

pins = Table(
    "pins",  # what the first run of a recipe decided for all later ones: shard count, tokenizer version
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("recipe", Text, primary_key=True),  # digest
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
)

ledger_leaves = Table(
    "ledger_leaves",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("salt", LargeBinary),  # null with payload: erased, the commitment in the leaf hash stays
    Column("payload", LargeBinary),
    Column("run_id", Uuid),
    Column("kind", Text, nullable=False),  # that of a run, or what a dataset event is about
    Column("recorded_at", Time, nullable=False),
    CheckConstraint("(salt IS NULL) = (payload IS NULL)", name="erased"),
    Index(None, "run_id"),
    Index("ledger_leaves_erased_idx", "index", postgresql_where=text("salt IS NULL")),
)

ledger_nodes = Table(
    "ledger_nodes",  # hashes of complete subtrees; level 0 are the leaves, in their own table
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("level > 0", name="level"),
)

checkpoints = Table(
    "checkpoints",  # one per commit of a version or snapshot
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),  # C2SP tlog-checkpoint, signed
    Column("recorded_at", Time, nullable=False),
)
