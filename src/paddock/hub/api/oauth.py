"""OAuth's endpoints for programs: tokens, devices, who somebody is, and what the hub can do.

Reads forms and JSON, answers as RFC 6749, 8628, 7009 and OpenID Connect say. Pages for people
are ``web``'s; rules are in ``hub.oauth``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import unquote_plus

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from paddock.hub.access import require_user
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.http import identity
from paddock.hub.http.receiving import receive_all
from paddock.hub.oauth import apps, codes, devices, exchange, grants, id_tokens
from paddock.hub.oauth.apps import AUTHENTICATION, DEVICE_GRANT, GRANTS, App
from paddock.hub.oauth.failures import (
    InvalidGrant,
    OAuthRefusal,
    UnsupportedGrantType,
)
from paddock.hub.oauth.grants import Grant, Issued
from paddock.hub.oauth.scopes import MEANINGS, parse_scope

router = APIRouter()

EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_MAX_BODY_BYTES = 64 * 1024
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def _read_fields(request: Request) -> dict[str, str]:
    """The fields of a form or of a JSON object, each given once, with the application's proof."""
    body = await receive_all(request, _MAX_BODY_BYTES)
    if "json" in request.headers.get("content-type", ""):
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as e:
            raise OAuthRefusal("the body is not JSON") from e
        pairs = list(found.items()) if isinstance(found, dict) else []
    else:
        pairs = list((await request.form()).multi_items())
    fields = {k: v for k, v in pairs if isinstance(v, str)}
    if len(fields) != len(pairs):
        raise OAuthRefusal("every field must be text, and given once")
    return {**fields, **_basic(request.headers.get("authorization", ""))}


