"""Names that repositories were moved from: where they lead, and who may take them anew.

Knows names and the repositories that had them; what a caller may see is ``access``'s business. Two
things keep old addresses safe. A name that leads somewhere is only taken by those who own its
namespace, so nobody else can put other bytes behind it. And every former name is remembered for
good, so a download that is pinned to a commit reaches the repository that holds the commit, even
when its old name was taken since.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.errors import Forbidden
from paddock.hub import access, lookup
from paddock.hub.errors import RepositoryMoved
from paddock.hub.names import RepositoryName
from paddock.hub.people import accounts
from paddock.hub.tables import commits, former_names, redirects, repositories
from paddock.hub.types import Account, Caller, Repository
from paddock.storage.sql import insert_ignore


def leave(conn: sa.Connection, repo: Repository) -> None:
    """From now on the repository's present name leads to it, under whatever name it has then."""
    row = {"kind": str(repo.kind), "key": repo.full_name.lower(), "repo_id": repo.id}
    end(conn, RepositoryName(repo.kind, *repo.full_name.split("/", 1)))
    conn.execute(redirects.insert().values(**row))
    insert_ignore(conn, former_names, [row])


def leave_all(conn: sa.Connection, namespace: Account) -> None:
    """The same for every repository of a namespace that is about to be renamed."""
    found = sa.select(repositories.c.kind, repositories.c.key, repositories.c.id).where(
        repositories.c.namespace_id == namespace.id
    )
    columns = ["kind", "key", "repo_id"]
    known = sa.exists().where(
        former_names.c.kind == repositories.c.kind,
        former_names.c.key == repositories.c.key,
        former_names.c.repo_id == repositories.c.id,
    )
    conn.execute(redirects.insert().from_select(columns, found))
    conn.execute(former_names.insert().from_select(columns, found.where(sa.not_(known))))


def end(conn: sa.Connection, name: RepositoryName) -> None:
    """The name leads nowhere any more: somebody takes it."""
    c = redirects.c
    conn.execute(redirects.delete().where(c.kind == name.kind, c.key == name.key))


def require_may_take(
    conn: sa.Connection, caller: Caller, name: RepositoryName, namespace: Account
) -> None:
    """Raise Forbidden if the name leads to a moved repository and the caller is not its owner.

    Whoever may create repositories in a namespace could otherwise put their own behind the
    addresses of one that others use.
    """
    moved = lookup.find_moved(conn, name)
    user = caller.account
    if moved is None or user is None or access.is_site_admin(caller):
        return
    if user.id != namespace.id and accounts.role_in(conn, namespace.id, user) != "admin":
        raise Forbidden(
            f"{name.full} still leads to a repository that was moved away from it",
            hint=f"an admin of {namespace.name} may take the name",
        )


def find_commit(
    conn: sa.Connection, caller: Caller, name: RepositoryName, commit_oid: str
) -> RepositoryMoved | None:
    """Where a commit is that is not under this name any more, if the caller may see it there.

    The repository must have had the name once: a commit's id alone leads nowhere.
    """
    if not accounts.is_askable(name.key):
        return None
    query = (
        sa.select(repositories)
        .join(former_names, former_names.c.repo_id == repositories.c.id)
        .join(
            commits,
            sa.and_(commits.c.repo_id == repositories.c.id, commits.c.oid == commit_oid),
        )
        .where(former_names.c.kind == name.kind, former_names.c.key == name.key)
        .order_by(repositories.c.id)
    )
    for row in conn.execute(query).mappings():
        repo = lookup.to_repository(row)
        if repo.full_name.lower() != name.key and access.may_see(conn, caller, repo):
            return RepositoryMoved(name.full, repo.full_name)
    return None
