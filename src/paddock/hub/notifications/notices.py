"""What users are told beside discussions: a sentence about a subject, and the page it is on.

One notice for each user and subject, which tells what happened last and is unread again then. Who
is told may see the subject at that time; whether they still see its repository is looked at when
they read. Knows no subject: ``hub.reports`` and ``hub.advisories`` say what happened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.hub import access
from paddock.hub.lookup import to_repository
from paddock.hub.notifications.tables import notices
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.tables import repositories
from paddock.hub.types import Caller, Kind, Repository
from paddock.storage.sql import in_chunks

MAX_SENTENCE_CHARS = 400
_ROWS_AT_ONCE = 100  # of seven values


class NewNotice(NamedTuple):
    """``subject`` is what several notices are one about; ``path`` follows the repository's."""

    subject: str  # "report:…", "advisory:…"
    sentence: str
    path: str  # "/reports/…"


class Notice(NamedTuple):
    """What a user was told."""

    subject: str
    sentence: str
    repo_kind: Kind
    repo_name: str
    address: str  # of the page, a path of this hub
    updated_at: datetime
    is_read: bool


def notify(
    conn: sa.Connection, repo: Repository, user_ids: Collection[int], new: NewNotice
) -> None:
    """Tell these users, in the transaction in which it happens."""
    moment = clock.now()
    rows = [
        {
            "user_id": user_id,
            "subject": new.subject,
            "repo_id": repo.id,
            "sentence": _cut(new.sentence),
            "path": new.path,
            "updated_at": moment,
            "is_read": False,
        }
        for user_id in sorted(user_ids)
    ]
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(notices)
    kept = {name: insert.excluded[name] for name in ("sentence", "path", "updated_at", "is_read")}
    upsert = insert.on_conflict_do_update(index_elements=["user_id", "subject"], set_=kept)
    for some in in_chunks(rows, _ROWS_AT_ONCE):
        conn.execute(upsert, list(some))


def list_notices(
    conn: sa.Connection, caller: Caller, part: Part, *, is_unread: bool = False
) -> Page[Notice]:
    """The caller's notices, newest first, about repositories that they may see."""
    n = notices.c
    query = sa.select(notices, repositories).join_from(notices, repositories)
    query = query.where(_mine(caller), access.visible_to(caller))
    if is_unread:
        query = query.where(n.is_read.is_(False))
    order = Order((n.updated_at, n.subject), (datetime, str))
    return read_page(conn, query, order, part, _to_notice)


def count_unread(conn: sa.Connection, caller: Caller) -> int:
    """How many of them the caller has not read."""
    query = sa.select(sa.func.count()).select_from(notices.join(repositories))
    query = query.where(_mine(caller), access.visible_to(caller), notices.c.is_read.is_(False))
    return int(conn.execute(query).scalar_one())


def mark_read(
    conn: sa.Connection, caller: Caller, subjects: Sequence[str] | None, *, is_read: bool = True
) -> None:
    """Mark the notices about these subjects, or with None all of them."""
    where = _mine(caller)
    if subjects is not None:
        where = sa.and_(where, notices.c.subject.in_(subjects))
    conn.execute(notices.update().where(where).values(is_read=is_read))


def _mine(caller: Caller) -> sa.ColumnElement[bool]:
    return notices.c.user_id == access.require_user(caller).id


def _to_notice(row: sa.RowMapping) -> Notice:
    repo = to_repository(row)
    return Notice(
        row["subject"],
        row["sentence"],
        repo.kind,
        repo.full_name,
        repo.web_path + row["path"],
        row[notices.c.updated_at],
        row["is_read"],
    )


def _cut(sentence: str) -> str:
    enough = len(sentence) <= MAX_SENTENCE_CHARS
    return sentence if enough else sentence[: MAX_SENTENCE_CHARS - 1] + "…"
