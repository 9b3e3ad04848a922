"""Who may do what with a repository.

Decides; changes nothing. The rules, in the order in which they are applied:

1. What a caller may not see does not exist: 401 for a stranger, who might see it after signing in,
   404 for everyone else, and the same for an old name of it.
2. Writing needs a token that may write, and the right to write here: one's own namespace, or a role
   in the organisation (a contributor writes to what they created). Site admins may do everything
   with a token of role ``admin``.
3. A gated repository shows its metadata to everyone and its contents to those who were let in and
   to those who may write to it.
4. A repository in a resource group is for the group's members, with their role in the group, and
   for the organisation's admins; the organisation's other roles do not count there.
5. A fine-grained token does what its user may do, where a permission of it covers it as well.
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
from paddock.hub.gates.standing import standing_of
from paddock.hub.groups.roles import (
    CREATING_ROLES,
    WRITING_ROLES,
    is_of,
    role_in_group,
    role_on,
)
from paddock.hub.names import RepositoryName
from paddock.hub.people import accounts, scopes
from paddock.hub.people.reach import (
    TO_OWN,
    TO_READ,
    TO_WRITE,
    covered_by,
    covers,
    covers_namespace,
)
from paddock.hub.people.scopes import ACCOUNT
from paddock.hub.tables import access_grants, repositories
from paddock.hub.types import Account, Caller, Kind, Need, Repository


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
        if need is Need.OWN and not covers(conn, caller, repo, TO_OWN):
            raise Forbidden(
                f"this token may not change {repo.full_name} itself",
                hint=f"it needs the permission {scopes.WRITE}",
            )
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
        raise Unauthorized(
            "sign in first: this needs an access token",
            hint="`hf auth login` gets one, or set HF_TOKEN; git asks for it as the password",
        )
    return caller.account


def require_writing_token(caller: Caller) -> Account:
    """The signed-in account, whose token may change things."""
    account = require_user(caller)
    if not caller.may_write:
        if caller.scopes is not None:
            hint = "give the token the permission, or use one of role 'write'"
            raise Forbidden("this fine-grained token has no permission for that", hint=hint)
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
    if account is None or not covers(conn, caller, repo, TO_READ):
        return False
    return role_on(conn, account, repo) is not None


def may_write(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether the caller has the right to write here, whatever the token's role."""
    account = caller.account
    if account is None or not covers(conn, caller, repo, TO_WRITE):
        return False
    if is_site_admin(caller):
        return True
    role = role_on(conn, account, repo)
    return role in WRITING_ROLES or (role == "contributor" and _created(conn, account, repo))


def may_write_namespace(
    conn: sa.Connection, caller: Caller, account: Account, group_id: int | None = None
) -> bool:
    """Whether the caller may create repositories there, or in that resource group of it."""
    user = caller.account
    if user is None or not caller.may_write or not covers_namespace(caller, account, group_id):
        return False
    if user.id == account.id or is_site_admin(caller):
        return True
    role = accounts.role_in(conn, account.id, user)
    if group_id is not None and role is not None and role != "admin":
        role = role_in_group(conn, group_id, user)
    return role in CREATING_ROLES


def may_administer(conn: sa.Connection, caller: Caller, org: Account, permission: str) -> bool:
    """Whether the caller may change an organisation itself; scoped tokens need the permission."""
    user = caller.account
    if user is None or not caller.may_write:
        return False
    if caller.scopes is not None and not caller.scopes.holds(permission, (ACCOUNT, org.id)):
        return False
    return is_site_admin(caller) or accounts.role_in(conn, org.id, user) == "admin"


def is_site_admin(caller: Caller) -> bool:
    """Whether an administrator calls, with a token made for administration, or from a page."""
    if caller.account is None or not caller.account.is_admin:
        return False
    if caller.session is not None:
        return caller.session.is_admin
    return caller.token is not None and caller.token.role == "admin"


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
    bounds = caller.scopes
    if bounds is not None and not (bounds.reads_gated or covers(conn, caller, repo, TO_READ)):
        raise GatedForCaller(
            f"{restricted}, and this fine-grained token does not reach gated repositories."
        )
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
        ended = ": your access has ended" if status == "expired" else ""
        sentence = f"{restricted}{ended} and you are not in the authorized list."
        raise GatedForCaller(sentence, ask_at=repo.web_path)


def grant_status(conn: sa.Connection, repo: Repository, account: Account) -> str | None:
    """How a user stands with a gated repository, as ``gates.standing`` has it; None: never asked.

    An access that has ended counts no more from that moment on, wherever it is asked for.
    """
    row = conn.execute(_STANDING, {"repo_id": repo.id, "user_id": account.id}).one_or_none()
    return None if row is None else standing_of(row.status, row.expires_at)


_STANDING = sa.select(access_grants.c.status, access_grants.c.expires_at).where(
    access_grants.c.repo_id == sa.bindparam("repo_id"),
    access_grants.c.user_id == sa.bindparam("user_id"),
)


def visible_to(caller: Caller) -> sa.ColumnElement[bool]:
    """``may_see`` as a condition on ``repositories``, for listings."""
    if is_site_admin(caller):
        return sa.true()
    public = sa.not_(repositories.c.is_private)
    if caller.account is None:
        return public
    mine = is_of(caller.account)
    bounds = caller.scopes
    return sa.or_(public, mine if bounds is None else sa.and_(mine, covered_by(bounds)))


def _follow(conn: sa.Connection, caller: Caller, name: RepositoryName) -> None:
    """Raise RepositoryMoved when the name was left by a repository that the caller may see."""
    moved = lookup.find_moved(conn, name)
    if moved is not None and may_see(conn, caller, moved):
        raise RepositoryMoved(name.full, moved.full_name)


def _created(conn: sa.Connection, account: Account, repo: Repository) -> bool:
    query = sa.select(repositories.c.creator_id).where(repositories.c.id == repo.id)
    return conn.execute(query).scalar_one_or_none() == account.id
