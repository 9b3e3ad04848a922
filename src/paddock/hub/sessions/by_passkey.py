"""Signing in, and proving once more who one is, by a passkey.

A wrong answer uses its question up, so its transaction is kept whatever comes of it.
"""

from __future__ import annotations

from typing import Any

from paddock.hub.context import Hub
from paddock.hub.people import passkeys
from paddock.hub.people.alarms import tell_of_change
from paddock.hub.people.passkeys import BadPasskey, PasskeyCopied, Site
from paddock.hub.sessions.attempts import TooManyAttempts, of_address, over_limit
from paddock.hub.sessions.confirming import confirm
from paddock.hub.sessions.sessions import Place, start_session
from paddock.hub.types import Account

QUESTIONS_PER_ADDRESS = 60


def ask(hub: Hub, site: Site, browser: str, place: Place) -> dict[str, Any]:
    """What a browser is to have signed; raises TooManyAttempts."""
    with hub.database.write() as conn:
        is_over = over_limit(conn, f"passkey:{of_address(place.address)}", QUESTIONS_PER_ADDRESS)
        asked = {} if is_over else passkeys.begin_sign_in(conn, site, browser)
    if is_over:
        raise TooManyAttempts
    return asked


def sign_in(hub: Hub, site: Site, browser: str, answer: str, place: Place) -> str:
    """A new session's secret; raises BadPasskey or PasskeyCopied."""
    user = _proven(hub, site, browser, answer)
    with hub.database.write() as conn:
        return start_session(conn, user, place=place)


def prove_again(hub: Hub, site: Site, secret: str, answer: str, user: Account) -> None:
    """The session's own user, once more; raises BadPasskey or PasskeyCopied."""
    if _proven(hub, site, secret, answer).id != user.id:
        raise BadPasskey
    with hub.database.write() as conn:
        confirm(conn, secret)


def _proven(hub: Hub, site: Site, browser: str, answer: str) -> Account:
    failure: BadPasskey | PasskeyCopied | None = None
    with hub.database.write() as conn:
        try:
            return passkeys.finish_sign_in(conn, site, browser, answer)
        except PasskeyCopied as e:
            failure, what = e, "A passkey of yours was refused: it seems to have been copied."
            tell_of_change(conn, hub.mail, e.user, what, hub.background_url)
        except BadPasskey as e:
            failure = e
    raise failure
