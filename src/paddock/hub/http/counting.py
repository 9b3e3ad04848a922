"""Whom a download is counted for, and what is logged of it.

Counted is one for an account, or for an address of strangers; logged is each file of a repository
that is not open to everybody (``hub.download_log``).

Files are counted where their bytes are asked for, Xet files where their token is: a client that
speaks Xet never asks for the file itself. Asking for headers alone, or for the first byte, is how
clients learn about a file, and no download.
"""

from __future__ import annotations

from fastapi import Request

from paddock.hub.context import Hub
from paddock.hub.download_log.paths import Wanted
from paddock.hub.types import Caller, Repository

_PROBE = "bytes=0-0"


def log_download(
    request: Request, hub: Hub, caller: Caller, repo: Repository, *, way: str, wanted: Wanted
) -> None:
    """Log what is asked for; that costs no wait."""
    if request.method != "HEAD" and request.headers.get("range") != _PROBE:
        hub.download_log.note(hub.database, caller, repo, way, wanted)


def count_download(request: Request, hub: Hub, caller: Caller, repo: Repository) -> None:
    """Note the download; that costs no wait."""
    if request.method != "GET" or request.headers.get("range") == _PROBE:
        return
    host = request.client.host if request.client else ""
    client = f"account {caller.account.id}" if caller.account else f"host {host}"
    hub.downloads.note(hub.database, repo.id, client)
