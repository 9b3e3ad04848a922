"""ID tokens: signed statements of who somebody is, for the application that they signed in to.

Knows the RSA key, which is made on first use and kept with the rows, so that every server of one
database signs with it, and its public half as the JSON Web Key Set that applications fetch.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from paddock import clock
from paddock.hub.oauth.codes import Redeemed
from paddock.hub.tables import server_secrets
from paddock.storage.database import Database
from paddock.storage.sql import insert_ignore

ALGORITHM = "RS256"
LIFE = timedelta(hours=1)
_KEY_NAME = "id-tokens"
_KEY_BITS = 2048


def signing_key(database: Database) -> rsa.RSAPrivateKey:
    """The key of this database's servers, made if this is the first use of it."""
    with database.read() as conn:
        kept = _find(conn)
    if kept is None:
        made = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        row = {"name": _KEY_NAME, "value": _to_bytes(made)}
        with database.write() as conn:
            insert_ignore(conn, server_secrets, [row])
            kept = _find(conn)
    assert kept is not None  # noqa: S101  (inserted above, by us or by another server)
    key = serialization.load_der_private_key(kept, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101
    return key


def sign(key: rsa.RSAPrivateKey, issuer: str, redeemed: Redeemed, claims: dict[str, Any]) -> str:
    """An ID token for the application of a code, which says ``claims`` of its user."""
    moment = clock.now()
    body = {
        **claims,
        "iss": issuer,
        "aud": redeemed.app.client_id,
        "iat": int(moment.timestamp()),
        "exp": int((moment + LIFE).timestamp()),
        "auth_time": int(redeemed.auth_time.timestamp()),
    }
    if redeemed.nonce is not None:
        body["nonce"] = redeemed.nonce
    return jwt.encode(body, key, algorithm=ALGORITHM, headers={"kid": _id(key)})


def key_set(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """The public half, as applications fetch it."""
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {"keys": [{**public, "kid": _id(key), "use": "sig", "alg": ALGORITHM}]}


def _id(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public).hexdigest()[:16]


def _find(conn: sa.Connection) -> bytes | None:
    c = server_secrets.c
    found = conn.execute(sa.select(c.value).where(c.name == _KEY_NAME)).scalar()
    return None if found is None else bytes(found)


def _to_bytes(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
