"""Who may do what with a repository.

Decides; changes nothing. The rules, in the order in which they are applied:

1. What a caller may not see does not exist: 401 for a stranger, who might see it after signing in,
   404 for everyone else, and the same for an old name of it.
2. Writing needs a token that may write, and the right to write here: one's own namespace, or a role
   in the organisation (a contributor writes to what they created). Site admins may do everything
   with a token of role ``admin``.
3. A gated repository shows its metadata to everyone and its contents to those who were let in and
   to those who may write to it.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.errors import Forbidden, Unauthorized, shown
from paddock.hub import lookup
from paddock.hub.errors import (
    GatedForCaller,
    GatedForStranger,
    RepositoryHidden,
    RepositoryMoved,
    RepositoryNotFound,
)
from paddock.hub.names import RepositoryName
from paddock.hub.people import accounts
from paddock.hub.tables import access_grants, memberships, repositories
from paddock.hub.types import Account, Caller, Kind, Need, Repository

WRITING_ROLES = frozenset({"admin", "write"})
CREATING_ROLES = WRITING_ROLES | {"contributor"}


def open_repository(
    conn: sa.Connection, caller: Caller, name: RepositoryName, need: Need
) -> Repository:
    """The repository, if this caller may do this with it.

    Raises RepositoryHidden, RepositoryNotFound, RepositoryMoved, Unauthorized, Forbidden,
    GatedForStranger or GatedForCaller.
    """
    repo = lookup.find_repository(conn, name)
    if repo is None:
        _follow(conn, caller, name)
    if repo is None or not may_see(conn, caller, repo):
        raise missing(caller, name.kind, name.full)
    if need >= Need.WRITE:
        require_write(conn, caller, repo)
    elif need is Need.CONTENT:
        require_content(conn, caller, repo)
    return repo


def open_to_change(
    conn: sa.Connection, caller: Caller, name: RepositoryName, need: Need
) -> Repository:
    """The same for a transaction that writes: until it ends, nobody else changes the repository.

    To get that far may take waiting for somebody who deletes or moves it, hence the second look.
    """
    while True:
        waited_for = open_repository(conn, caller, name, need)
        lookup.lock_repository(conn, waited_for)
        repo = open_repository(conn, caller, name, need)
        if repo.id == waited_for.id:
            return repo


def missing(caller: Caller, kind: Kind, full_name: str) -> RepositoryHidden | RepositoryNotFound:
    """What to raise for a repository that this caller must think does not exist."""
    if caller.is_anonymous:
        return RepositoryHidden(
            f"{kind} repository {shown(full_name)} was not found, or is not public",
            hint="sign in, if you may see it",
        )
    return RepositoryNotFound(f"{kind} repository {shown(full_name)} was not found")


def require_user(caller: Caller) -> Account:
    """The signed-in account; raises Unauthorized for a stranger."""
    if caller.account is None:
        raise Unauthorized("sign in first: this needs an access token")
    return caller.account


def require_writing_token(caller: Caller) -> Account:
    """The signed-in account, whose token may change things."""
    account = require_user(caller)
    if not caller.may_write:
        raise Forbidden(
            "this token may only read",
            hint="use a token of role 'write'",
        )
    return account


def may_see(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether the caller may know that the repository exists."""
    if not repo.is_private or is_site_admin(caller):
        return True
    account = caller.account
    if account is None:
        return False
    return repo.namespace_id == account.id or (
        accounts.role_in(conn, repo.namespace_id, account) is not None
    )


def may_write(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether the caller's account has the right to write here, whatever the token's role."""
    account = caller.account
    if account is None:
        return False
    if repo.namespace_id == account.id or is_site_admin(caller):
        return True
    role = accounts.role_in(conn, repo.namespace_id, account)
    return role in WRITING_ROLES or (role == "contributor" and _created(conn, account, repo))


def may_write_namespace(conn: sa.Connection, caller: Caller, account: Account) -> bool:
    """Whether the caller may create repositories there."""
    user = caller.account
    if user is None or not caller.may_write:
        return False
    if user.id == account.id or is_site_admin(caller):
        return True
    return accounts.role_in(conn, account.id, user) in CREATING_ROLES


def is_site_admin(caller: Caller) -> bool:
    """Whether an administrator calls, with a token made for administration."""
    return (
        caller.account is not None
        and caller.account.is_admin
        and caller.token is not None
        and caller.token.role == "admin"
    )


def require_write(conn: sa.Connection, caller: Caller, repo: Repository) -> None:
    """Raise Unauthorized or Forbidden unless the caller may write to a repository they see."""
    require_writing_token(caller)
    if not may_write(conn, caller, repo):
        raise Forbidden(f"you may not write to {repo.full_name}", hint="ask one of its owners")


def require_content(conn: sa.Connection, caller: Caller, repo: Repository) -> None:
    """Raise GatedForStranger or GatedForCaller unless the caller may read the files' bytes."""
    if repo.gated is None:
        return
    restricted = f"Access to {repo.kind} {repo.full_name} is restricted"
    if caller.account is None:
        raise GatedForStranger(
            f"{restricted}. You must have access to it and be authenticated to access it. "
            "Please log in."
        )
    if may_write(conn, caller, repo):
        return
    status = grant_status(conn, repo, caller.account)
    if status == "pending":
        raise GatedForCaller(
            f"Your request to access {repo.kind} {repo.full_name} is awaiting a review "
            "from the repo authors."
        )
    if status == "rejected":
        raise GatedForCaller(
            f"Your request to access {repo.kind} {repo.full_name} has been rejected "
            "by the repo's authors."
        )
    if status != "accepted":
        sentence = f"{restricted} and you are not in the authorized list."
        raise GatedForCaller(sentence, ask_at=repo.web_path)


def grant_status(conn: sa.Connection, repo: Repository, account: Account) -> str | None:
    """How a user stands with a gated repository: pending, accepted, rejected, or never asked."""
    query = sa.select(access_grants.c.status).where(
        access_grants.c.repo_id == repo.id, access_grants.c.user_id == account.id
    )
    return conn.execute(query).scalar_one_or_none()


def visible_to(caller: Caller) -> sa.ColumnElement[bool]:
    """``may_see`` as a condition on ``repositories``, for listings."""
    if is_site_admin(caller):
        return sa.true()
    public = sa.not_(repositories.c.is_private)
    if caller.account is None:
        return public
    my_orgs = sa.select(memberships.c.org_id).where(memberships.c.user_id == caller.account.id)
    return sa.or_(
        public,
        repositories.c.namespace_id == caller.account.id,
        repositories.c.namespace_id.in_(my_orgs),
    )


def _follow(conn: sa.Connection, caller: Caller, name: RepositoryName) -> None:
    """Raise RepositoryMoved when the name was left by a repository that the caller may see."""
    moved = lookup.find_moved(conn, name)
    if moved is not None and may_see(conn, caller, moved):
        raise RepositoryMoved(name.full, moved.full_name)


def _created(conn: sa.Connection, account: Account, repo: Repository) -> bool:
    query = sa.select(repositories.c.creator_id).where(repositories.c.id == repo.id)
    return conn.execute(query).scalar_one_or_none() == account.id
