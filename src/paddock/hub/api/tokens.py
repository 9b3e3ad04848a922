"""A user's own access tokens over HTTP: listed, made, revoked; and applications that were let in.

Needs a token with which the user may write: it can do what a new one could, so nothing is gained
by making one. A token of role ``admin`` is made by an administrator's own alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from paddock import clock
from paddock.errors import BadInput, Forbidden
from paddock.hub.access import is_site_admin, require_user, require_writing_token
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import token_scopes
from paddock.hub.http.shown_tokens import row_id, show_token, wire_id
from paddock.hub.http.token_scopes import ScopesBody
from paddock.hub.oauth import grants
from paddock.hub.people import tokens
from paddock.hub.people.tokens import Bounds, TokenNotFound
from paddock.hub.types import FINE_GRAINED, Account, Caller

router = APIRouter()


class TokenBody(BaseModel):
    display_name: str = Field(alias="displayName", max_length=tokens.MAX_NAME_CHARS)
    role: str = Field(max_length=12)
    fine_grained: ScopesBody | None = Field(default=None, alias="fineGrained")
    expires_at: AwareDatetime | None = Field(default=None, alias="expiresAt")


@router.get("/api/settings/tokens")
def list_tokens(hub: HubDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The caller's tokens, without their secrets."""
    user = _owner(caller)
    with hub.database.read() as conn:
        return [show_token(conn, token) for token in tokens.tokens_of(conn, user)]


@router.post("/api/settings/tokens")
def create(hub: HubDep, caller: CallerDep, body: TokenBody) -> dict[str, Any]:
    """A new token; its secret is told here and nowhere again."""
    user = _owner(caller)
    if body.role == "admin" and not is_site_admin(caller):
        raise Forbidden("a token of role 'admin' is made with one of that role")
    if (body.role == FINE_GRAINED) != (body.fine_grained is not None):
        raise BadInput(f"fineGrained goes with the role {FINE_GRAINED}, and with no other")
    with hub.database.write() as conn:
        given = body.fine_grained
        scopes = None if given is None else token_scopes.read(conn, caller, given)
        bounds = Bounds(scopes, _future(body.expires_at))
        secret = tokens.create_token(conn, user, body.display_name, body.role, bounds)
        made = tokens.tokens_of(conn, user)[0]
        return {**show_token(conn, made), "token": secret}


@router.delete("/api/settings/tokens/{token_id:segment}")
def revoke(hub: HubDep, caller: CallerDep, token_id: str) -> dict[str, Any]:
    """End a token at once."""
    user = _owner(caller)
    with hub.database.write() as conn:
        tokens.revoke_token(conn, user, row_id(token_id))
    return {}


@router.get("/api/settings/connected-applications")
def connected(hub: HubDep, caller: CallerDep) -> list[dict[str, Any]]:
    """What the caller allowed applications."""
    user = _owner(caller)
    with hub.database.read() as conn:
        found = grants.grants_of(conn, user)
    return [
        {"id": wire_id(g.id), "application": g.app.name, "scope": " ".join(g.scope)} for g in found
    ]


@router.delete("/api/settings/connected-applications/{grant_id:segment}")
def disconnect(hub: HubDep, caller: CallerDep, grant_id: str) -> dict[str, Any]:
    """Take back what an application was allowed; its tokens end at once."""
    user = _owner(caller)
    with hub.database.write() as conn:
        if not any(granted.id == row_id(grant_id) for granted in grants.grants_of(conn, user)):
            raise TokenNotFound(f"{user.name} allowed no application that")
        grants.revoke_grant(conn, row_id(grant_id))
    return {}


def _owner(caller: Caller) -> Account:
    """The user, whose token is one of their own making: applications manage no tokens."""
    require_user(caller)
    user = require_writing_token(caller)
    if caller.token is not None and caller.token.grant_id is not None:
        raise Forbidden("applications cannot manage tokens", hint="use a token of your own")
    return user


def _future(moment: datetime | None) -> datetime | None:
    if moment is not None and moment <= clock.now():
        raise BadInput("expiresAt must lie in the future")
    return moment
