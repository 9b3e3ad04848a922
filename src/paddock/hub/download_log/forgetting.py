"""The periodic job that forgets downloads which are older than the hub keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.stopping import stop_here_if_asked

FORGET_DOWNLOADS = "download_log.forget"
_ROWS_AT_ONCE = 10_000

every(3600)(FORGET_DOWNLOADS)


@handler(FORGET_DOWNLOADS)
def forget_downloads(hub: Hub, _payload: dict[str, Any]) -> None:
    """Delete the rows whose time is over, so many in a transaction."""
    c = file_downloads.c
    old = c.happened_at < clock.now() - timedelta(days=hub.download_log.days)
    some = sa.select(c.mark).where(old).limit(_ROWS_AT_ONCE)
    while True:
        stop_here_if_asked()
        with hub.database.write() as conn:
            if not conn.execute(file_downloads.delete().where(c.mark.in_(some))).rowcount:
                return
