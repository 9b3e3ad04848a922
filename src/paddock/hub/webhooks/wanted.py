"""What may be asked of a webhook: where to, what to watch, which domains, which secret.

Pure. Checks a stranger's values and says what is wrong with them; keeps nothing. Names of what is
watched need not exist: a webhook may be there before the repository.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from paddock.errors import BadInput, shown
from paddock.hub.webhooks.addresses import as_address, is_public

MAX_URL_CHARS = 2048
MAX_SECRET_CHARS = 512
MAX_WATCHED = 200
MAX_NAME_CHARS = 193
DOMAINS = ("repo", "discussion")
OWNERS = ("user", "org")
REPOSITORIES = ("model", "dataset", "space", "kernel", "bucket")

_URL = re.compile(r"https?://[!-;=?-Z_a-z~\[\]]+")  # printable ASCII without " < > \ ^ ` { | }
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_OWNER = re.compile(_PART)
_REPOSITORY = re.compile(rf"{_PART}(/{_PART})?")
_SECRET = re.compile(r"[!-~]([ -~]*[!-~])?")


class BadWebhook(BadInput):
    """A webhook's address, names, domains or secret cannot be used."""

    code = "bad_webhook"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched: everything of an owner, or one repository."""

    kind: str
    name: str

    @property
    def key(self) -> str:
        return self.name.lower()


def check_url(url: str, *, targets: str) -> str:
    """The address, if deliveries may be sent there as far as can be told without asking anybody."""
    if len(url) > MAX_URL_CHARS:
        raise BadWebhook(f"the address is longer than {MAX_URL_CHARS} characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as e:
        raise BadWebhook(f"{shown(url)} is no web address") from e
    if not _URL.fullmatch(url) or not host or port == 0 or parts.fragment:
        raise BadWebhook(
            f"{shown(url)} is no web address that deliveries can be sent to",
            hint="use http:// or https://, in ASCII (a name in other letters as xn--…)",
        )
    if "@" in parts.netloc:
        raise BadWebhook("an address may not hold a user or password", hint="use the secret")
    address = as_address(host)
    if targets != "any" and address is not None and not is_public(address):
        raise BadWebhook(
            f"{shown(host)} is not an address of the public internet",
            hint="an administrator may allow private ones with the setting webhook_targets",
        )
    return url


def check_watched(items: Sequence[Mapping[str, Any]]) -> tuple[Watched, ...]:
    """What to watch, each once, in order."""
    if len(items) > MAX_WATCHED:
        raise BadWebhook(f"{len(items)} names are too many to watch", hint=f"{MAX_WATCHED} at most")
    return tuple(dict.fromkeys(_watched(item.get("type"), item.get("name")) for item in items))


def check_domains(domains: Sequence[str]) -> tuple[str, ...]:
    """The domains, each once, in the order of ``DOMAINS``."""
    for domain in domains:
        if domain not in DOMAINS:
            raise BadWebhook(f"no domain is named {shown(domain)}", hint=f"use {DOMAINS}")
    if not domains:
        raise BadWebhook("a webhook without a domain is never told anything", hint=f"use {DOMAINS}")
    return tuple(domain for domain in DOMAINS if domain in domains)


def check_secret(secret: str) -> str:
    """The secret, if a header can hold it; an empty one stands for none."""
    if secret and (len(secret) > MAX_SECRET_CHARS or not _SECRET.fullmatch(secret)):
        raise BadWebhook(
            "the secret cannot be sent in a header",
            hint=f"use at most {MAX_SECRET_CHARS} letters, digits and signs of ASCII",
        )
    return secret


def _watched(kind: Any, name: Any) -> Watched:
    if kind not in OWNERS and kind not in REPOSITORIES:
        types = ", ".join([*OWNERS, *REPOSITORIES])
        raise BadWebhook(f"nothing of type {shown(kind)} can be watched", hint=f"types: {types}")
    pattern = _OWNER if kind in OWNERS else _REPOSITORY
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARS or not pattern.fullmatch(name):
        raise BadWebhook(f"no {kind} can have the name {shown(name)}")
    return Watched(kind, name)
