"""All tables of the hub together: importing this makes ``metadata`` complete.

What every noun knows is in ``hub/tables.py``; a noun's own rows are in the ``tables.py`` beside it.
"""

from __future__ import annotations

from paddock.hub.tables import metadata

__all__ = ["metadata"]
