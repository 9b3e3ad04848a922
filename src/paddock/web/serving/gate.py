"""Who gets in: whoever has a token of this hub, and a browser that shows one of its pages.

A stranger does not, whatever they may read: answers cost more than files. A browser's session
counts only with the key that our own page carries, and never where another site asks.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from paddock.errors import Unauthorized
from paddock.hub.context import Hub
from paddock.hub.people import tokens
from paddock.hub.sessions import sessions
from paddock.hub.types import Account
from paddock.hub.types import Caller as HubCaller
from paddock.serve.callers import Arrival, Caller
from paddock.serve.gates.bearer import bearer_of
from paddock.web.browser import SESSION_COOKIE, ForeignForm, cookie_name

FORM_HEADER: Final = "x-paddock-form"  # where a page's script puts the key of its forms
_MAX_COOKIE_CHARS: Final = 8192


class OwnGate:
    """A ``Gate`` of the hub's own process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def caller(self, arrival: Arrival) -> Caller:
        if "authorization" in arrival.headers or FORM_HEADER not in arrival.headers:
            secret = bearer_of(arrival.headers)
            known = await run_in_threadpool(tokens.authenticate, self._hub.database, secret)
        else:
            known = await run_in_threadpool(self._behind_page, arrival)
        if known.account is None:
            raise Unauthorized("this needs an access token of the hub")
        return Caller(f"user:{known.account.name}", credential=known)

    async def may_use(self, caller: Caller, repository: str) -> bool:
        return True  # the catalogue asks the rows themselves

    async def close(self) -> None:
        """The database is the hub's."""

    def _behind_page(self, arrival: Arrival) -> HubCaller:
        base_url = self._hub.public_url or arrival.base_url
        _refuse_other_sites(arrival, base_url)
        name = cookie_name(SESSION_COOKIE, is_https=base_url.startswith("https://"))
        secret = _cookie(arrival.headers.get("cookie", ""), name)
        with self._hub.database.read() as conn:
            session = sessions.find_session(conn, secret) if secret else None
        if session is None:
            raise Unauthorized("the session has ended", hint="sign in again")
        if not sessions.is_form_key(secret, _ascii(arrival.headers[FORM_HEADER])):
            raise ForeignForm
        return _of_session(session.user)


def _of_session(account: Account) -> HubCaller:
    return HubCaller(account, None)


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header[:_MAX_COOKIE_CHARS]).get(name)
    except CookieError:
        return ""
    return found.value[:200] if found is not None else ""


def _refuse_other_sites(arrival: Arrival, base_url: str) -> None:
    if arrival.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ForeignForm
    origin = arrival.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != urlsplit(base_url).netloc.lower():
        raise ForeignForm


def _ascii(text: str) -> str:
    return text if text.isascii() and len(text) <= _MAX_COOKIE_CHARS else ""
