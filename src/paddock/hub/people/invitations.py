"""Invitations: links by which somebody makes an account, joins an organisation, or both.

An invitation is good so many times, for a while, and as long as whoever made it might still make
it: who is an organisation's admin no more lets nobody into it. Its secret is kept as a SHA-256. One
that is for an address of mail was sent there and shown to nobody else, so that using it proves the
address (``web.account.invitations`` sees to that).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Forbidden, NotFound, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people import members, proving
from paddock.hub.people.accounts import ORG_ROLES, role_in, to_account
from paddock.hub.people.emails import check_email, email_key
from paddock.hub.people.tables import invitations
from paddock.hub.people.tokens import digest, new_secret
from paddock.hub.tables import accounts
from paddock.hub.types import Account

MAX_USES: Final = 1000
MAX_DAYS: Final = 90
MAX_INVITATIONS: Final = 200  # of one user, that have not ended
_PREFIX: Final = "invitation_"
_c = invitations.c


class InvitationEnded(NotFound):
    """A link that invites nobody any more, or never did."""

    code = "invitation_ended"

    def __init__(self) -> None:
        super().__init__(
            "this invitation is good no more: it was used, was withdrawn, or came too late",
            hint="ask whoever invited you for another",
        )


class MayNotInvite(Forbidden):
    """Whoever asks may not invite others, or not to there."""

    code = "may_not_invite"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an invitation shall be good for."""

    uses: int = 1
    days: int = 7
    org: Account | None = None
    role: str = "read"
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that is still good."""

    id: int
    maker: Account
    org: Account | None
    role: str | None
    email: str | None
    is_sent: bool  # by mail, to its address and nobody else
    uses_left: int
    created_at: datetime
    expires_at: datetime


def make(conn: sa.Connection, maker: Account, wanted: Wanted, *, is_sent: bool = False) -> str:
    """The secret of a new invitation; raises BadInput, BadEmail or MayNotInvite."""
    _check(conn, maker, wanted)
    moment = clock.now()
    conn.execute(invitations.delete().where(_c.expires_at <= moment))
    count = sa.select(sa.func.count()).where(_c.maker_id == maker.id)
    if (conn.scalar(count) or 0) >= MAX_INVITATIONS:
        raise BadInput(f"you have {MAX_INVITATIONS} invitations", hint="withdraw some of them")
    secret = new_secret(_PREFIX)
    row = {
        "secret_sha256": digest(secret),
        "maker_id": maker.id,
        "org_id": wanted.org.id if wanted.org else None,
        "role": wanted.role if wanted.org else None,
        "email": check_email(wanted.email) if wanted.email else None,
        "is_sent": is_sent,
        "uses_left": wanted.uses,
        "created_at": moment,
        "expires_at": moment + timedelta(days=wanted.days),
    }
    conn.execute(invitations.insert().values(row))
    note(conn, Act.ACCOUNT_SETTINGS, account=maker, what="invitation")
    return secret


def find(conn: sa.Connection, secret: str) -> Invitation:
    """The invitation behind a link; raises InvitationEnded."""
    found = _select(conn, _c.secret_sha256 == digest(secret))
    if not found or not _is_backed(conn, found[0]):
        raise InvitationEnded
    return found[0]


def use(conn: sa.Connection, secret: str, user: Account, email: str | None) -> Invitation:
    """Let a new user in, with the address that they gave; raises InvitationEnded or BadInput."""
    found = _take(conn, secret)
    if found.email is not None and email_key(email or "") != email_key(found.email):
        raise BadInput("the invitation is for another e-mail address")
    if found.email is not None and found.is_sent:
        proving.vouch_for_address(conn, user, found.email)
    if found.org is not None:
        members.add_member(conn, found.org, user, found.role or "read")
    return found


def join_org(conn: sa.Connection, secret: str, user: Account) -> Account:
    """Let somebody who has an account into the organisation; raises InvitationEnded or BadInput."""
    found = _take(conn, secret)
    if found.org is None:
        raise BadInput("you have an account already, and the invitation is for nothing else")
    if found.email is not None and email_key(user.email or "") != email_key(found.email):
        raise BadInput("the invitation is for another e-mail address")
    members.add_member(conn, found.org, user, found.role or "read")
    return found.org


def made_by(conn: sa.Connection, maker: Account) -> list[Invitation]:
    """A user's invitations that are still good, the latest first."""
    return _select(conn, _c.maker_id == maker.id)


def withdraw(conn: sa.Connection, maker: Account, invitation_id: int) -> None:
    """End one of a user's; raises InvitationEnded."""
    mine = sa.and_(_c.id == invitation_id, _c.maker_id == maker.id)
    if conn.execute(invitations.delete().where(mine)).rowcount == 0:
        raise InvitationEnded
    note(conn, Act.ACCOUNT_SETTINGS, account=maker, what="invitation withdrawn")


def _check(conn: sa.Connection, maker: Account, wanted: Wanted) -> None:
    if not 1 <= wanted.uses <= MAX_USES or not 1 <= wanted.days <= MAX_DAYS:
        raise BadInput(
            f"an invitation is good 1 to {MAX_USES} times, for 1 to {MAX_DAYS} days",
            hint="one person, one week: that is what most need",
        )
    if wanted.email and wanted.uses != 1:
        raise BadInput("an invitation for one address is good once")
    if wanted.org is None:
        return
    if wanted.role not in ORG_ROLES:
        raise BadInput(f"no role is named {shown(wanted.role)}", hint=f"use one of {ORG_ROLES}")
    if role_in(conn, wanted.org.id, maker) != "admin":
        raise MayNotInvite(f"only an admin of {wanted.org.name} invites to it")


def _take(conn: sa.Connection, secret: str) -> Invitation:
    """Count one use; raises InvitationEnded."""
    found = find(conn, secret)
    row = sa.and_(_c.id == found.id, _c.uses_left > 0)
    change = invitations.update().where(row).values(uses_left=_c.uses_left - 1)
    if conn.execute(change).rowcount == 0:
        raise InvitationEnded
    return found


def _is_backed(conn: sa.Connection, found: Invitation) -> bool:
    return found.org is None or role_in(conn, found.org.id, found.maker) == "admin"


def _select(conn: sa.Connection, which: sa.ColumnElement[bool]) -> list[Invitation]:
    query = sa.select(invitations).where(which, _c.expires_at > clock.now(), _c.uses_left > 0)
    rows = conn.execute(query.order_by(_c.id.desc())).mappings().all()
    ids = {row["maker_id"] for row in rows} | {row["org_id"] for row in rows}
    known = conn.execute(sa.select(accounts).where(accounts.c.id.in_(ids))).mappings()
    named = {row[accounts.c.id]: to_account(row) for row in known}
    return [
        Invitation(
            row["id"],
            named[row["maker_id"]],
            named.get(row["org_id"]),
            row["role"],
            row["email"],
            row["is_sent"],
            row["uses_left"],
            row["created_at"],
            row["expires_at"],
        )
        for row in rows
    ]
