"""Tells the audit log who acts while a request is answered: its caller, and where they sit.

A layer around routing. The caller is known only once the handler's own dependencies found out, so
the question is asked when something is noted.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from paddock.hub.audit_log.acting import Actor, acting, behind
from paddock.hub.context import CALLER_KEY
from paddock.hub.types import ANONYMOUS


class Acting:
    """See the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def who() -> Actor:
            client = scope.get("client")
            return behind(scope.get(CALLER_KEY, ANONYMOUS), client[0] if client else None)

        with acting(who):
            await self._app(scope, receive, send)
