"""The page on which a person allows an application something (RFC 6749, 4.1).

Shows what is asked for and by whom, and writes down what was answered. Nobody is sent to an address
that the application did not register; what is wrong before that is known is said on a page of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paddock.hub.context import Hub, HubDep
from paddock.hub.oauth import apps, codes, grants
from paddock.hub.oauth.apps import App
from paddock.hub.oauth.codes import NewCode
from paddock.hub.oauth.failures import AccessDenied, OAuthRefusal
from paddock.hub.oauth.scopes import MEANINGS, parse_scope
from paddock.hub.people import accounts
from paddock.hub.types import Account
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.page_routes import page_router

router = page_router()

_MAX_CHARS = 4000


class _Asked(BaseModel):
    """The parameters of an authorization request (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2)."""

    model_config = ConfigDict(extra="ignore")
    client_id: str = Field(default="", max_length=_MAX_CHARS)
    redirect_uri: str | None = Field(default=None, max_length=_MAX_CHARS)
    response_type: str = Field(default="", max_length=_MAX_CHARS)
    scope: str = Field(default="", max_length=_MAX_CHARS)
    state: str | None = Field(default=None, max_length=_MAX_CHARS)
    nonce: str | None = Field(default=None, max_length=codes.MAX_NONCE_CHARS)
    code_challenge: str | None = Field(default=None, max_length=_MAX_CHARS)
    code_challenge_method: str | None = Field(default=None, max_length=_MAX_CHARS)
    prompt: str = Field(default="", max_length=_MAX_CHARS)


async def _read_form(request: Request) -> list[tuple[str, str]]:
    form = await request.form()
    return [(key, value) for key, value in form.multi_items() if isinstance(value, str)]


FormFields = Annotated[list[tuple[str, str]], Depends(_read_form)]


class UnsupportedResponseType(OAuthRefusal):
    """Only codes are given; tokens never travel in an address."""

    code = "oauth_unsupported_response_type"
    oauth_code = "unsupported_response_type"


@dataclass(frozen=True, slots=True)
class _Request:
    """The same, checked."""

    app: App
    redirect_uri: str
    scope: tuple[str, ...]
    challenge: str | None


@router.get("/oauth/authorize")
def authorize(request: Request, hub: HubDep, visitor: VisitorDep) -> Response:
    """What the application asks for, for those who are signed in."""
    asked = _read(list(request.query_params.multi_items()))
    with hub.database.read() as conn:
        app, uri = _whom(conn, asked)
        try:
            wanted = _check(app, uri, asked)
        except OAuthRefusal as e:
            return _back(request, hub, uri, asked, error=e)
        if visitor.session is None and asked.prompt != "none":
            return to_sign_in(request)
        if visitor.session is None or asked.prompt == "none":
            error = "login_required" if visitor.session is None else "consent_required"
            fields = {"error": error, "error_description": "the person must be asked"}
            return _redirect(request, hub, uri, asked, fields)
        orgs = accounts.orgs_of(conn, visitor.session.user)
    target = urlsplit(uri)
    return visitor.show(
        "account/consent.html",
        forms_to=f"'self' {target.scheme}://{target.netloc}",
        app=wanted.app,
        meanings=meanings(wanted.app, wanted.scope),
        orgs=[membership.org.name for membership in orgs] if reaches(wanted.scope) else [],
        target=target.netloc,
        fields={k: v for k, v in asked.model_dump().items() if v},
    )


@router.post("/oauth/authorize")
def decide(request: Request, hub: HubDep, visitor: VisitorDep, form: FormFields) -> Response:
    """The person's answer, on its way back to the application."""
    asked = _read(form)
    fields = dict(form)
    visitor.check_form(fields.get("form_key", ""))
    if visitor.session is None:
        raise OAuthRefusal("you were signed out meanwhile: start again at the application")
    with hub.database.write() as conn:
        app, uri = _whom(conn, asked)
        try:
            wanted = _check(app, uri, asked)
            if fields.get("decision") != "allow":
                raise AccessDenied("the person did not allow it")
        except OAuthRefusal as e:
            return _back(request, hub, uri, asked, error=e)
        orgs = chosen_orgs(conn, visitor.session.user, form) if reaches(wanted.scope) else []
        grant = grants.create_grant(conn, app, visitor.session.user, wanted.scope, orgs)
        new = NewCode(uri, wanted.challenge, asked.nonce, visitor.session.created_at)
        code = codes.create_code(conn, grant, new)
    return _redirect(request, hub, uri, asked, {"code": code})


def _read(pairs: list[tuple[str, str]]) -> _Asked:
    named = [k for k, _ in pairs if k in _Asked.model_fields]
    if len(named) != len(set(named)):
        raise OAuthRefusal("a parameter was given twice")
    try:
        return _Asked.model_validate(dict(pairs))
    except ValidationError as e:
        place = e.errors()[0]["loc"][0]
        raise OAuthRefusal(f"{place} cannot be read") from e


def _whom(conn: sa.Connection, asked: _Asked) -> tuple[App, str]:
    """The application and where it is answered; until both are known nobody is sent anywhere."""
    app = apps.get_app(conn, asked.client_id)
    return app, apps.require_redirect(app, asked.redirect_uri)


def _check(app: App, uri: str, asked: _Asked) -> _Request:
    if asked.response_type != "code":
        raise UnsupportedResponseType("response_type must be code")
    scope = parse_scope(asked.scope, app.scope)
    challenge = codes.check_challenge(app, asked.code_challenge, asked.code_challenge_method)
    return _Request(app, uri, scope, challenge)


def _back(request: Request, hub: Hub, uri: str, asked: _Asked, *, error: OAuthRefusal) -> Response:
    fields = {"error": error.oauth_code, "error_description": error.message}
    return _redirect(request, hub, uri, asked, fields)


def _redirect(
    request: Request, hub: Hub, uri: str, asked: _Asked, fields: dict[str, str]
) -> Response:
    state = {} if asked.state is None else {"state": asked.state}
    query = urlencode({**fields, **state, "iss": hub.base_url(request)})
    joint = "&" if "?" in uri else "?"
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(f"{uri}{joint}{query}", 303, headers)


def reaches(scope: tuple[str, ...]) -> bool:
    """Whether a scope is about repositories, which organisations have too."""
    return any(name.endswith(("-repos", "-collections")) for name in scope)


def chosen_orgs(conn: sa.Connection, user: Account, form: list[tuple[str, str]]) -> list[int]:
    chosen = {value for key, value in form if key == "org"}
    return [m.org.id for m in accounts.orgs_of(conn, user) if m.org.name in chosen]


def meanings(app: App, scope: tuple[str, ...]) -> list[str]:
    if app.is_trusted:
        return ["do everything that you may do on this hub, but administer it"]
    return [MEANINGS[name] for name in scope]
