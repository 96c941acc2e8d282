"""Postgres through SQLAlchemy: tables, migrations, and the embedded server."""
