"""The mail server, as the settings name it: where it is, how it is spoken to, who sends.

Pure. Passwords and letters go through TLS, by ``smtps`` from the first byte or by STARTTLS, without
which nothing is sent; a server on this machine, or one of which ``?tls=none`` says so, is spoken to
as it is.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from paddock.errors import BadInput
from paddock.hub.people.emails import BadEmail, check_email

_PORTS: Final = {"smtp": 587, "smtps": 465}
_HOST: Final = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
_HINT: Final = "write it as smtp://user:password@host:587 or smtps://user:password@host"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who takes our letters, and in whose name they go out."""

    host: str
    port: int
    tls: str  # "at once" | "starttls" | "none"
    sender: Address
    username: str = ""
    password: str = field(default="", repr=False)


def read_mail_server(smtp_url: str | None, mail_from: str) -> MailServer | None:
    """What the settings say; None without a server. Raises BadInput, never with the password."""
    if not smtp_url:
        return None
    try:
        parts = urlsplit(smtp_url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise BadInput("smtp_url is not the address of a mail server", hint=_HINT) from None
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) or parts.path not in {"", "/"} or parts.fragment:
        raise BadInput("smtp_url is not the address of a mail server", hint=_HINT)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, port, _tls(parts, host), read_sender(mail_from), username, password)


def read_sender(text: str) -> Address:
    """``name@example.org`` or ``Name <name@example.org>``; raises BadInput."""
    name, address = parseaddr(text)
    try:
        if not text.isprintable():
            raise BadInput("mail_from has characters that cannot be printed")
        return Address(name, addr_spec=check_email(address))
    except (BadEmail, HeaderParseError, ValueError) as e:
        raise BadInput(
            f"mail_from is {text!r}, which no letter can come from",
            hint="write it as name@example.org or Name <name@example.org>",
        ) from e


def _tls(parts: SplitResult, host: str) -> str:
    if parts.query not in {"", "tls=none"}:
        raise BadInput("smtp_url ends in something unknown", hint="?tls=none is all there may be")
    if parts.scheme == "smtps":
        return "at once"
    return "none" if parts.query or _is_this_machine(host) else "starttls"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
