"""Attachments: kept when uploaded, held by the comments that name them, gone when none does.

Knows rows; the bytes are in the blob store before a row names them. An upload that no comment names
is forgotten after a day. Naming an attachment counts only for a writer who may read it, so knowing
an address is not enough to make it public.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import TooLarge
from paddock.hub import access
from paddock.hub.attachments.kinds import AttachmentKind
from paddock.hub.attachments.tables import attachment_uses, attachments
from paddock.hub.context import Hub
from paddock.hub.discussions.tables import discussion_events, discussions
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.large import condemned
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller
from paddock.storage.blobs import Blob
from paddock.storage.sql import insert_ignore

MAX_BYTES_OF_A_USER = 2 * 1000**3
MAX_USES_IN_A_COMMENT = 100
UNUSED_SECONDS = 24 * 3600
SWEEP = "attachments.sweep"

_NAME_BYTES = 16  # random ones of a name: nobody guesses it
_ADDRESS = re.compile(r"/uploads/[0-9a-f]{24}/([A-Za-z0-9_-]{22}\.[a-z0-9]{3,4})\b")


class TooManyUploads(TooLarge):
    """A user's attachments are as many as one user's may be."""

    code = "too_many_uploads"


class Attachment(NamedTuple):
    """A file that was uploaded to be shown in comments."""

    id: int
    name: str
    uploader_id: int
    blob: Blob


def check_room(conn: sa.Connection, uploader: Account, more_bytes: int) -> None:
    """Raise TooManyUploads when so many bytes more are too many."""
    total = sa.select(sa.func.coalesce(sa.func.sum(attachments.c.size_bytes), 0))
    used = int(conn.execute(total.where(attachments.c.uploader_id == uploader.id)).scalar_one())
    if used + more_bytes > MAX_BYTES_OF_A_USER:
        raise TooManyUploads(
            f"your attachments have {used} bytes; {MAX_BYTES_OF_A_USER} is the limit",
            hint="hide comments that show some you do not need",
        )


def add(conn: sa.Connection, uploader: Account, kind: AttachmentKind, blob: Blob) -> str:
    """The path of a new attachment, whose bytes are safe; raises TooManyUploads, BlobWentAway."""
    check_room(conn, uploader, blob.size_bytes)
    name = f"{secrets.token_urlsafe(_NAME_BYTES)}.{kind.extension}"
    row = {
        "name": name,
        "uploader_id": uploader.id,
        "sha256": blob.sha256,
        "size_bytes": blob.size_bytes,
        "created_at": clock.now(),
    }
    condemned.release(conn, [blob.sha256])
    conn.execute(attachments.insert().values(row))
    return f"/uploads/{uploader.public_id}/{name}"


def find_readable(conn: sa.Connection, caller: Caller, name: str) -> Attachment | None:
    """The attachment, if the caller uploaded it or may see a discussion that shows it."""
    c = attachments.c
    row = conn.execute(sa.select(attachments).where(c.name == name)).one_or_none()
    if row is None:
        return None
    found = Attachment(row.id, row.name, row.uploader_id, Blob(row.sha256, row.size_bytes))
    if caller.account is not None and caller.account.id == found.uploader_id:
        return found
    shown_where = (
        sa.select(attachment_uses.c.event_id)
        .join(discussion_events, discussion_events.c.id == attachment_uses.c.event_id)
        .join(discussions, discussions.c.id == discussion_events.c.discussion_id)
        .join(repositories, repositories.c.id == discussions.c.repo_id)
        .where(attachment_uses.c.attachment_id == found.id, access.visible_to(caller))
    )
    return found if conn.execute(shown_where.limit(1)).first() else None


def record_uses(conn: sa.Connection, event_id: int, author: Account | None, text: str) -> None:
    """The comment shows the attachments that its text names, as far as its writer may read them."""
    names = list(dict.fromkeys(_ADDRESS.findall(text)))[:MAX_USES_IN_A_COMMENT]
    caller = Caller(author, None)
    found = [one for name in names if (one := find_readable(conn, caller, name)) is not None]
    rows = [{"attachment_id": one.id, "event_id": event_id} for one in found]
    insert_ignore(conn, attachment_uses, rows)


def forget_uses(conn: sa.Connection, event_id: int) -> None:
    """The comment shows nothing any more."""
    conn.execute(attachment_uses.delete().where(attachment_uses.c.event_id == event_id))


def sweep(conn: sa.Connection) -> int:
    """Forget what has waited too long for a comment that shows it; gives how many they were."""
    c = attachments.c
    used = sa.select(attachment_uses.c.attachment_id)
    before = clock.now() - timedelta(seconds=UNUSED_SECONDS)
    unused = attachments.delete().where(c.created_at < before, c.id.not_in(used))
    return conn.execute(unused).rowcount


@handler(SWEEP)
def _sweep(hub: Hub, _payload: dict[str, Any]) -> None:
    with hub.database.write() as conn:
        sweep(conn)


every(6 * 3600)(SWEEP)
