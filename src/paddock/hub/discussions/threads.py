"""Discussions of a repository: opened, found, listed, pinned, deleted.

Knows rows. Whoever changes something holds the repository's lock (``access.open_to_change``), so
numbers follow each other without gaps and nobody decides on a state that is changing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions.rules import DiscussionNotFound
from paddock.hub.discussions.tables import discussion_numbers, discussions
from paddock.hub.discussions.values import Discussion, Proposal, Status
from paddock.hub.people.accounts import find_account, new_public_id, to_account
from paddock.hub.tables import accounts, refs
from paddock.hub.types import Account, Repository
from paddock.storage.sql import in_chunks, insert_ignore

PAGE_DISCUSSIONS = 50

_STATUSES = {
    "open": (Status.DRAFT, Status.OPEN),
    "closed": (Status.CLOSED, Status.MERGED),
    "draft": (Status.DRAFT,),
    "merged": (Status.MERGED,),
}


class Wanted(NamedTuple):
    """Which discussions, and from where on."""

    type: str = "all"
    status: str = "all"
    author: str | None = None
    search: str | None = None
    sort: str = "recently-created"
    start: int = 0
    limit: int = PAGE_DISCUSSIONS
    pinned_first: bool = False


class Listing(NamedTuple):
    """Part of a list, how long all of it is, and how many of all discussions are over."""

    discussions: list[Discussion]
    total: int
    closed: int


class States(NamedTuple):
    """How many discussions are open, drafts among them, and how many are over."""

    open: int
    closed: int


def next_number(conn: sa.Connection, repo: Repository) -> int:
    """A number that no discussion of the repository has had; the repository is locked."""
    numbers = discussion_numbers
    insert_ignore(conn, numbers, [{"repo_id": repo.id, "last_num": 0}])
    counted = numbers.update().where(numbers.c.repo_id == repo.id)
    counted = counted.values(last_num=numbers.c.last_num + 1)
    return int(conn.execute(counted.returning(numbers.c.last_num)).scalar_one())


def insert_discussion(
    conn: sa.Connection,
    repo: Repository,
    author: Account,
    title: str,
    proposal: Proposal | None = None,
    status: Status = Status.OPEN,
) -> Discussion:
    """A new discussion without any event yet."""
    moment = clock.now()
    row = {
        "public_id": new_public_id(),
        "repo_id": repo.id,
        "num": next_number(conn, repo),
        "is_pull_request": proposal is not None,
        "status": status,
        "title": title,
        "author_id": author.id,
        "is_pinned": False,
        "comment_count": 0,
        "event_count": 0,
        "text_bytes": 0,
        "created_at": moment,
        "updated_at": moment,
        "base_ref": proposal.base_ref if proposal else None,
        "fork_oid": proposal.fork_oid if proposal else None,
    }
    made = conn.execute(discussions.insert().values(row).returning(discussions)).mappings().one()
    return to_discussion(made, {author.id: author})


def get_discussion(conn: sa.Connection, repo: Repository, num: int) -> Discussion:
    """The discussion of this number; raises DiscussionNotFound."""
    query = sa.select(discussions).where(discussions.c.repo_id == repo.id, discussions.c.num == num)
    # Numbers beyond a column's range were never given, and must not be asked for.
    row = conn.execute(query).mappings().one_or_none() if 0 < num < 1 << 31 else None
    if row is None:
        raise DiscussionNotFound(f"{repo.full_name} has no discussion {num}")
    return to_discussion(row, people(conn, [row["author_id"]]))


def list_discussions(conn: sa.Connection, repo: Repository, wanted: Wanted) -> Listing:
    """The repository's discussions that are asked for; an author nobody knows wrote none."""
    c = discussions.c
    author = find_account(conn, wanted.author) if wanted.author is not None else None
    if wanted.author is not None and author is None:
        return Listing([], 0, _count(conn, _is_over(repo)))
    where = sa.and_(c.repo_id == repo.id, *_filters(wanted, author))
    found = sa.select(discussions).where(where).order_by(*_order(wanted))
    rows = conn.execute(found.offset(wanted.start).limit(wanted.limit)).mappings().all()
    known = people(conn, [row["author_id"] for row in rows])
    items = [to_discussion(row, known) for row in rows]
    return Listing(items, _count(conn, where), _count(conn, _is_over(repo)))


