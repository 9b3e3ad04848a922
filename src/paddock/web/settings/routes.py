"""All routes of making repositories and of their settings, in the order of matching.

``FIRST`` come before every address of a repository.
"""

from __future__ import annotations

from typing import Final

from paddock.web.settings import collaborators, ending, general, making, overrides

FIRST: Final = (making.router,)
ROUTERS: Final = (general.router, collaborators.router, ending.router, overrides.router)