def _basic(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as e:
        raise OAuthRefusal("the Authorization header cannot be read") from e
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


Fields = Annotated[dict[str, str], Depends(_read_fields)]


@router.post("/oauth/device")
def start_device(request: Request, hub: HubDep, fields: Fields) -> JSONResponse:
    """Two codes for a device that cannot show a page."""
    with hub.database.write() as conn:
        app = apps.get_app(conn, fields.get("client_id"))
        asked = fields.get("scope") or (" ".join(app.scope) if app.is_trusted else None)
        started = devices.start(conn, app, parse_scope(asked, app.scope))
    page = f"{hub.base_url(request)}/oauth/device"
    return _answer(
        {
            "device_code": started.device_code,
            "user_code": started.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={started.user_code}",
            "expires_in": int(devices.CODE_LIFE.total_seconds()),
            "interval": devices.INTERVAL_SECONDS,
        }
    )


@router.post("/oauth/token")
def token(request: Request, hub: HubDep, fields: Fields) -> JSONResponse:
    """A token for a code, a device, a refresh token or the proof of a CI job."""
    ways: dict[str, Callable[[Request, Hub, dict[str, str]], dict[str, Any]]] = {
        "authorization_code": _by_code,
        "refresh_token": _by_refresh_token,
        DEVICE_GRANT: _by_device,
        EXCHANGE_GRANT: _by_exchange,
    }
    way = ways.get(fields.get("grant_type", ""))
    if way is None:
        raise UnsupportedGrantType(f"grant_type must be one of {', '.join(ways)}")
    return _answer(way(request, hub, fields))


@router.post("/oauth/revoke")
def revoke(hub: HubDep, fields: Fields) -> JSONResponse:
    """End what an application was granted. An unknown token is as good as ended (RFC 7009)."""
    with hub.database.write() as conn:
        app = _app(conn, fields)
        grants.revoke_secret(conn, app, _need(fields, "token"))
    return _answer({})


@router.get("/oauth/userinfo")
@router.post("/oauth/userinfo")
def userinfo(request: Request, hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Who the token's user is, as far as they allowed it to be told."""
    user = require_user(caller)
    with hub.database.read() as conn:
        scope = grants.scope_of_token(conn, caller)
        return identity.claims(conn, hub.base_url(request), user, scope)


@router.get("/.well-known/openid-configuration")
@router.get("/.well-known/oauth-authorization-server")
def metadata(request: Request, hub: HubDep) -> dict[str, Any]:
    """Where everything is (OpenID Connect Discovery, RFC 8414)."""
    base = hub.base_url(request)
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "userinfo_endpoint": f"{base}/oauth/userinfo",
        "jwks_uri": f"{base}/oauth/jwks",
        "device_authorization_endpoint": f"{base}/oauth/device",
        "registration_endpoint": f"{base}/oauth/register",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "scopes_supported": list(MEANINGS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [*GRANTS, EXCHANGE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [id_tokens.ALGORITHM],
        "token_endpoint_auth_methods_supported": AUTHENTICATION,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": ["sub", "name", "preferred_username", "email", "picture", "profile"],
    }


@router.get("/oauth/jwks")
def keys(hub: HubDep) -> dict[str, Any]:
    """The key with which ID tokens can be verified."""
    return id_tokens.key_set(id_tokens.signing_key(hub.database))


def _by_code(request: Request, hub: Hub, fields: dict[str, str]) -> dict[str, Any]:
    code = _need(fields, "code")
    key = id_tokens.signing_key(hub.database)
    with hub.database.write() as conn:
        # The stock JavaScript client does not name itself: PKCE is what it proves.
        client_id = fields.get("client_id") or codes.client_of_code(conn, code)
        app = apps.authenticate_app(conn, client_id, fields.get("client_secret"))
        redeemed = codes.redeem(
            conn, app, code, fields.get("redirect_uri"), fields.get("code_verifier")
        )
        if redeemed is not None:
            answer = _issued(grants.issue(conn, app, redeemed.grant), redeemed.grant)
            if "openid" in redeemed.grant.scope:
                base = hub.base_url(request)
                scope = frozenset(redeemed.grant.scope)
                claims = identity.claims(conn, base, redeemed.grant.user, scope)
                answer["id_token"] = id_tokens.sign(key, base, redeemed, claims)
            return answer
    raise InvalidGrant("the code was used before: what it gave has ended")


def _by_refresh_token(_request: Request, hub: Hub, fields: dict[str, str]) -> dict[str, Any]:
    with hub.database.write() as conn:
        app = _app(conn, fields)
        refreshed = grants.refresh(conn, app, _need(fields, "refresh_token"))
        if refreshed is not None:
            grant, issued = refreshed
            return _issued(issued, grant)
    raise InvalidGrant("the refresh token was used before: sign in again")


def _by_device(_request: Request, hub: Hub, fields: dict[str, str]) -> dict[str, Any]:
    with hub.database.write() as conn:
        app = _app(conn, fields)
        outcome = devices.poll(conn, app, _need(fields, "device_code"))
        if isinstance(outcome, Grant):
            return _issued(grants.issue(conn, app, outcome), outcome)
    raise outcome


def _by_exchange(_request: Request, hub: Hub, fields: dict[str, str]) -> dict[str, Any]:
    if fields.get("subject_token_type") != exchange.ID_TOKEN_TYPE:
        raise OAuthRefusal(f"subject_token_type must be {exchange.ID_TOKEN_TYPE}")
    # Not the address that the request names: whoever got a job's token for another service could
    # name that service's here.
    audience = hub.background_url
    proof = exchange.Proof(_need(fields, "subject_token"), _need(fields, "resource"), audience)
    secret = exchange.exchange(hub, proof)
    return {
        "access_token": secret,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "bearer",
        "expires_in": int(exchange.TOKEN_LIFE.total_seconds()),
    }


def _app(conn: Any, fields: dict[str, str]) -> App:
    return apps.authenticate_app(conn, fields.get("client_id"), fields.get("client_secret"))


def _need(fields: dict[str, str], name: str) -> str:
    value = fields.get(name)
    if not value:
        raise OAuthRefusal(f"{name} is missing")
    return value


def _issued(issued: Issued, grant: Grant) -> dict[str, Any]:
    return {
        "access_token": issued.access_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in_seconds,
        "refresh_token": issued.refresh_token,
        "scope": " ".join(grant.scope),
    }


def _answer(content: dict[str, Any]) -> JSONResponse:
    return JSONResponse(content, headers=_NO_STORE)
