"""What a letter says, and the message it becomes.

Pure. A letter is plain text. Subjects and texts may hold what strangers wrote, such as the title of
a discussion: a subject is one printable line whatever it was, a text has lines and nothing else
that a mail server could take for the end of it, and fields of the head are named by us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

MAX_SUBJECT_CHARS: Final = 200
MAX_TEXT_CHARS: Final = 100_000
_MAX_FIELD_CHARS: Final = 2_000
# What a letter may have in its head beside what every letter has.
FIELDS: Final = frozenset(
    {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "In-Reply-To", "References"}
)
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN: Final = re.compile(r"[^\n\t -~\u00a0-\ud7ff\ue000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody is to be told."""

    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)  # of ``FIELDS``
    life: timedelta = timedelta(days=2)  # after that nobody needs it


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends a letter to whom, and what tells it from every other."""

    sender: Address
    to: str
    message_id: str
    sent_at: datetime


def tidied(letter: Letter) -> Letter:
    """The letter as it can be sent; raises ValueError for a field of the head that is not ours."""
    for name, value in letter.headers.items():
        if name not in FIELDS or not value.isprintable() or len(value) > _MAX_FIELD_CHARS:
            raise ValueError(f"a letter cannot have the field {name!r} with this value")
    subject = "".join(c if c.isprintable() else " " for c in letter.subject)
    # The library reads encoded words (RFC 2047) where it writes them: one may hold a line end.
    subject = subject.replace("=?", "= ?")
    text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _LINE_ENDS.sub("\n", letter.text))
    return Letter(
        " ".join(subject.split())[:MAX_SUBJECT_CHARS],
        text[:MAX_TEXT_CHARS],
        dict(letter.headers),
        letter.life,
    )


def to_message(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The message: no address but the sender's and the receiver's is anywhere in it."""
    tidy, message = tidied(letter), EmailMessage(policy=SMTP)
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Subject"] = tidy.subject
    message["Date"] = format_datetime(envelope.sent_at)
    message["Message-ID"] = f"<{envelope.message_id}@{envelope.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's program answers it
    for name, value in tidy.headers.items():
        message[name] = value
    message.set_content(tidy.text)
    return message
