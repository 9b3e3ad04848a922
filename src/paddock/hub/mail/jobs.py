"""The jobs behind letters: each is sent by one, and what came too late is forgotten.

A letter's row goes with the letter. A job that is cut off between the two sends it once more, under
the same Message-ID.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.queue import GiveUp
from paddock.hub.mail.letters import Envelope, Letter, to_message
from paddock.hub.mail.posting import SEND
from paddock.hub.mail.sending import NotTaken, Patience, send
from paddock.hub.mail.servers import MailServer
from paddock.hub.mail.tables import letters

SWEEP = "mail.sweep"

every(3600)(SWEEP)


@handler(SEND)
def send_letter(hub: Hub, payload: dict[str, Any]) -> None:
    """Send one letter; raises NotSent to be tried again."""
    letter_id = payload["letter_id"]
    with hub.database.read() as conn:
        row = conn.execute(sa.select(letters).where(letters.c.id == letter_id)).mappings().first()
    if row is None:  # sent before, or nobody's any more
        return
    if row["ends_at"] <= clock.now():
        reason = "nobody needs the letter any more"
    elif hub.mail.server is None:
        reason = "this hub sends no e-mail any more"
    else:
        reason = _refused(hub.mail.server, row)
    with hub.database.write() as conn:
        conn.execute(letters.delete().where(letters.c.id == letter_id))
    if reason:
        raise GiveUp(reason)


@handler(SWEEP)
def sweep(hub: Hub, payload: dict[str, Any]) -> None:
    """Forget letters that could not be sent in time."""
    with hub.database.write() as conn:
        conn.execute(letters.delete().where(letters.c.ends_at <= clock.now()))


def _refused(server: MailServer, row: sa.RowMapping) -> str:
    """Why the server will not take it, or nothing when it took it."""
    letter = Letter(row["subject"], row["text"], row["headers"])
    envelope = Envelope(server.sender, row["address"], row["message_id"], clock.now())
    try:
        send(server, to_message(letter, envelope), row["address"], Patience())
    except NotTaken as e:
        return e.message
    return ""
