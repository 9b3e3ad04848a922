"""By whose right a signed token or address was made, and whether that right still holds.

What is signed travels for hours; the right behind it may be withdrawn at any moment. So it carries
a ``Bearer``, and every use asks again: is the access token still there, is it the same secret, and
may its owner still do with the repository what the signature was made for? Knows ids, not names: a
repository that was renamed is the same one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import Unauthorized
from paddock.hub import access, lookup
from paddock.hub.errors import RepositoryNotFound
from paddock.hub.people import tokens
from paddock.hub.people.accounts import to_account
from paddock.hub.sessions.sessions import recall_session
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import ANONYMOUS, Caller, Need, Repository


class Bearer(NamedTuple):
    """Who was given something signed; ids are 0 for a stranger, or for a caller without token.

    A user without a token is behind a browser's session, which ``mark`` names.
    """

    user_id: int = 0
    token_id: int = 0
    mark: str = ""  # of the token's secret, which may be replaced; or the session's digest
    need: int = int(Need.CONTENT)


STRANGER = Bearer()


class RightWithdrawn(Unauthorized):
    """The access token behind a signature was revoked or replaced, or has expired."""

    code = "right_withdrawn"


def bearer_of(conn: sa.Connection, caller: Caller, repo: Repository, *, writes: bool) -> Bearer:
    """What to sign for a caller whose rights were checked.

    Who adds files without the right to write does so for a pull request of their own: then what
    must go on to hold is the right to read.
    """
    may_write = writes and caller.may_write and access.may_write(conn, caller, repo)
    need = int(Need.WRITE if may_write else Need.CONTENT)
    user_id = caller.account.id if caller.account else 0
    if caller.token is None:
        mark = caller.session.secret_sha256 if caller.session else ""
        return Bearer(user_id, mark=mark, need=need)
    return Bearer(user_id, caller.token.id, tokens.mark_of(conn, caller.token.id), need)


def check_bearer(conn: sa.Connection, bearer: Bearer, repo_id: int) -> Repository:
    """The repository, if the right still holds.

    Raises RightWithdrawn, RepositoryNotFound, RepositoryHidden, Forbidden and the errors of gates.
    """
    return recall(conn, bearer, repo_id)[1]


_REPOSITORY = sa.select(repositories).where(repositories.c.id == sa.bindparam("repo_id"))


def recall(conn: sa.Connection, bearer: Bearer, repo_id: int) -> tuple[Caller, Repository]:
    """The same, and whoever was given something signed."""
    caller = _recall(conn, bearer)
    row = conn.execute(_REPOSITORY, {"repo_id": repo_id}).mappings().one_or_none()
    if row is None:
        raise RepositoryNotFound("the repository was deleted")
    repo = lookup.to_repository(row)
    access.require(conn, caller, repo, Need(bearer.need))
    return caller, repo


def _recall(conn: sa.Connection, bearer: Bearer) -> Caller:
    if bearer.token_id:
        caller = tokens.recall(conn, bearer.token_id, bearer.mark)
        if caller is None or caller.account is None or caller.account.id != bearer.user_id:
            raise RightWithdrawn("the access token behind this address is no longer valid")
        # That a fine-grained token may write was found when this was signed; whether it reaches the
        # repository, and may write there, is asked again.
        return replace(caller, may_change=True)
    if not bearer.user_id:
        return ANONYMOUS
    if bearer.mark:
        session = recall_session(conn, bearer.mark)
        if session is None or session.user.id != bearer.user_id:
            raise RightWithdrawn("the session behind this address has ended")
        return session.caller
    query = sa.select(accounts).where(
        accounts.c.id == bearer.user_id, accounts.c.disabled_at.is_(None)
    )
    row = conn.execute(query).mappings()
    account = row.one_or_none()
    if account is None:
        raise RightWithdrawn("the account behind this address is gone")
    return Caller(to_account(account), None)
