"""The first administrator of an empty hub: made once, with a token that is shown once.

A hub that has an administrator is never touched again: whoever can write to its database can make
more of them on purpose, and nothing makes one by accident.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.errors import AlreadyExists
from paddock.hub.people.accounts import create_user
from paddock.hub.people.tokens import create_token
from paddock.hub.tables import accounts
from paddock.storage.database import Database

DEFAULT_NAME = "admin"


class FirstAdmin(NamedTuple):
    """Who may do everything, and the only copy of the secret that proves it."""

    name: str
    token: str


def initialise(database: Database, name: str = DEFAULT_NAME) -> FirstAdmin | None:
    """Make the first administrator of a migrated database; None when it has one."""
    try:
        with database.write() as conn:
            if conn.scalar(sa.select(accounts.c.id).where(accounts.c.is_admin).limit(1)):
                return None
            admin = create_user(conn, name, is_admin=True)
            token = create_token(conn, admin, "made at initialisation", "admin")
    except AlreadyExists:
        with database.read() as conn:  # two processes began at once, and the other one was faster
            if conn.scalar(sa.select(accounts.c.id).where(accounts.c.is_admin).limit(1)):
                return None
        raise
    return FirstAdmin(admin.name, token)
