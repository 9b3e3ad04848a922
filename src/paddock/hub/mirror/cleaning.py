"""Parts of large files that nobody asked for again are removed once a day."""

from __future__ import annotations

from typing import Any

from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.mirror.growing import remove_abandoned
from paddock.log import get_logger

log = get_logger("mirror")

KIND = "mirror.clean"
ABANDONED_SECONDS = 7 * 86400.0


@handler(KIND)
def clean(hub: Hub, _payload: dict[str, Any]) -> None:
    """Remove parts that were not added to for a week."""
    if hub.mirror is None:
        return
    removed = remove_abandoned(hub.mirror.arrivals.folder, ABANDONED_SECONDS)
    if removed:
        log.info("removed abandoned parts of large files", count=removed)


every(86400)(KIND)
