"""Links that are sent by e-mail: each good once, for a while, for one purpose of one account.

Looking at one changes nothing: programs that read mail before people do follow every link. A newer
link of the same purpose ends the older ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.errors import NotFound
from paddock.hub.people.accounts import to_account
from paddock.hub.people.tables import mail_links
from paddock.hub.people.tokens import digest, new_secret
from paddock.hub.tables import accounts
from paddock.hub.types import Account

_PREFIX = "mail_"
_c = mail_links.c


class LinkEnded(NotFound):
    """A link of a letter that is no link of ours, was used, or came too late."""

    code = "mail_link_ended"

    def __init__(self) -> None:
        super().__init__(
            "this link is good no more: it was used, a newer one was sent, or it came too late",
            hint="ask for another letter",
        )


@dataclass(frozen=True, slots=True)
class MailLink:
    """Whom a link was sent to."""

    user: Account
    address: str


def make_link(
    conn: sa.Connection, user: Account, purpose: str, address: str, life: timedelta
) -> str:
    """The secret of a new link."""
    moment = clock.now()
    mine = sa.and_(_c.user_id == user.id, _c.purpose == purpose)
    conn.execute(mail_links.delete().where(mine | (_c.expires_at <= moment)))
    secret = new_secret(_PREFIX)
    row = {"user_id": user.id, "purpose": purpose, "address": address}
    ends = {"secret_sha256": digest(secret), "expires_at": moment + life}
    conn.execute(mail_links.insert().values(row | ends))
    return secret


def find_link(conn: sa.Connection, purpose: str, secret: str) -> MailLink:
    """Whom a link was sent to; raises LinkEnded."""
    query = (
        sa.select(accounts, _c.address)
        .join(mail_links, _c.user_id == accounts.c.id)
        .where(_c.secret_sha256 == digest(secret), _c.purpose == purpose)
        .where(_c.expires_at > clock.now())
    )
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise LinkEnded
    return MailLink(to_account(row), row[_c.address])


def use_link(conn: sa.Connection, purpose: str, secret: str) -> MailLink:
    """The same for the one time that it may be used; raises LinkEnded."""
    link = find_link(conn, purpose, secret)
    if conn.execute(mail_links.delete().where(_c.secret_sha256 == digest(secret))).rowcount == 0:
        raise LinkEnded  # somebody was faster
    return link


def waiting_address(conn: sa.Connection, user: Account, purpose: str) -> str | None:
    """Where a link was sent to that nobody has used yet."""
    query = sa.select(_c.address).where(
        _c.user_id == user.id, _c.purpose == purpose, _c.expires_at > clock.now()
    )
    return conn.execute(query).scalar()
