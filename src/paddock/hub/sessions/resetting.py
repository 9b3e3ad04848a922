"""A new password for who forgot theirs, by a link to an address that they proved to read.

Whoever asks is told the same at the same time: a job looks whether there is such an account. The
link sets a password and ends the sessions; it signs nobody in, so that a passkey which is asked for
beside the password still is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.mail.letters import Letter
from paddock.hub.people.accounts import is_askable, to_account
from paddock.hub.people.alarms import tell_of_change
from paddock.hub.people.emails import MAX_EMAIL_CHARS, email_key
from paddock.hub.people.mail_links import make_link, use_link
from paddock.hub.people.passwords import hash_password
from paddock.hub.sessions.attempts import TooManyAttempts, forget_attempts, of_address, over_limit
from paddock.hub.sessions.sessions import Place, account_subject, end_all
from paddock.hub.tables import accounts
from paddock.hub.types import Account

RESET: Final = "password"
RESET_JOB: Final = "people.reset_password"
LIFE: Final = timedelta(hours=1)
RESET_PATH: Final = "/login/reset"
ASKED_PER_ADDRESS: Final = 20
LETTERS_PER_DAY: Final = 5
ACCOUNTS_OF_ADDRESS: Final = 10  # more with one address get no letter at once
_TEXT: Final = """Hello {name},

somebody asked for a new password for your account {name} at {url}. If it was you, set
one on this page, within an hour:

{link}

If it was not, do nothing: your password stays as it is.
"""


def ask_for_reset(hub: Hub, typed: str, place: Place) -> None:
    """Have a link sent to whoever has this name or address; raises NoMail or TooManyAttempts."""
    hub.mail.require()
    with hub.database.write() as conn:
        is_over = over_limit(conn, f"reset:{of_address(place.address)}", ASKED_PER_ADDRESS)
        if not is_over:
            enqueue(conn, RESET_JOB, {"typed": typed.strip()[:MAX_EMAIL_CHARS]})
    if is_over:
        raise TooManyAttempts


@handler(RESET_JOB)
def send_links(hub: Hub, payload: dict[str, Any]) -> None:
    """Send a link to each account that was meant, if any."""
    url = hub.background_url
    with hub.database.write() as conn:
        for user in _meant(conn, payload["typed"]):
            if over_limit(conn, f"reset-of:{user.id}", LETTERS_PER_DAY, timedelta(days=1)):
                continue
            secret = make_link(conn, user, RESET, user.email or "", LIFE)
            link = f"{url}{RESET_PATH}?key={secret}"
            text = _TEXT.format(name=user.name, url=url, link=link)
            letter = Letter(f"A new password for {user.name}", text, life=LIFE)
            hub.mail.post(conn, user, letter)


def reset_password(hub: Hub, secret: str, new: str) -> Account:
    """Whose password it is now; raises LinkEnded or BadPassword. Their sessions end."""
    made = hash_password(new)  # a bad one uses no link up
    with hub.database.write() as conn:
        user = use_link(conn, RESET, secret).user
        row = accounts.update().where(accounts.c.id == user.id)
        conn.execute(row.values(password_hash=made))
        end_all(conn, user)
        forget_attempts(conn, account_subject(user.name))
        note(conn, Act.ACCOUNT_PASSWORD, account=user, what="by a link")
        what = "Your password was set anew, by a link that was sent to this address."
        tell_of_change(conn, hub.mail, user, what, hub.background_url)
    return user


def _meant(conn: sa.Connection, typed: str) -> list[Account]:
    """Users of this name or proven address."""
    if not is_askable(typed):
        return []
    c = accounts.c
    meant = c.email_key == email_key(typed) if "@" in typed else c.key == email_key(typed)
    query = sa.select(accounts).where(meant, c.kind == "user", c.email_verified_at.is_not(None))
    rows = conn.execute(query.order_by(c.id).limit(ACCOUNTS_OF_ADDRESS)).mappings()
    return [to_account(row) for row in rows]
