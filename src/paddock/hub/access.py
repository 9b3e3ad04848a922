"""May a caller do this with a repository? One question, asked by every way in and out.

Decides; changes nothing. What each stage lets whom do is the table's (``access_table``), looked up
by ``decision``; here is what the table cannot say, in the order in which it is applied:

1. What a caller may not see does not exist: 401 for a stranger, who might see it after signing in,
   404 for everyone else, and the same for an old name of it.
2. Writing needs a token that may write, besides the right to write here. Site admins are such with
   a token of role ``admin``, or on the pages.
3. A role is as ``groups.roles`` has it, an access that was granted as ``gates.standing`` has it.
4. A fine-grained token does what its user may do, where a permission of it covers it as well.

Nothing is remembered from one question to the next: what ended counts no more at once.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Forbidden, Unauthorized, shown
from paddock.hub import lookup
from paddock.hub.access_table import Outcome, Right, Stage
from paddock.hub.decision import STRANGER, Standing, decide, is_for_everybody, stages_of
from paddock.hub.errors import (
    RepositoryHidden,
    RepositoryMoved,
    RepositoryNotFound,
)
from paddock.hub.gates import refusing
from paddock.hub.gates.owing import owed_since
from paddock.hub.gates.standing import Grant, grant_of, let_in
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
from paddock.hub.tables import repositories
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
        raise missing(caller, name.kind, name.full)
    require(conn, caller, repo, need, called=name.full)
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


def require(
    conn: sa.Connection,
    caller: Caller,
    repo: Repository,
    need: Need,
    *,
    called: str | None = None,
) -> None:
    """Raise what ``open_repository`` raises unless the caller may do this with what was found.

    ``called`` is how they spelled its name.
    """
    stages = stages_of(repo)
    if need < Need.WRITE and is_for_everybody(_RIGHTS[need], stages):
        return
    standing = standing_with(conn, caller, repo)
    if decide(Right.SEE, stages, standing) is not Outcome.ALLOWED:
        raise missing(caller, repo.kind, called or repo.full_name)
    if need >= Need.WRITE:
        _require_write(conn, caller, repo, standing)
        if need is Need.OWN:
            _require_own(conn, caller, repo, standing)
    elif need is Need.CONTENT:
        _require_read(conn, caller, repo, standing)


_RIGHTS = {Need.METADATA: Right.SEE, Need.CONTENT: Right.READ}


def standing_with(conn: sa.Connection, caller: Caller, repo: Repository) -> Standing:
    """How the caller stands with the repository now, as far as their token reaches."""
    if caller.account is None:
        return STRANGER
    if is_site_admin(caller):
        return Standing(is_signed_in=True, is_site_admin=True)
    account, bounds = caller.account, caller.scopes
    reaches = covers(conn, caller, repo, TO_READ)
    role = role_on(conn, account, repo) if reaches else None
    grant = None
    if (repo.is_invited or repo.gated is not None) and role not in WRITING_ROLES:
        reads_gated = bounds is not None and bounds.reads_gated and not repo.is_private
        if reaches or reads_gated:
            grant = grant_of(conn, repo.id, account.id)
    is_creator = repo.creator_id == account.id
    return Standing(is_signed_in=True, role=role, is_creator=is_creator, grant=grant)


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
    stages = stages_of(repo)
    if is_for_everybody(Right.SEE, stages):
        return True
    return decide(Right.SEE, stages, standing_with(conn, caller, repo)) is Outcome.ALLOWED


def may_write(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether the caller has the right to write here, whatever the token's role."""
    if caller.account is None:
        return False
    return _may_write(conn, caller, repo, standing_with(conn, caller, repo))


