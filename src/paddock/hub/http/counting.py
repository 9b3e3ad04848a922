"""Whom a download is counted for: one for an account, or for an address of strangers.

Files are counted where their bytes are asked for, Xet files where their token is: a client that
speaks Xet never asks for the file itself.
"""

from __future__ import annotations

from fastapi import Request
from starlette.background import BackgroundTask

from paddock.hub.catalogue.downloads import count_download
from paddock.hub.context import Hub
from paddock.hub.types import Caller, Repository


def counting(request: Request, hub: Hub, caller: Caller, repo: Repository) -> BackgroundTask | None:
    """What to do after the answer: count it, when this client was not counted lately."""
    host = request.client.host if request.client else ""
    client = f"account {caller.account.id}" if caller.account else f"host {host}"
    if not hub.downloads.is_new(repo.id, client):
        return None
    return BackgroundTask(count_download, hub.database, repo.id)
