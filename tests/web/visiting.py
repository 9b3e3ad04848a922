"""Somebody whose browser is signed in already, and what they send by forms."""

from __future__ import annotations

from typing import Any

import httpx

from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.sessions.sessions import form_key, start_session
from tests.live import LiveServer


class Visiting:
    """A browser with a session; it follows no address by itself, as tests want to see them."""

    def __init__(self, server: LiveServer, secret: str) -> None:
        self._url, self._secret = server.url, secret
        self._headers = {"Cookie": f"paddock_session={secret}", "Accept": "text/html"}

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self._url + path, headers=self._headers, timeout=60)

    def post(self, path: str, /, **fields: Any) -> httpx.Response:
        """A form of one of our pages; ``form_key`` "" is one of another site's."""
        data = {"form_key": form_key(self._secret), **fields}
        return httpx.post(self._url + path, data=data, headers=self._headers, timeout=60)


def visit(server: LiveServer, name: str) -> Visiting:
    """The user, who is created when new, at a browser that is signed in."""
    with server.hub.database.write() as conn:
        account = find_account(conn, name) or create_user(conn, name)
        return Visiting(server, start_session(conn, account))
