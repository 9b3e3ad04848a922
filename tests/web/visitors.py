"""A person at a browser without scripts, who sends the forms of our pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import httpx

from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.sessions.sessions import start_session
from tests.live import LiveServer


class Visitor:
    """Somebody who is signed in."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.name = name
        with server.hub.database.write() as conn:
            secret = start_session(conn, find_account(conn, name) or create_user(conn, name))
        limits = httpx.Limits(max_keepalive_connections=0)
        cookies = {"paddock_session": secret}
        self.browser = httpx.Client(base_url=server.url, cookies=cookies, limits=limits, timeout=60)
        self.key = self._key()

    def get(self, path: str) -> httpx.Response:
        return self.browser.get(path)

    def read(self, path: str) -> str:
        """The text of a page that is there."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.text

    def send(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """Send a form of ours."""
        return self.browser.post(path, data={"form_key": self.key, **fields})

    def done(self, path: str, **fields: str | list[str]) -> str:
        """Send a form that is taken; gives where it leads."""
        answer = self.send(path, **fields)
        assert answer.status_code == 303, (path, answer.status_code, told(answer.text))
        return answer.headers["location"]

    def _key(self) -> str:
        found = re.search(r'name="form_key" value="([^"]+)"', self.read("/likes"))
        assert found
        return found[1]


@contextmanager
def visitors(server: LiveServer, *names: str) -> Iterator[list[Visitor]]:
    """People who are signed in until the block ends."""
    made = [Visitor(server, name) for name in names]
    try:
        yield made
    finally:
        for one in made:
            one.browser.close()


def told(page: str) -> str:
    """What a page says to its reader, without its head."""
    words = re.sub(r"<[^>]+>", " ", page.partition("<main")[2])
    return " ".join(unescape(words).split())
