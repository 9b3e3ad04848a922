"""Applications over HTTP: registered (RFC 7591), listed and deleted by the people who make them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock.hub.access import require_user, require_writing_token
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.oauth import apps
from paddock.hub.oauth.apps import AUTHENTICATION, GRANTS, App, NewApp
from paddock.hub.oauth.failures import OAuthRefusal
from paddock.hub.oauth.scopes import MEANINGS, parse_scope

router = APIRouter()


class AppBody(BaseModel):
    """RFC 7591; what we do not use is ignored."""

    client_name: str = Field(max_length=apps.MAX_NAME_CHARS)
    redirect_uris: list[str] = Field(max_length=apps.MAX_REDIRECTS)
    client_uri: str | None = None
    scope: str | None = Field(default=None, max_length=1000)
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105  (a way, no secret)


@router.post("/oauth/register", status_code=201)
def register(hub: HubDep, caller: CallerDep, body: AppBody) -> dict[str, Any]:
    """A new application of the caller's. Strangers register none: names on consent pages count."""
    owner = require_writing_token(caller)
    if body.token_endpoint_auth_method not in AUTHENTICATION:
        raise OAuthRefusal(f"token_endpoint_auth_method must be one of {list(AUTHENTICATION)}")
    wanted = NewApp(
        body.client_name,
        body.redirect_uris,
        parse_scope(body.scope, list(MEANINGS)),
        body.client_uri,
        is_public=body.token_endpoint_auth_method == "none",  # noqa: S105
    )
    with hub.database.write() as conn:
        app, secret = apps.register_app(conn, owner, wanted)
    shown = _shown(app)
    return shown if secret is None else {**shown, "client_secret": secret}


@router.get("/api/settings/applications")
def list_apps(hub: HubDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The caller's own applications."""
    owner = require_user(caller)
    with hub.database.read() as conn:
        return [_shown(app) for app in apps.apps_of(conn, owner)]


@router.delete("/api/settings/applications/{client_id:segment}")
def delete_app(hub: HubDep, caller: CallerDep, client_id: str) -> dict[str, Any]:
    """Forget an application; every token that it was given ends."""
    owner = require_writing_token(caller)
    with hub.database.write() as conn:
        apps.delete_app(conn, owner, client_id)
    return {}


def _shown(app: App) -> dict[str, Any]:
    return {
        "client_id": app.client_id,
        "client_name": app.name,
        "client_uri": app.home_url,
        "redirect_uris": list(app.redirect_uris),
        "scope": " ".join(app.scope),
        "token_endpoint_auth_method": "none" if app.is_public else "client_secret_basic",
        "grant_types": list(GRANTS),
        "client_id_issued_at": app.created_at_seconds,
        "client_secret_expires_at": 0,
    }
