"""One message is handed to the mail server: over SMTP, by the standard library.

Knows sockets and replies; does not know what is in a letter. What a server refuses for good (5yz to
the receiver or to the text, RFC 5321 4.2.1) is told from what may work later: a server that is not
there, that is greylisting, or that was set wrongly. Everything together ends at one deadline.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage

from paddock.errors import PaddockError, Unavailable
from paddock.hub.mail.servers import MailServer

MAX_REASON_CHARS = 300
_READY = 220  # RFC 5321, 4.2.2


class NotSent(Unavailable):
    """The mail server did not take a letter, and may later."""

    code = "mail_not_sent"


class NotTaken(PaddockError):
    """The mail server refuses a letter for good."""

    code = "mail_refused"
    status = 502


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take: for one reply, and altogether."""

    reply_seconds: float = 20.0
    deadline_seconds: float = 60.0


def send(server: MailServer, message: EmailMessage, to: str, patience: Patience) -> None:
    """Return when the server has taken the message; raises NotSent or NotTaken."""
    try:
        with _connection(server, patience) as smtp:
            smtp.sendmail(server.sender.addr_spec, [to], message.as_bytes())
    except smtplib.SMTPRecipientsRefused as e:
        code, said = next(iter(e.recipients.values()))
        raise _failure(code, said) from e
    except smtplib.SMTPDataError as e:
        raise _failure(e.smtp_code, e.smtp_error) from e
    except smtplib.SMTPResponseException as e:  # the greeting, the password or the sender
        raise NotSent(f"the mail server said {_told(e.smtp_code, e.smtp_error)}") from e
    except (smtplib.SMTPException, OSError) as e:
        reason = " ".join(str(e).split()) or type(e).__name__
        raise NotSent(f"the mail server cannot be used: {reason}"[:MAX_REASON_CHARS]) from e


@contextmanager
def _connection(server: MailServer, patience: Patience) -> Iterator[smtplib.SMTP]:
    smtp = _client(server, patience)
    # A socket's timeout is for each read: a server that drips would go on for ever.
    alarm = threading.Timer(patience.deadline_seconds, _cut, [smtp])
    alarm.daemon = True
    alarm.start()
    try:
        code, said = smtp.connect(server.host, server.port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        if server.tls == "starttls":
            smtp.starttls(context=_tls())
        if server.username:
            smtp.login(server.username, server.password)
        yield smtp
        with suppress(smtplib.SMTPException, OSError):  # it has the letter, whatever it says now
            smtp.quit()
    finally:
        alarm.cancel()
        smtp.close()


def _client(server: MailServer, patience: Patience) -> smtplib.SMTP:
    name, seconds = server.sender.domain, patience.reply_seconds
    if server.tls == "at once":
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            local_hostname=name, timeout=seconds, context=_tls()
        )
    else:
        client = smtplib.SMTP(local_hostname=name, timeout=seconds)
    # Whose certificate it must be: smtplib notes it only where it connects at once.
    client._host = server.host  # type: ignore[attr-defined]
    return client


def _cut(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        with suppress(OSError):
            smtp.sock.shutdown(socket.SHUT_RDWR)


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _failure(code: int, said: bytes | str) -> PaddockError:
    kind = NotTaken if 500 <= code < 600 else NotSent
    return kind(f"the mail server said {_told(code, said)}")


def _told(code: int, said: bytes | str) -> str:
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{code} {line}"[:MAX_REASON_CHARS]
