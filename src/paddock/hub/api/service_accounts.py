"""Service accounts of an organisation over HTTP: its admins make them, and their tokens.

With tokens of the admin's own: what is made here outlives a fine-grained one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field, StrictBool

from paddock import clock
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import token_scopes
from paddock.hub.http.shown_tokens import row_id, show_token
from paddock.hub.http.token_scopes import ScopesBody
from paddock.hub.people import accounts, members, service_accounts, tokens
from paddock.hub.people.leaving import delete_account
from paddock.hub.people.service_accounts import ServiceAccount
from paddock.hub.people.tokens import Bounds
from paddock.hub.profiles.overview import render_account
from paddock.hub.types import FINE_GRAINED, Account, Caller

router = APIRouter()

_ALL = "/api/organizations/{name:segment}/service-accounts"
_ONE = _ALL + "/{account:segment}"
_TOKENS = _ONE + "/tokens"


class NewBody(BaseModel):
    name: str = Field(max_length=200)
    fullname: str | None = None
    role: str = Field(default="no_access", max_length=20)


class ChangeBody(BaseModel):
    role: str | None = Field(default=None, max_length=20)
    disabled: StrictBool | None = None


class TokenBody(BaseModel):
    display_name: str = Field(alias="displayName", max_length=tokens.MAX_NAME_CHARS)
    fine_grained: ScopesBody = Field(alias="fineGrained")
    expires_at: AwareDatetime = Field(alias="expiresAt")


@router.get(_ALL)
def list_accounts(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    """By name, for the organisation's admins."""
    with hub.database.read() as conn:
        org = _open(conn, caller, name)
        return [_shown(one) for one in service_accounts.of_org(conn, org)]


@router.post(_ALL)
def create(hub: HubDep, caller: CallerDep, name: str, body: NewBody) -> dict[str, Any]:
    """A new one, which has no token yet."""
    with hub.database.write() as conn:
        org = _open(conn, caller, name)
        by = members.require_admin(conn, caller, org)
        new = (body.name, body.fullname, body.role)
        return _shown(service_accounts.create(conn, org, *new, by))


@router.patch(_ONE)
def change(
    hub: HubDep, caller: CallerDep, name: str, account: str, body: ChangeBody
) -> dict[str, Any]:
    """Another role; or no tokens any more, until it is enabled."""
    with hub.database.write() as conn:
        org = _open(conn, caller, name)
        one = service_accounts.get(conn, org, account)
        if body.role is not None:
            service_accounts.set_role(conn, org, one, body.role)
        if body.disabled is not None:
            act = service_accounts.disable if body.disabled else service_accounts.enable
            act(conn, one)
        return _shown(service_accounts.get(conn, org, account))


@router.delete(_ONE)
def delete(hub: HubDep, caller: CallerDep, name: str, account: str) -> dict[str, Any]:
    """Forget it with its tokens; what it wrote stays."""
    with hub.database.write() as conn:
        org = _open(conn, caller, name)
        delete_account(conn, service_accounts.get(conn, org, account).user, keeper=caller.account)
    return {}


@router.get(_TOKENS)
def list_tokens(hub: HubDep, caller: CallerDep, name: str, account: str) -> list[dict[str, Any]]:
    """Its tokens, without their secrets."""
    with hub.database.read() as conn:
        one = service_accounts.get(conn, _open(conn, caller, name), account)
        return [show_token(conn, token) for token in tokens.tokens_of(conn, one.user)]


@router.post(_TOKENS)
def make_token(
    hub: HubDep, caller: CallerDep, name: str, account: str, body: TokenBody
) -> dict[str, Any]:
    """A new token for it; its secret is told here and nowhere again."""
    with hub.database.write() as conn:
        one = service_accounts.get(conn, _open(conn, caller, name), account)
        # What the account itself sees bounds what its token may be for.
        scopes = token_scopes.read(conn, Caller(one.user, None), body.fine_grained)
        bounds = Bounds(scopes, body.expires_at)
        made = body.display_name, FINE_GRAINED, bounds
        secret = tokens.create_token(conn, one.user, *made)
        return {**show_token(conn, tokens.tokens_of(conn, one.user)[0]), "token": secret}


@router.delete(_TOKENS + "/{token_id:segment}")
def revoke(
    hub: HubDep, caller: CallerDep, name: str, account: str, token_id: str
) -> dict[str, Any]:
    """End one of its tokens at once."""
    with hub.database.write() as conn:
        one = service_accounts.get(conn, _open(conn, caller, name), account)
        tokens.revoke_token(conn, one.user, row_id(token_id))
    return {}


def _open(conn: sa.Connection, caller: Caller, name: str) -> Account:
    """The organisation, of which the caller is an admin; raises what ``require_admin`` raises."""
    org = accounts.get_account(conn, name, kind="org")
    members.require_admin(conn, caller, org)
    return org


def _shown(one: ServiceAccount) -> dict[str, Any]:
    return {
        **render_account(one.user),
        "role": one.role,
        "disabledAt": clock.to_text(one.disabled_at) if one.disabled_at else None,
        "lastUsedAt": clock.to_text(one.last_used_at) if one.last_used_at else None,
        "numTokens": one.tokens,
    }
