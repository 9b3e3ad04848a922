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
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.errors import GatedForCaller
from paddock.hub.gates import news
from paddock.hub.gates.rules import REFUSED, Verdict
from paddock.hub.gates.standing import standing_of
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
    conn: sa.Connection,
    repo: Repository,
    user: Account,
    answers: dict[str, Any] | None,
    verdict: Verdict,
) -> str:
    """Ask to be let in, with what the gate makes of it; the answer is the status.

    Nothing changes for who has asked. Raises NotGated, or GatedForCaller for who was rejected.
    """
    require_gate(repo)
    now = own_standing(conn, repo, user)
    if now in {"pending", "accepted"}:
        return now
    conn.execute(access_grants.delete().where(*_of(repo, user)))
    told: dict[str, Any] = {"fields": sa.null() if answers is None else answers}
    if verdict.why is not None:
        told["rule"] = verdict.why[:MAX_REASON_CHARS]
    if verdict.status == "rejected":
        told |= {"reason": REFUSED, "reviewed_at": clock.now()}
    _insert(conn, repo, user, verdict.status, is_email_shared=True, **told)
    note(conn, Act.ACCESS_ASK, repo=repo, account=user, status=verdict.status)
    if verdict.status == "pending":
        news.tell_asked(conn, repo, user)
    return verdict.status


def own_standing(conn: sa.Connection, repo: Repository, user: Account) -> str | None:
    """How the user's own request stands; None: they never asked.

    Raises GatedForCaller for who was rejected: whatever they would do is over.
    """
    status = _status(conn, repo, user)
    if status == "rejected":
        raise GatedForCaller(
            f"Your request to access {repo.kind} {repo.full_name} has been rejected "
            "by the repo's authors.",
            ask_at=f"{repo.web_path}/ask-access",
            ask_to="see why",
        )
    return status


def wait_again(conn: sa.Connection, repo: Repository, user: Account) -> str:
    """Who was let in and accepted other terms waits for a person; the answer is the status."""
    change = access_grants.update().where(*_of(repo, user), access_grants.c.status == "accepted")
    nobody = {"reviewed_at": None, "reviewer_id": None, "answered_at": None}
    conn.execute(change.values(status="pending", expires_at=None, **nobody))
    news.tell_asked(conn, repo, user)
    return "pending"


def withdraw(conn: sa.Connection, repo: Repository, user: Account) -> None:
    """Forget a request that nobody has decided yet; raises RequestNotFound."""
    if _status(conn, repo, user) != "pending":
        raise RequestNotFound
    conn.execute(access_grants.delete().where(*_of(repo, user)))
    note(conn, Act.ACCESS_WITHDRAW, repo=repo, account=user)


def decide(
    conn: sa.Connection, repo: Repository, user_id: int, reviewer: Account, decision: Decision
) -> None:
    """Accept, reject, reset, or put back among those that wait.

    Who rejects once more although somebody appealed does so for good. Raises NotGated, BadInput,
    or RequestNotFound, also where nothing would change.
    """
    require_gate(repo)
    _check_end(decision)
    reason = None
    if decision.reason is not None:
        if decision.status not in {"rejected", "reset"}:
            raise BadInput("a reason is given only for a rejection or a reset")
        reason = check_lines("the reason", decision.reason, MAX_REASON_CHARS) or None
    c = access_grants.c
    mine = sa.and_(c.repo_id == repo.id, c.user_id == user_id)
    row = conn.execute(sa.select(access_grants).where(mine)).mappings().one_or_none()
    if row is None:
        raise RequestNotFound
    appealed = has_open_appeal(row)
    same = standing_of(row["status"], row["expires_at"]) == decision.status
    if same and not (appealed and decision.status == "rejected"):
        raise RequestNotFound
    changed = _decided(row, reviewer, decision, reason)
    conn.execute(access_grants.update().where(mine).values(changed))
    note(conn, Act.ACCESS_DECIDE, repo=repo, account=user_id, **_told(decision, reason))
    news.tell_decided(conn, repo, user_id, decision.status)


def has_open_appeal(row: sa.RowMapping) -> bool:
    """Whether somebody was rejected, wants that looked at again, and was not answered yet."""
    is_open = row["appealed_at"] is not None and row["appeal_closed_at"] is None
    return row["status"] == "rejected" and is_open


def _decided(
    row: sa.RowMapping, reviewer: Account, decision: Decision, reason: str | None
) -> dict[str, Any]:
    """The columns after a decision; the first answer to who waited counts for the clock."""
    moment, waits = clock.now(), decision.status == "pending"
    changed: dict[str, Any] = {
        "status": decision.status,
        "reason": reason,
        "reviewed_at": None if waits else moment,
        "reviewer_id": None if waits else reviewer.id,
        "expires_at": decision.expires_at,
    }
    if row["status"] == "pending" and row["answered_at"] is None:
        changed["answered_at"] = moment
    if has_open_appeal(row):
        changed["appeal_closed_at"] = moment
        if decision.status == "rejected" and reason is None:
            changed["reason"] = row["reason"]
    elif decision.status == "rejected":  # another rejection, against which one may appeal again
        changed |= dict.fromkeys(("appeal", "appealed_at", "appeal_closed_at"))
    return changed


def grant(
    conn: sa.Connection,
    repo: Repository,
    user: Account,
    reviewer: Account,
    expires_at: datetime | None = None,
) -> None:
    """Let a user in, whether or not they asked, or an organisation: then every member of it.

    Raises NotGated, BadInput or AlreadyLetIn.
    """
    require_gate(repo)
    decision = Decision("accepted", expires_at=expires_at)
    _check_end(decision)
    status = _status(conn, repo, user)
    if status == "accepted":
        raise AlreadyLetIn(f"{user.name} already has access to {repo.full_name}")
    if status is not None:
        decide(conn, repo, user.id, reviewer, decision)
        return
    told = {"reviewed_at": clock.now(), "reviewer_id": reviewer.id, "expires_at": expires_at}
    _insert(conn, repo, user, "accepted", **told)
    note(conn, Act.ACCESS_DECIDE, repo=repo, account=user, **_told(decision, None))
    news.tell_decided(conn, repo, user.id, "accepted")


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
    renewed = _told(Decision("accepted", expires_at=expires_at), None)
    note(conn, Act.ACCESS_DECIDE, repo=repo, account=user_id, **renewed)


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
    """Raise NotGated unless it matters who was let in: there is a gate, or it is by invitation."""
    if repo.gated is None and not repo.is_invited:
        raise NotGated(f"{repo.full_name} is not gated: everyone who sees it reads it")


def _status(conn: sa.Connection, repo: Repository, user: Account) -> str | None:
    c = access_grants.c
    row = conn.execute(sa.select(c.status, c.expires_at).where(*_of(repo, user))).one_or_none()
    return None if row is None else standing_of(row.status, row.expires_at)


def _told(decision: Decision, reason: str | None) -> dict[str, str | None]:
    """What the audit log says of a decision."""
    ends = clock.to_text(decision.expires_at) if decision.expires_at else None
    return {"status": decision.status, "text": reason, "until": ends}


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
