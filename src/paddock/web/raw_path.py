"""Hands routing the path as it was written on the wire.

Handlers decode their own segments, so ``%2F`` inside a revision or a file name survives
(``hub.http.paths``).
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class RawPath:
    """A layer around limits and routing; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = scope["raw_path"].decode("latin-1")
        await self._app(scope, receive, send)
