"""Access tokens as the API tells of them: never their secrets. Knows no route."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.http import token_scopes
from paddock.hub.types import Token


def show_token(conn: sa.Connection, token: Token) -> dict[str, Any]:
    """What is told of a token."""
    return {
        "_id": wire_id(token.id),
        "displayName": token.name,
        "role": token.role,
        "createdAt": clock.to_text(token.created_at),
        "lastUsedAt": clock.to_text(token.last_used_at) if token.last_used_at else None,
        "expiresAt": clock.to_text(token.expires_at) if token.expires_at else None,
        "fineGrained": token_scopes.render(conn, token.scopes) if token.scopes else None,
    }


def wire_id(row_id: int) -> str:
    """Ids are 24 hex digits on the wire."""
    return f"{row_id:024x}"


def row_id(wire_id: str) -> int:
    """The row's id; 0, which no row has, for text that is none."""
    try:
        found = int(wire_id, 16) if len(wire_id) == 24 else 0
    except ValueError:
        found = 0
    return found if found < 2**63 else 0
