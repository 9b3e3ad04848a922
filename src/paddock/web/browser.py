"""The browser behind a request: its session, and the proof that a form came from our own page.

Knows the cookie. Every form carries a key that is derived from the cookie's secret, which no other
site can read, and a request that a browser says another site made is refused before that. A
browser that is not signed in has a cookie too, so that nobody signs it in as somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import Forbidden
from paddock.hub.context import HubDep
from paddock.hub.people.tokens import new_secret
from paddock.hub.sessions import sessions
from paddock.hub.sessions.sessions import Session
from paddock.web.rendering import page

SESSION_COOKIE, _FORM = "paddock_session", "paddock_form"
_MAX_SECRET_CHARS = 200
_MAX_NEXT_CHARS = 4000


class ForeignForm(Forbidden):
    """A form was sent that no page of ours showed to this browser."""

    code = "foreign_form"

    def __init__(self) -> None:
        super().__init__(
            "this form did not come from this hub's own page", hint="open the page and try again"
        )


@dataclass(frozen=True, slots=True)
class Browser:
    """Who sits before it, and the secret of its cookie."""

    session: Session | None
    secret: str
    is_https: bool
    address: str

    @property
    def form_key(self) -> str:
        """What the forms of this browser's pages carry."""
        return sessions.form_key(self.secret)

    def check_form(self, given: str) -> None:
        """Raise ForeignForm unless a form came from a page that this browser was shown."""
        if not sessions.is_form_key(self.secret, given):
            raise ForeignForm

    def show(self, template: str, status_code: int = 200, **values: object) -> Response:
        """A page with a form of ours."""
        headers = {"Cache-Control": "no-store"}
        values = {"forms_to": "'self'", **values}
        answer = page(
            template,
            status_code,
            headers,
            form_key=self.form_key,
            user=self.session.user if self.session else None,
            **values,
        )
        if self.session is None:
            self._set(answer, _FORM, self.secret, seconds=None)
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


def cookie_name(name: str, *, is_https: bool) -> str:
    """Behind this prefix a browser takes the cookie from this very host alone."""
    return f"__Host-{name}" if is_https else name


def get_browser(request: Request, hub: HubDep) -> Browser:
    """The browser of a request for a page; raises ForeignForm for what another site sent."""
    base_url = hub.base_url(request)
    if request.method not in {"GET", "HEAD"}:
        _refuse_other_sites(request, base_url)
    is_https = base_url.startswith("https://")
    address = request.client.host if request.client else "unknown"
    secret = request.cookies.get(cookie_name(SESSION_COOKIE, is_https=is_https), "")
    if 0 < len(secret) <= _MAX_SECRET_CHARS:
        with hub.database.read() as conn:
            session = sessions.find_session(conn, secret)
        if session is not None:
            return Browser(session, secret, is_https, address)
    form = request.cookies.get(cookie_name(_FORM, is_https=is_https), "")
    is_ours = 0 < len(form) <= _MAX_SECRET_CHARS
    return Browser(None, form if is_ours else new_secret("form_"), is_https, address)


BrowserDep = Annotated[Browser, Depends(get_browser)]


def to_sign_in(request: Request) -> Response:
    """To the page for signing in, and back here afterwards."""
    path = request.scope["raw_path"].decode("latin-1")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/login?next={quote(path + query, safe='')}", 303)


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


def _refuse_other_sites(request: Request, base_url: str) -> None:
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForeignForm
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != urlsplit(base_url).netloc.lower():
        raise ForeignForm