def count_states(conn: sa.Connection, repo: Repository, wanted: Wanted) -> States:
    """How many of those that are asked for there are in each state, whichever is asked for."""
    author = find_account(conn, wanted.author) if wanted.author is not None else None
    if wanted.author is not None and author is None:
        return States(0, 0)
    c = discussions.c
    filters = _filters(wanted._replace(status="all"), author)
    is_open = c.status.in_(_STATUSES["open"])
    query = sa.select(is_open, sa.func.count()).where(c.repo_id == repo.id, *filters)
    counts = {bool(state): count for state, count in conn.execute(query.group_by(is_open))}
    return States(counts.get(True, 0), counts.get(False, 0))


def set_columns(conn: sa.Connection, discussion: Discussion, **columns: object) -> None:
    """Change a discussion's row."""
    conn.execute(discussions.update().where(discussions.c.id == discussion.id).values(**columns))


def delete_discussion(conn: sa.Connection, repo: Repository, discussion: Discussion) -> str | None:
    """Forget a discussion with all it holds; where its ref was, for whoever must learn of it."""
    conn.execute(discussions.delete().where(discussions.c.id == discussion.id))
    gone = refs.delete().where(refs.c.repo_id == repo.id, refs.c.name == discussion.git_ref)
    note(conn, Act.DISCUSSION_DELETE, repo=repo, number=discussion.num)
    return conn.execute(gone.returning(refs.c.oid)).scalar_one_or_none()


def people(conn: sa.Connection, ids: Iterable[int | None]) -> dict[int, Account]:
    """Accounts by id; those that are gone are left out."""
    found: dict[int, Account] = {}
    for some in in_chunks(sorted({id_ for id_ in ids if id_ is not None})):
        rows = conn.execute(sa.select(accounts).where(accounts.c.id.in_(some))).mappings()
        found.update((row["id"], to_account(row)) for row in rows)
    return found


def to_discussion(row: sa.RowMapping, known: dict[int, Account]) -> Discussion:
    """A discussion from its row."""
    proposal = None
    if row["is_pull_request"]:
        proposal = Proposal(
            row["base_ref"],
            row["fork_oid"],
            row["merged_base_oid"],
            row["merged_head_oid"],
            row["merge_oid"],
        )
    return Discussion(
        id=row["id"],
        public_id=row["public_id"],
        repo_id=row["repo_id"],
        num=row["num"],
        status=Status(row["status"]),
        title=row["title"],
        author=known.get(row["author_id"]),
        is_pinned=row["is_pinned"],
        comment_count=row["comment_count"],
        event_count=row["event_count"],
        text_bytes=row["text_bytes"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        proposal=proposal,
    )


def _filters(wanted: Wanted, author: Account | None) -> list[sa.ColumnElement[bool]]:
    c = discussions.c
    filters: list[sa.ColumnElement[bool]] = []
    if wanted.type != "all":
        filters.append(c.is_pull_request.is_(wanted.type == "pull_request"))
    if wanted.status != "all":
        filters.append(c.status.in_(_STATUSES[wanted.status]))
    if author is not None:
        filters.append(c.author_id == author.id)
    if wanted.search:
        filters.append(c.title.icontains(wanted.search, autoescape=True))
    return filters


def _order(wanted: Wanted) -> list[sa.ColumnElement[int]]:
    c = discussions.c
    pinned = [c.is_pinned.desc()] if wanted.pinned_first else []
    first = {
        "trending": [c.is_pinned.desc(), c.updated_at.desc()],
        "reactions": [c.comment_count.desc()],
        "recently-updated": [c.updated_at.desc()],
    }.get(wanted.sort, [])
    return [*pinned, *first, c.num.desc()]


def _is_over(repo: Repository) -> sa.ColumnElement[bool]:
    c = discussions.c
    return sa.and_(c.repo_id == repo.id, c.status.in_(_STATUSES["closed"]))


def _count(conn: sa.Connection, where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(discussions).where(where)
    return int(conn.execute(query).scalar_one())
