"""Letters about changes to how somebody proves who they are, so that a thief is noticed."""

from __future__ import annotations

import sqlalchemy as sa

from paddock import clock
from paddock.hub.mail.letters import Letter
from paddock.hub.mail.posting import Mail
from paddock.hub.types import Account

_TEXT = """Hello {name},

{what}

This was at {moment} UTC, at {url}. If it was you, there is nothing to do. If not, somebody
else uses your account: set another password ({url}/login/forgotten), and look at your
sessions and access tokens ({url}/settings/sessions, {url}/settings/tokens).
"""


def tell_of_change(conn: sa.Connection, mail: Mail, user: Account, what: str, hub_url: str) -> None:
    """Write to the user's proven address, if there is one, that something was changed."""
    moment = f"{clock.now():%Y-%m-%d %H:%M}"
    text = _TEXT.format(name=user.name, what=what, moment=moment, url=hub_url)
    mail.post(conn, user, Letter(f"A change to your account {user.name}", text))
