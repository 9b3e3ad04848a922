"""While a backup is taken no sweep deletes a blob: a moment in the database says until when.

Who takes the backup moves it on; when they were killed it passes by itself.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

from paddock.hub.large.tables import hub_limits
from paddock.storage.database import Database
from paddock.storage.sql import insert_ignore

HOLD_SECONDS = 1800
_NAME = "blobs_held_until"


def hold(database: Database, seconds: int = HOLD_SECONDS) -> None:
    """Let no blob be deleted for so long; 0 ends it."""
    until = int(time.time()) + seconds
    row = hub_limits.c.name == _NAME
    with database.write() as conn:
        if not conn.execute(hub_limits.update().where(row).values(value=until)).rowcount:
            insert_ignore(conn, hub_limits, [{"name": _NAME, "value": until}])


def are_held(conn: sa.Connection) -> bool:
    """Whether blobs must stay for now."""
    until = conn.scalar(sa.select(hub_limits.c.value).where(hub_limits.c.name == _NAME))
    return until is not None and until > time.time()
