"""What every request handler of the hub is given: database, bytes, settings and the caller.

The web assembles one ``Hub`` per process and puts it on ``app.state.hub``; handlers take it and the
caller as FastAPI dependencies and open their own transactions.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from paddock.http.bodies import BODY_LIMIT_KEY
from paddock.hub.audit_log.rules import LogRules
from paddock.hub.catalogue.downloads import Downloads
from paddock.hub.download_log.noting import DownloadLog
from paddock.hub.git_http.pack_cache import PackCache
from paddock.hub.mail.posting import Mail
from paddock.hub.mirror.mirror import Mirror
from paddock.hub.oauth.issuers import Issuers
from paddock.hub.people import permissions, tokens
from paddock.hub.sessions.cookies import (
    FORM_HEADER,
    SESSION_COOKIE,
    session_for_reading,
    session_of_page,
)
from paddock.hub.sessions.sign_up import SignUp
from paddock.hub.types import ANONYMOUS, Caller
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database

CALLER_KEY = "paddock.caller"  # who calls, once it is known: the web counts by it, among others
SESSION_KEY = "paddock.session"  # the browser's, where it was looked for and counts


def accept_body(request: Request, limit_bytes: int) -> None:
    """Let this request's body be as large as that; call it before reading."""
    request.scope[BODY_LIMIT_KEY] = limit_bytes


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How many requests a caller may send in five minutes; 0: as many as they like."""

    api: int = 100_000
    resolvers: int = 200_000
    pages: int = 50_000


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What becomes of files that no scan has finished, and how large a file is copied for one."""

    refuses_unscanned: bool = False  # weights are for their writers alone until they were scanned
    copy_bytes: int = 100 * 1000**3  # of a file that is not on this machine's disk as one piece


@dataclass(frozen=True, slots=True)
class Hub:
    """One server's view of its storage."""

    database: Database
    blobs: BlobStore
    public_url: str | None  # None: as the request addressed us
    downloads: Downloads = field(default_factory=Downloads)
    own_url: str = "http://127.0.0.1:8000"  # where this machine reaches us
    webhook_targets: str = "public"  # "any": webhooks may also send into the private network
    mirror: Mirror | None = None  # None: only what is here is served
    pull_request_bytes: int = 10 * 1000**3  # of a user for pull requests to a repository of others
    organizations_by: str = "users"  # who may make one: "users" or "admins"
    packs: PackCache = field(default_factory=PackCache)
    limits: RequestLimits = field(default_factory=RequestLimits)
    issuers: Issuers = field(default_factory=Issuers)  # CI services whose jobs may prove themselves
    scans: ScanRules = field(default_factory=ScanRules)
    sign_up: SignUp = field(default_factory=SignUp)
    download_log: DownloadLog = field(default_factory=DownloadLog)
    log_rules: LogRules = field(default_factory=LogRules)
    mail: Mail = field(default_factory=Mail)

    def base_url(self, request: Request) -> str:
        """Where clients reach us, without a trailing slash."""
        return self.public_url or str(request.base_url).rstrip("/")

    @property
    def background_url(self) -> str:
        """The same for work that no request asked for."""
        return self.public_url or self.own_url


async def get_hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


HubDep = Annotated[Hub, Depends(get_hub)]


async def get_caller(request: Request, hub: HubDep) -> Caller:
    """Who calls. No credentials is a stranger; wrong ones are an error everywhere.

    A browser's session counts where nothing changes, and where the script of one of our own pages
    asks; what forms send, their own handlers look at (``web.browser``).
    """
    if "authorization" not in request.headers and "cookie" not in request.headers:
        return ANONYMOUS
    return await run_in_threadpool(authenticate, request, hub)


def authenticate(request: Request, hub: Hub) -> Caller:
    """The same for a handler that is in a thread of its own already."""
    secret = _bearer_or_basic_password(request.headers.get("authorization", ""))
    return _behind_page(request, hub) if secret is None else _authenticate(hub, request, secret)


def _behind_page(request: Request, hub: Hub) -> Caller:
    headers, base_url = request.headers, hub.base_url(request)
    if SESSION_COOKIE not in headers.get("cookie", ""):
        return ANONYMOUS
    with hub.database.read() as conn:
        if FORM_HEADER in headers:
            return session_of_page(conn, headers, base_url).caller
        if request.method not in {"GET", "HEAD"}:
            return ANONYMOUS
        session = session_for_reading(conn, headers, base_url)
    request.scope[SESSION_KEY] = session
    return session.caller if session else ANONYMOUS


def _authenticate(hub: Hub, request: Request, secret: str) -> Caller:
    caller = tokens.authenticate(hub.database, secret)
    if caller.scopes is None:
        request.scope[CALLER_KEY] = caller
        return caller
    address = getattr(request.scope.get("route"), "path", "")
    with hub.database.read() as conn:
        bounded = permissions.on_address(conn, caller, request.method, address, request.path_params)
    request.scope[CALLER_KEY] = bounded
    return bounded


CallerDep = Annotated[Caller, Depends(get_caller)]


def _bearer_or_basic_password(header: str) -> str | None:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            user_and_password = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""  # malformed credentials are wrong credentials
        return user_and_password.partition(":")[2]
    return None
