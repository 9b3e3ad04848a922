"""The cookie of a session, and the proof that a request which carries it came from our own page.

Knows names and headers, no application: whoever answers requests gives what it was sent. A request
that changes something counts only with the key of our pages' forms, in a header that no other site
can send, and never where a browser says that another site asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from paddock.errors import Forbidden, Unauthorized
from paddock.hub.sessions import sessions
from paddock.hub.sessions.sessions import Session

SESSION_COOKIE: Final = "paddock_session"
FORM_HEADER: Final = "x-paddock-form"  # where a page's script puts the key of its forms
MAX_SECRET_CHARS: Final = 200
_MAX_COOKIE_CHARS: Final = 8192


class ForeignForm(Forbidden):
    """A form was sent that no page of ours showed to this browser."""

    code = "foreign_form"

    def __init__(self) -> None:
        super().__init__(
            "this form did not come from this hub's own page", hint="open the page and try again"
        )


def cookie_name(name: str, *, is_https: bool) -> str:
    """Behind this prefix a browser takes the cookie from this very host alone."""
    return f"__Host-{name}" if is_https else name


def session_secret(headers: Mapping[str, str], base_url: str) -> str:
    """What the session's cookie holds; empty where there is none."""
    sent = headers.get("cookie", "")
    if SESSION_COOKIE not in sent:
        return ""
    try:
        cookies = SimpleCookie(sent[:_MAX_COOKIE_CHARS])
    except CookieError:
        return ""
    found = cookies.get(cookie_name(SESSION_COOKIE, is_https=base_url.startswith("https://")))
    return found.value if found is not None and len(found.value) <= MAX_SECRET_CHARS else ""


def session_for_reading(
    conn: sa.Connection, headers: Mapping[str, str], base_url: str
) -> Session | None:
    """Whose browser asks for something that changes nothing: the cookie is enough."""
    secret = session_secret(headers, base_url)
    return sessions.find_session(conn, secret) if secret else None


def session_of_page(conn: sa.Connection, headers: Mapping[str, str], base_url: str) -> Session:
    """Whose page's script asks; raises ForeignForm, or Unauthorized when the session has ended."""
    refuse_other_sites(headers, base_url, {"same-origin"})
    secret = session_secret(headers, base_url)
    session = sessions.find_session(conn, secret) if secret else None
    if session is None:
        raise Unauthorized("the session has ended", hint="sign in again")
    if not sessions.is_form_key(secret, headers.get(FORM_HEADER, "")):
        raise ForeignForm
    return session


def refuse_other_sites(
    headers: Mapping[str, str], base_url: str, sites: frozenset[str] | set[str]
) -> None:
    """Raise ForeignForm where the browser says that another site's page sends this.

    ``sites`` are the values of Sec-Fetch-Site that may be (W3C Fetch Metadata).
    """
    if headers.get("sec-fetch-site", "same-origin") not in sites:
        raise ForeignForm
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != urlsplit(base_url).netloc.lower():
        raise ForeignForm