def may_own(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether the caller has the right to change the repository itself, likewise."""
    if caller.account is None:
        return False
    standing = standing_with(conn, caller, repo)
    is_right = decide(Right.OWN, stages_of(repo), standing) is Outcome.ALLOWED
    return is_right and covers(conn, caller, repo, TO_OWN)


def may_have_revoked(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether the caller may have the weights of a release that was revoked."""
    stages = (*stages_of(repo), Stage.REVOKED)
    return decide(Right.WEIGHTS, stages, standing_with(conn, caller, repo)) is Outcome.ALLOWED


def recipient_of(conn: sa.Connection, caller: Caller, repo: Repository) -> Grant | None:
    """The grant by which the caller reads, and so whom the bytes are sent to.

    None: everybody may read, or the caller may without, or they may not read at all.
    """
    stages = stages_of(repo)
    if caller.account is None or is_for_everybody(Right.READ, stages):
        return None
    standing = standing_with(conn, caller, repo)
    without = standing._replace(grant=None)
    if decide(Right.READ, stages, without) is Outcome.ALLOWED:
        return None
    return standing.grant if decide(Right.READ, stages, standing) is Outcome.ALLOWED else None


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
    _require_write(conn, caller, repo, standing_with(conn, caller, repo))


def require_content(conn: sa.Connection, caller: Caller, repo: Repository) -> None:
    """Raise GatedForStranger or GatedForCaller unless the caller may read the files' bytes.

    The caller sees the repository.
    """
    if not is_for_everybody(Right.READ, stages_of(repo)):
        _require_read(conn, caller, repo, standing_with(conn, caller, repo))


def _may_write(conn: sa.Connection, caller: Caller, repo: Repository, standing: Standing) -> bool:
    is_right = decide(Right.WRITE, stages_of(repo), standing) is Outcome.ALLOWED
    return is_right and covers(conn, caller, repo, TO_WRITE)


def _require_write(
    conn: sa.Connection, caller: Caller, repo: Repository, standing: Standing
) -> None:
    require_writing_token(caller)
    if not _may_write(conn, caller, repo, standing):
        raise Forbidden(f"you may not write to {repo.full_name}", hint="ask one of its owners")


def _require_own(conn: sa.Connection, caller: Caller, repo: Repository, standing: Standing) -> None:
    if decide(Right.OWN, stages_of(repo), standing) is not Outcome.ALLOWED:
        raise Forbidden(
            f"you may change the files of {repo.full_name}, but not the repository itself",
            hint=f"ask an admin of {repo.namespace}",
        )
    if not covers(conn, caller, repo, TO_OWN):
        raise Forbidden(
            f"this token may not change {repo.full_name} itself",
            hint=f"it needs the permission {scopes.WRITE}",
        )


def _require_read(
    conn: sa.Connection, caller: Caller, repo: Repository, standing: Standing
) -> None:
    if decide(Right.READ, stages_of(repo), standing) is Outcome.ALLOWED:
        _require_terms(conn, caller, repo, standing)
        return
    if caller.account is None:
        raise refusing.to_stranger(repo)
    bounds = caller.scopes
    if bounds is not None and not (bounds.reads_gated or covers(conn, caller, repo, TO_READ)):
        raise refusing.to_token(repo)
    raise refusing.to_user(repo, standing.grant.status if standing.grant is not None else None)


def _require_terms(
    conn: sa.Connection, caller: Caller, repo: Repository, standing: Standing
) -> None:
    """Who reads by what was granted has accepted the terms that bind now."""
    if caller.account is None or standing.grant is None:
        return
    by_role = decide(Right.READ, stages_of(repo), standing._replace(grant=None))
    if by_role is Outcome.ALLOWED:
        return
    if owed_since(conn, repo.id, caller.account.id) is not None:
        raise refusing.to_who_owes(repo)


def visible_to(caller: Caller) -> sa.ColumnElement[bool]:
    """``may_see`` as a condition on ``repositories``, for listings."""
    if is_site_admin(caller):
        return sa.true()
    public = sa.not_(repositories.c.is_private)
    if caller.account is None:
        return public
    invited = sa.and_(
        repositories.c.is_invited, repositories.c.id.in_(let_in(caller.account.id, clock.now()))
    )
    mine = sa.or_(is_of(caller.account), invited)
    bounds = caller.scopes
    return sa.or_(public, mine if bounds is None else sa.and_(mine, covered_by(bounds)))


def _follow(conn: sa.Connection, caller: Caller, name: RepositoryName) -> None:
    """Raise RepositoryMoved when the name was left by a repository that the caller may see."""
    moved = lookup.find_moved(conn, name)
    if moved is not None and may_see(conn, caller, moved):
        raise RepositoryMoved(name.full, moved.full_name)
