"""Requests for access to a gated repository: asked, withdrawn, decided, granted, renewed.

One for each user and repository. What a request's status lets its user read is ``access``'s
business, and takes effect at once. Whoever changes one has locked the repository, so it is decided
once, however many decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, NotFound
from paddock.hub.errors import GatedForCaller
from paddock.hub.gates.standing import standing_of, stands_as
from paddock.hub.people.accounts import new_public_id
from paddock.hub.tables import access_grants
from paddock.hub.texts import check_lines
from paddock.hub.types import Account, Repository

MAX_REASON_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody who may write to the repository decides."""

    status: str
    reason: str | None = None
    expires_at: datetime | None = None  # of an acceptance; None: for good


class RequestNotFound(NotFound):
    """There is no request, or it has that status already: the Hub tells the two not apart."""

    code = "access_request_not_found"

    def __init__(self) -> None:
        super().__init__("No access request found matching your criteria")


class NotGated(BadInput):
    """Everyone who sees the repository reads it."""

    code = "not_gated"


class AlreadyLetIn(BadInput):
    """The user has access."""

    code = "already_let_in"


def ask(
    conn: sa.Connection, repo: Repository, user: Account, answers: dict[str, Any] | None
) -> str:
    """Ask to be let in, and be let in where the gate opens by itself; the answer is the status.

    Nothing changes for who has asked. Raises NotGated, or GatedForCaller for who was rejected.
    """
    require_gate(repo)
    now = _status(conn, repo, user)
    if now == "rejected":
        raise GatedForCaller(
            f"Your request to access {repo.kind} {repo.full_name} has been rejected "
            "by the repo's authors."
        )
    if now in {"pending", "accepted"}:
        return now
    status = "accepted" if repo.gated == "auto" else "pending"
    conn.execute(access_grants.delete().where(*_of(repo, user)))
    kept = sa.null() if answers is None else answers
    _insert(conn, repo, user, status, is_email_shared=True, fields=kept)
    return status


def withdraw(conn: sa.Connection, repo: Repository, user: Account) -> None:
    """Forget a request that nobody has decided yet; raises RequestNotFound."""
    if _status(conn, repo, user) != "pending":
        raise RequestNotFound
    conn.execute(access_grants.delete().where(*_of(repo, user)))


def decide(
    conn: sa.Connection, repo: Repository, user_id: int, reviewer: Account, decision: Decision
) -> None:
    """Accept, reject, reset, or put back among those that wait.

    Raises NotGated, BadInput, or RequestNotFound, also where nothing would change.
    """
    require_gate(repo)
    _check_end(decision)
    reason = None
    if decision.reason is not None:
        if decision.status not in {"rejected", "reset"}:
            raise BadInput("a reason is given only for a rejection or a reset")
        reason = check_lines("the reason", decision.reason, MAX_REASON_CHARS) or None
    is_open = decision.status == "pending"
    row = access_grants.update().where(
        access_grants.c.repo_id == repo.id,
        access_grants.c.user_id == user_id,
        sa.not_(stands_as(decision.status, clock.now())),
    )
    changed = conn.execute(
        row.values(
            status=decision.status,
            reason=reason,
            reviewed_at=None if is_open else clock.now(),
            reviewer_id=None if is_open else reviewer.id,
            expires_at=decision.expires_at,
        )
    )
    if not changed.rowcount:
        raise RequestNotFound


def grant(
    conn: sa.Connection,
    repo: Repository,
    user: Account,
    reviewer: Account,
    expires_at: datetime | None = None,
) -> None:
    """Let a user in, whether or not they asked; raises NotGated, BadInput or AlreadyLetIn."""
    require_gate(repo)
    decision = Decision("accepted", expires_at=expires_at)
    _check_end(decision)
    if user.kind != "user":
        raise BadInput(f"{user.name} is an organization: access is granted to users")
    status = _status(conn, repo, user)
    if status == "accepted":
        raise AlreadyLetIn(f"{user.name} already has access to {repo.full_name}")
    if status is not None:
        decide(conn, repo, user.id, reviewer, decision)
        return
    told = {"reviewed_at": clock.now(), "reviewer_id": reviewer.id, "expires_at": expires_at}
    _insert(conn, repo, user, "accepted", **told)


def renew(
    conn: sa.Connection,
    repo: Repository,
    user_id: int,
    reviewer: Account,
    expires_at: datetime | None,
) -> None:
    """Let the access of who was let in end at another moment, also once it has ended.

    Raises NotGated, BadInput, or RequestNotFound for who was not let in.
    """
    require_gate(repo)
    _check_end(Decision("accepted", expires_at=expires_at))
    c = access_grants.c
    row = access_grants.update().where(
        c.repo_id == repo.id, c.user_id == user_id, c.status == "accepted"
    )
    values = {"expires_at": expires_at, "reviewed_at": clock.now(), "reviewer_id": reviewer.id}
    if not conn.execute(row.values(values)).rowcount:
        raise RequestNotFound


def asked_by(conn: sa.Connection, repo: Repository, request_id: str) -> int:
    """The id of the user whose request this is; raises RequestNotFound."""
    found = None
    if request_id.isascii() and request_id.isalnum():
        query = sa.select(access_grants.c.user_id).where(
            access_grants.c.repo_id == repo.id, access_grants.c.public_id == request_id.lower()
        )
        found = conn.execute(query).scalar_one_or_none()
    if found is None:
        raise RequestNotFound
    return int(found)


def require_gate(repo: Repository) -> None:
    """Raise NotGated unless the repository has a gate."""
    if repo.gated is None:
        raise NotGated(f"{repo.full_name} is not gated: everyone who sees it reads it")


def _status(conn: sa.Connection, repo: Repository, user: Account) -> str | None:
    c = access_grants.c
    row = conn.execute(sa.select(c.status, c.expires_at).where(*_of(repo, user))).one_or_none()
    return None if row is None else standing_of(row.status, row.expires_at)


def _check_end(decision: Decision) -> None:
    if decision.expires_at is None:
        return
    if decision.status != "accepted":
        raise BadInput("only an access that is given ends at a date")
    if decision.expires_at <= clock.now():
        raise BadInput("the access would have ended already", hint="name a moment in the future")


def _of(repo: Repository, user: Account) -> tuple[sa.ColumnElement[bool], ...]:
    return access_grants.c.repo_id == repo.id, access_grants.c.user_id == user.id


def _insert(
    conn: sa.Connection, repo: Repository, user: Account, status: str, **columns: Any
) -> None:
    row = {
        "repo_id": repo.id,
        "user_id": user.id,
        "public_id": new_public_id(),
        "status": status,
        "created_at": clock.now(),
        "is_email_shared": False,
    }
    conn.execute(access_grants.insert().values(**row | columns))
