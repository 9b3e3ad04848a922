"""Pictures of accounts: uploaded ones, and those drawn from an account's id.

An uploaded picture is a PNG, JPEG, GIF or WebP by its first bytes, whatever it was called; SVG is
refused, because it can hold a script. A drawn one is the same five-by-five pattern for one account
on every hub that knows its id.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import sqlalchemy as sa

from paddock.digest import sha256_hex
from paddock.errors import BadInput, NotFound
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people.accounts import to_account
from paddock.hub.profiles.tables import avatars
from paddock.hub.tables import accounts
from paddock.hub.types import Account

MAX_PICTURE_BYTES = 1_000_000
SVG = "image/svg+xml"
_SIDE = 5


class Picture(NamedTuple):
    """Bytes to be shown, of which kind, and what tells them from others."""

    media_type: str
    content: bytes
    etag: str


class PictureNotFound(NotFound):
    """No account has this picture."""

    code = "picture_not_found"


def avatar_path(account: Account) -> str:
    """Where an account's picture is."""
    return f"/avatars/{account.public_id}"


def picture_of(conn: sa.Connection, public_id: str) -> Picture:
    """The picture of the account that has this id; raises PictureNotFound."""
    by_id = accounts.c.public_id == public_id
    row = None
    if public_id.isascii() and public_id.isalnum():
        row = conn.execute(sa.select(accounts).where(by_id)).mappings().one_or_none()
    if row is None:
        raise PictureNotFound("there is no such picture")
    account = to_account(row)
    found = conn.execute(sa.select(avatars).where(avatars.c.account_id == account.id)).first()
    if found is None:
        return _drawn(account)
    return Picture(found.media_type, bytes(found.content), found.sha256)


def set_picture(conn: sa.Connection, account: Account, content: bytes) -> None:
    """Keep an uploaded picture in place of any other; raises BadInput."""
    media_type = _media_type(content)
    if media_type is None or len(content) > MAX_PICTURE_BYTES:
        raise BadInput(
            f"this is no picture that can be shown ({len(content)} bytes)",
            hint=f"send a PNG, JPEG, GIF or WebP of at most {MAX_PICTURE_BYTES} bytes",
        )
    remove_picture(conn, account)
    conn.execute(
        avatars.insert().values(
            account_id=account.id,
            media_type=media_type,
            sha256=sha256_hex(content),
            content=content,
        )
    )
    note(conn, Act.ACCOUNT_PROFILE, account=account, what="picture")


def remove_picture(conn: sa.Connection, account: Account) -> None:
    """Go back to the drawn picture; whoever calls has locked the account."""
    row = sa.select(accounts.c.id).where(accounts.c.id == account.id)
    conn.execute(row.with_for_update(key_share=True))
    conn.execute(avatars.delete().where(avatars.c.account_id == account.id))
    note(conn, Act.ACCOUNT_PROFILE, account=account, what="no picture")


def _media_type(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def _drawn(account: Account) -> Picture:
    """Squares mirrored at the middle, in a colour of the account's own."""
    digest = hashlib.sha256(account.public_id.encode()).digest()
    hue = int.from_bytes(digest[:2], "big") % 360
    squares = []
    for row in range(_SIDE):
        for column in range(_SIDE):
            bit = row * _SIDE + min(column, _SIDE - 1 - column)
            if digest[2 + bit // 8] >> bit % 8 & 1:
                squares.append(f"M{column + 1} {row + 1}h1v1h-1z")
    side = _SIDE + 2
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="hsl({hue} 45% 92%)"/>'
        f'<path d="{"".join(squares)}" fill="hsl({hue} 55% 40%)"/></svg>'
    )
    content = svg.encode()
    return Picture(SVG, content, sha256_hex(content))
