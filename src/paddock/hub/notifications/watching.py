"""Which repositories and namespaces a user watches: their own words, and what is theirs anyway.

Without a word from a user, they watch their own namespace and those of their organisations. A word
on a repository goes before one on its namespace.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock.errors import NotFound, shown
from paddock.hub import access
from paddock.hub.lookup import to_repository
from paddock.hub.notifications.tables import watches
from paddock.hub.people import accounts as people
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import Account, Caller, Repository

MAX_CHANGES = 500


class NothingToWatch(NotFound):
    """No user, organisation or repository that the caller may see has this id."""

    code = "nothing_to_watch"


class Target(NamedTuple):
    """What may be watched: ``type`` is user, org or repo."""

    type: str
    public_id: str
    name: str


def set_watching(
    conn: sa.Connection, caller: Caller, type_: str, public_id: str, *, is_watching: bool
) -> None:
    """The caller's word on it; raises NothingToWatch."""
    user = access.require_user(caller)
    column, target_id = _find(conn, caller, type_, public_id)
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    values = {"user_id": user.id, column: target_id, "is_watching": is_watching}
    insert = dialect.insert(watches).values(values)
    conn.execute(
        insert.on_conflict_do_update(
            index_elements=["user_id", column], set_={"is_watching": is_watching}
        )
    )


def is_watching(conn: sa.Connection, user: Account, repo: Repository) -> bool:
    """Whether the user is told of everything in the repository: the nearest word, else if theirs.

    As ``telling`` sees it.
    """
    w = watches.c
    theirs = sa.or_(w.repo_id == repo.id, w.account_id == repo.namespace_id)
    query = sa.select(w.repo_id, w.is_watching).where(w.user_id == user.id, theirs)
    words = {row.repo_id: row.is_watching for row in conn.execute(query)}
    if words:
        return bool(words.get(repo.id, words.get(None)))
    is_own = user.id == repo.namespace_id
    return is_own or people.role_in(conn, repo.namespace_id, user) is not None


def watched_by(conn: sa.Connection, caller: Caller) -> list[Target]:
    """Everything the caller watches, as far as they may see it."""
    user = access.require_user(caller)
    theirs = [user, *(membership.org for membership in people.orgs_of(conn, user))]
    found = {("account", one.id): Target(one.kind, one.public_id, one.name) for one in theirs}
    query = (
        sa.select(watches.c.is_watching, accounts)
        .join(accounts, accounts.c.id == watches.c.account_id)
        .where(watches.c.user_id == user.id)
    )
    for row in conn.execute(query).mappings():
        one = people.to_account(row)
        found.pop(("account", one.id), None)
        if row["is_watching"]:
            found["account", one.id] = Target(one.kind, one.public_id, one.name)
    query = (
        sa.select(repositories)
        .join(watches, watches.c.repo_id == repositories.c.id)
        .where(watches.c.user_id == user.id, watches.c.is_watching, access.visible_to(caller))
    )
    for row in conn.execute(query).mappings():
        repo = to_repository(row)
        found["repo", repo.id] = Target("repo", repo.public_id, repo.full_name)
    return sorted(found.values())


def _find(conn: sa.Connection, caller: Caller, type_: str, public_id: str) -> tuple[str, int]:
    """The column that names the target, and its row's id."""
    found: int | None = None
    if public_id.isalnum() and public_id.isascii():
        if type_ == "repo":
            same = sa.and_(repositories.c.public_id == public_id, access.visible_to(caller))
            found = conn.execute(sa.select(repositories.c.id).where(same)).scalar_one_or_none()
        else:
            same = sa.and_(accounts.c.public_id == public_id, accounts.c.kind == type_)
            found = conn.execute(sa.select(accounts.c.id).where(same)).scalar_one_or_none()
    if found is None:
        raise NothingToWatch(f"there is no {type_} with the id {shown(public_id)}")
    return "repo_id" if type_ == "repo" else "account_id", found
