"""Which generation of the store clients remember: a new one when xorbs go that they may rely on.

Clients keep for three weeks, under the CAS's address, which chunks it holds, and name them without
sending them; when a xorb has gone early their uploads fail until that memory is removed. So the
address names the generation, and whoever takes xorbs early begins a new one first: clients find
an address that they know nothing of, and ask.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from paddock.hub.tables import server_secrets
from paddock.storage.sql import insert_ignore

_NAME = "xet generation"
_ROW = server_secrets.c.name == _NAME
_VALUE = sa.select(server_secrets.c.value).where(_ROW)
_BYTES = 8


def generation(conn: sa.Connection) -> str:
    """The generation in hex; empty for the first one of a database."""
    value = conn.execute(_VALUE).scalar_one_or_none()
    return "" if value is None else bytes(value).hex()


def renew(conn: sa.Connection) -> None:
    """Begin a new generation; call it before the xorbs go."""
    value = secrets.token_bytes(_BYTES)
    insert_ignore(conn, server_secrets, [{"name": _NAME, "value": value}])
    conn.execute(server_secrets.update().where(_ROW).values(value=value))
