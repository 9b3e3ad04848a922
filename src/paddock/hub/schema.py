"""All tables of the hub together: importing this makes ``metadata`` complete.

What every noun knows is in ``hub/tables.py``; a noun's own rows are in the ``tables.py`` beside it.
"""

from __future__ import annotations

from paddock.hub.catalogue import tables as _catalogue
from paddock.hub.collections import tables as _collections
from paddock.hub.jobs import tables as _jobs
from paddock.hub.likes import tables as _likes
from paddock.hub.people import tables as _people
from paddock.hub.tables import metadata
from paddock.hub.tags import tables as _tags
from paddock.hub.webhooks import tables as _webhooks

__all__ = [
    "_catalogue",
    "_collections",
    "_jobs",
    "_likes",
    "_people",
    "_tags",
    "_webhooks",
    "metadata",
]
