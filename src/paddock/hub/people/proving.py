"""Addresses of mail that somebody proves to read: by a link that was sent there.

A new address is the account's from the moment of the proof, and until then the old one is, so that
nobody loses an account to a slip of the pen. The link counts for the account that asked for it, and
only while that is signed in: whoever reads the letter cannot be led to lend somebody their address.
Where the hub sends no mail an address is kept as it was given, and proves nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.mail.letters import Letter
from paddock.hub.mail.posting import Mail
from paddock.hub.people.alarms import tell_of_change
from paddock.hub.people.emails import check_email, set_email
from paddock.hub.people.mail_links import LinkEnded, make_link, use_link
from paddock.hub.people.tables import mail_links
from paddock.hub.types import Account

PROOF: Final = "address"
LIFE: Final = timedelta(days=1)
CONFIRM_PATH: Final = "/settings/email/confirm"
_TEXT: Final = """Hello,

{name} at {url} says that this is their e-mail address. If you are {name}, open this page
and press the button on it, within a day:

{link}

If you are not, do nothing: nobody uses the address then.
"""


class TooManyLetters(BadInput):
    """An address got as many letters today as it may."""

    code = "too_many_letters"
    status = 429

    def __init__(self) -> None:
        super().__init__("this address got enough letters for today", hint="try again tomorrow")


def change_address(conn: sa.Connection, mail: Mail, user: Account, text: str, hub_url: str) -> bool:
    """Begin to use another address; whether it must be proven first.

    Raises BadEmail or TooManyLetters.
    """
    address = check_email(text)
    if not mail.is_on:
        set_email(conn, user, address, is_proven=False)
        return False
    secret = make_link(conn, user, PROOF, address, LIFE)
    link = f"{hub_url}{CONFIRM_PATH}?key={secret}"
    text = _TEXT.format(name=user.name, url=hub_url, link=link)
    letter = Letter(f"Is this the address of {user.name}?", text, life=LIFE)
    if not mail.ask_for_proof(conn, user, address, letter):
        raise TooManyLetters
    return True


def prove_address(conn: sa.Connection, mail: Mail, user: Account, secret: str, hub_url: str) -> str:
    """The address that is the user's from now on; raises LinkEnded.

    The one that was theirs before is told.
    """
    link = use_link(conn, PROOF, secret)
    if link.user.id != user.id:
        raise LinkEnded
    if link.user.email != link.address:
        what = "Your account has another e-mail address now, and this one is not used any more."
        tell_of_change(conn, mail, user, what, hub_url)
    set_email(conn, user, link.address, is_proven=True)
    _end_reset_links(conn, user)
    return link.address


def remove_address(conn: sa.Connection, mail: Mail, user: Account, hub_url: str) -> None:
    """Keep no address of the user's, and tell the one there was."""
    what = "Your account has no e-mail address any more: this one was removed."
    tell_of_change(conn, mail, user, what, hub_url)
    set_email(conn, user, None, is_proven=False)
    conn.execute(mail_links.delete().where(mail_links.c.user_id == user.id))


def vouch_for_address(conn: sa.Connection, user: Account, address: str) -> None:
    """An administrator knows that it is theirs; raises BadEmail."""
    set_email(conn, user, address, is_proven=True)
    _end_reset_links(conn, user)


def _end_reset_links(conn: sa.Connection, user: Account) -> None:
    """What was sent to an earlier address opens nothing any more."""
    conn.execute(mail_links.delete().where(mail_links.c.user_id == user.id))
