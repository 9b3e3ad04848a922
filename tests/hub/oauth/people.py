"""A person with a browser, who signs in and answers the pages as people do."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx

from paddock.hub.people.accounts import create_user
from tests.live import LiveServer

PASSWORD = "correct horse battery"


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.name = name
        # No connection is kept, so none is left open when the test ends.
        none_kept = httpx.Limits(max_keepalive_connections=0)
        self.browser = httpx.Client(base_url=server.url, limits=none_kept)

    def form_key(self, page: str) -> str:
        found = re.search(r'name="form_key" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def fields(self, page: str) -> dict[str, str]:
        """Everything that the page's form holds."""
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
        return {k: v.replace("&#34;", '"').replace("&amp;", "&") for k, v in found}

    def sign_in(self, password: str = PASSWORD, next: str = "/") -> httpx.Response:
        page = self.browser.get("/login", params={"next": next})
        if page.status_code == 303:
            return page
        return self.browser.post(
            "/login",
            data={"name": self.name, "password": password, **self.fields(page.text)},
        )

    def approve_device(self, user_code: str, decision: str = "allow") -> httpx.Response:
        page = self.browser.get("/oauth/device", params={"user_code": user_code})
        form = {"form_key": self.form_key(page.text), "user_code": user_code}
        confirm = self.browser.post("/oauth/device/confirm", data=form)
        assert confirm.status_code == 200, confirm.text
        form = self.fields(confirm.text) | {"decision": decision}
        return self.browser.post("/oauth/device/decide", data=form)

    def authorize(self, decision: str = "allow", **params: str) -> httpx.Response:
        page = self.browser.get("/oauth/authorize", params=params)
        if page.status_code != 200:
            return page
        form = self.fields(page.text) | {"decision": decision}
        return self.browser.post("/oauth/authorize", data=form)


def a_person(server: LiveServer, name: str) -> Person:
    """A new user with a password, signed in."""
    with server.hub.database.write() as conn:
        create_user(conn, name, password=PASSWORD, email=f"{name}@example.org")
    person = Person(server, name)
    assert person.sign_in().status_code == 303
    return person


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """What an application learns from the address that a browser is sent back to."""
    assert answer.status_code == 303, answer.text
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
