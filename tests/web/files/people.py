"""Somebody with a browser that knows no script: pages are read, and forms sent as they stand."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx

from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.sessions import sessions
from tests.live import LiveServer

HTML = {"Accept": "text/html"}


class Person:
    """A session of an account, which is made when new; None is a stranger."""

    def __init__(self, server: LiveServer, name: str | None) -> None:
        self.server = server
        cookies = {}
        self.key = ""
        if name is not None:
            with server.hub.database.write() as conn:
                account = find_account(conn, name) or create_user(conn, name)
                secret = sessions.start_session(conn, account)
            cookies = {"paddock_session": secret}
            self.key = sessions.form_key(secret)
        self.http = httpx.Client(base_url=server.url, cookies=cookies, headers=HTML)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def page(self, path: str) -> str:
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Fill in the form at the path and send it."""
        page = self.page(path)
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        known = {name: html.unescape(value) for name, value in hidden if name != "wanted"}
        return self.http.post(path, data={**known, **fields})


def text_of(page: str) -> str:
    """What is read on a page: the text of its main part, without tags."""
    main = page.partition('<main id="main"')[2].partition("</main>")[0]
    return html.unescape(re.sub(r"<[^>]*>", "", main))
