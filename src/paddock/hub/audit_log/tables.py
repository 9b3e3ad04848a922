"""The rows of the audit log, and what the database itself refuses to do with them.

Knows columns and triggers. An entry is never changed: its personal fields and their salts may be
blanked, and the oldest entries may go, in a transaction that holds a permit (``erasing``) and no
other. Whoever owns the database can drop a trigger; that is what the chain is for.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

ACT_CHARS = 40

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("happened_at", Moment, nullable=False),
    Column("act", String(ACT_CHARS), nullable=False),
    # Numbers without references: an entry outlives what it speaks of.
    Column("actor_id", BigInteger),
    Column("repo_id", BigInteger),
    Column("account_id", BigInteger),
    Column("fields", JSON, nullable=False),  # name -> value; what was erased is missing
    Column("salts", JSON, nullable=False),  # name -> hex, of the fields that are there
    Column("seals", JSON, nullable=False),  # name -> SHA-256 of salt, name and value; of all
    Column("previous", String(64), nullable=False),  # the hash of the entry before
    Column("hash", String(64), nullable=False),
    Index(None, "repo_id", "seq"),
    Index(None, "actor_id", "seq"),
    Index(None, "account_id", "seq"),
    Index(None, "act", "seq"),
    Index(None, "happened_at"),
)

# One row: the end of the chain. Whoever appends holds it until the transaction ends.
audit_log_head = Table(
    "audit_log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

# A row here lets the transaction that made it erase; it is deleted before that commits.
audit_log_permits = Table(
    "audit_log_permits",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
)

audit_log_checkpoints = Table(
    "audit_log_checkpoints",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("signature", String(128), nullable=False),  # Ed25519, hex
)

_FIXED = (
    *("seq", "happened_at", "act", "actor_id", "repo_id", "account_id"),
    *("seals", "previous", "hash"),
)
_REFUSED = "the audit log is append-only"
_PERMITTED = "EXISTS (SELECT 1 FROM audit_log_permits)"


def _on_sqlite(name: str, event: str, table: str, unless: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN NOT ({unless}) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )


def _same(differs: str, casts: dict[str, str] | None = None) -> str:
    known = casts or {}
    return " AND ".join(
        f"new.{name}{known.get(name, '')} {differs} old.{name}{known.get(name, '')}"
        for name in _FIXED
    )


SQLITE_TRIGGERS = (
    _on_sqlite("audit_log_kept", "DELETE", "audit_log", _PERMITTED),
    _on_sqlite("audit_log_fixed", "UPDATE", "audit_log", f"{_PERMITTED} AND {_same('IS')}"),
    _on_sqlite("audit_log_head_kept", "DELETE", "audit_log_head", "0"),
    _on_sqlite("audit_log_head_grows", "UPDATE", "audit_log_head", "new.seq > old.seq"),
    _on_sqlite("audit_log_checkpoints_kept", "DELETE", "audit_log_checkpoints", _PERMITTED),
    _on_sqlite("audit_log_checkpoints_fixed", "UPDATE", "audit_log_checkpoints", "0"),
)


def _on_postgresql(name: str, event: str, table: str, unless: str) -> tuple[str, str]:
    kept = "old" if event == "DELETE" else "new"
    function = (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NOT ({unless}) THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN {kept}; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
    return function, trigger


def _no_truncation(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_head_kept()"
    )


_NOT_DISTINCT = _same("IS NOT DISTINCT FROM", {"seals": "::text"})
POSTGRESQL_TRIGGERS = (
    *_on_postgresql("audit_log_kept", "DELETE", "audit_log", _PERMITTED),
    *_on_postgresql("audit_log_fixed", "UPDATE", "audit_log", f"{_PERMITTED} AND {_NOT_DISTINCT}"),
    *_on_postgresql("audit_log_head_kept", "DELETE", "audit_log_head", "false"),
    *_on_postgresql("audit_log_head_grows", "UPDATE", "audit_log_head", "new.seq > old.seq"),
    *_on_postgresql("audit_log_checkpoints_kept", "DELETE", "audit_log_checkpoints", _PERMITTED),
    *_on_postgresql("audit_log_checkpoints_fixed", "UPDATE", "audit_log_checkpoints", "false"),
    *(_no_truncation(t) for t in ("audit_log", "audit_log_head", "audit_log_checkpoints")),
)


def _follow(dialect: str, statements: tuple[str, ...]) -> None:
    """Let the statements follow the creation of all tables: they speak of several."""
    for statement in statements:
        definition = sa.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        sa.event.listen(metadata, "after_create", definition.execute_if(dialect=dialect))


_follow("sqlite", SQLITE_TRIGGERS)
_follow("postgresql", POSTGRESQL_TRIGGERS)
