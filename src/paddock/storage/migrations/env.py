"""Alembic's entry: runs the migrations on the connection, and in the transaction, it is handed."""

from __future__ import annotations

from alembic import context

# SQLite's DDL is transactional too when nobody commits behind our back (see database.py).
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
