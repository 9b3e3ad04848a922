"""All tables of the hub together: importing this makes ``metadata`` complete.

What every noun knows is in ``hub/tables.py``; a noun's own rows are in the ``tables.py`` beside it.
"""

from __future__ import annotations

from paddock.hub.jobs import tables as _jobs
from paddock.hub.tables import metadata
from paddock.hub.webhooks import tables as _webhooks

__all__ = ["_jobs", "_webhooks", "metadata"]
