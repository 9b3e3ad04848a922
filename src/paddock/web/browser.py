"""The visitor of a page: who sits before the browser, and the proof that a form is ours.

Every form carries a key that is derived from the cookie's secret, which no other site can read, and
a request that a browser says another site made is refused before that. A browser that is not signed
in gets a cookie with the first form that it is shown, so that nobody signs it in as somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import Unauthorized
from paddock.hub.context import CALLER_KEY, SESSION_KEY, CallerDep, HubDep
from paddock.hub.notifications.unread import unread_count
from paddock.hub.people.tokens import new_secret
from paddock.hub.sessions import sessions
from paddock.hub.sessions.cookies import (
    MAX_SECRET_CHARS,
    SESSION_COOKIE,
    ForeignForm,
    cookie_name,
    refuse_other_sites,
    session_secret,
)
from paddock.hub.sessions.listing import note_use
from paddock.hub.sessions.sessions import Session
from paddock.hub.types import Account, Caller
from paddock.web.rendering import page

_FORM = "paddock_form"
_MAX_NEXT_CHARS = 4000


class _FormKey:
    """The key of a page's forms, made when a template asks for it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.is_used = False

    def __str__(self) -> str:
        self.is_used = True
        return sessions.form_key(self._secret)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who visits: a browser with a session, one without, or a program with a token."""

    session: Session | None
    caller: Caller
    secret: str  # of the session's cookie, or of the one that stands for it before signing in
    is_https: bool
    address: str
    path: str  # of the page, with its query: where to go on after signing in
    may_join: bool = False  # strangers may make accounts
    unread: int = 0  # notifications, as the head of the page counts them

    @property
    def user(self) -> Account | None:
        """Who is signed in."""
        return self.caller.account

    @property
    def form_key(self) -> str:
        """What the forms of this browser's pages carry."""
        return sessions.form_key(self.secret)

    def check_form(self, given: str) -> None:
        """Raise ForeignForm unless a form came from a page that this browser was shown."""
        if not sessions.is_form_key(self.secret, given):
            raise ForeignForm

    def require_user(self) -> Account:
        """Who is signed in with this browser; raises Unauthorized, whose page leads to sign in."""
        return self.require_session().user

    def require_session(self) -> Session:
        """The same for the session."""
        if self.session is None:
            raise Unauthorized("sign in first", hint="this is for people with an account here")
        return self.session

    def show(self, template: str, status_code: int = 200, **values: object) -> Response:
        """A page, with the name of whoever is signed in."""
        key = _FormKey(self.secret)
        around = {
            "user": self.user,
            "here": self.path,
            "unread": self.unread,
            "may_join": self.may_join,
        }
        values = {"form_key": key, **around, **values}
        headers = {"Cache-Control": "private, no-cache" if self.user is None else "no-store"}
        answer = page(template, status_code, headers, **values)
        if key.is_used and self.session is None:
            self._set(answer, _FORM, self.secret, seconds=None)
            answer.headers["Cache-Control"] = "no-store"
        return answer

    def sign_in(self, answer: Response, secret: str) -> Response:
        """The same answer, which brings the browser its session."""
        self._set(answer, SESSION_COOKIE, secret, seconds=int(sessions.LIFE.total_seconds()))
        answer.delete_cookie(self._name(_FORM), path="/", secure=self.is_https, httponly=True)
        return answer

    def sign_out(self, answer: Response) -> Response:
        """The same answer, after which the browser has no session."""
        answer.delete_cookie(
            self._name(SESSION_COOKIE), path="/", secure=self.is_https, httponly=True
        )
        return answer

    def _set(self, answer: Response, name: str, secret: str, *, seconds: int | None) -> None:
        answer.set_cookie(
            self._name(name),
            secret,
            max_age=seconds,
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )

    def _name(self, name: str) -> str:
        return cookie_name(name, is_https=self.is_https)


def get_visitor(request: Request, hub: HubDep, caller: CallerDep) -> Visitor:
    """The visitor behind a request for a page; raises ForeignForm for what another site sent."""
    base_url = hub.base_url(request)
    if request.method not in {"GET", "HEAD"}:
        refuse_other_sites(request.headers, base_url, {"same-origin", "none"})
    is_https = base_url.startswith("https://")
    address = request.client.host if request.client else "unknown"
    around = (is_https, address, path_of(request), hub.sign_up.is_open)
    if secret := session_secret(request.headers, base_url):
        with hub.database.read() as conn:
            session = request.scope.get(SESSION_KEY) or sessions.find_session(conn, secret)
            unread = unread_count(conn, session.user) if session else 0
        if session is not None:
            note_use(hub.database, secret, session.seen_on)
            request.scope[CALLER_KEY] = session.caller
            return Visitor(session, session.caller, secret, *around, unread)
    form = request.cookies.get(cookie_name(_FORM, is_https=is_https), "")
    is_ours = 0 < len(form) <= MAX_SECRET_CHARS
    return Visitor(None, caller, form if is_ours else new_secret("form_"), *around)


VisitorDep = Annotated[Visitor, Depends(get_visitor)]


def to_sign_in(request: Request) -> Response:
    """To the page for signing in, and back here afterwards."""
    return RedirectResponse(sign_in_address(path_of(request)), 303)


def sign_in_address(path: str) -> str:
    """The page for signing in, which leads on to a path of ours."""
    return f"/login?next={quote(path, safe='')}"


def own_path(text: str) -> str:
    """Where to go next, if it is an address of this very hub; else its first page."""
    parts = urlsplit(text) if len(text) <= _MAX_NEXT_CHARS and text.isprintable() else None
    is_own = (
        parts is not None
        and text.startswith("/")
        and not text.startswith("//")
        and "\\" not in text
        and not parts.scheme
        and not parts.netloc
    )
    return text if is_own else "/"


def path_of(request: Request) -> str:
    """The address of a request as it was written, from its first slash on."""
    path = str(request.scope["raw_path"].decode("latin-1"))
    return path + (f"?{request.url.query}" if request.url.query else "")
