"""Every route of the tab "Files", in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.files import blame, blob, commits, editing, moving, tree, uploading

ROUTERS: Final = (
    tree.router,
    blob.router,
    commits.router,
    blame.router,
    editing.router,
    moving.router,
    uploading.router,
)
