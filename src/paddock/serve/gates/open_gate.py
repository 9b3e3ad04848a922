"""Everybody gets in; callers are told apart by the address they come from.

For this machine alone, a browser gets in only for pages of this machine: any page of the web can
ask its visitor's own computer, and browsers name the page wherever a request may do something. A
page whose own name was made to lead here (DNS rebinding) asks us by that name.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from paddock.errors import Forbidden, shown
from paddock.serve.callers import Arrival, Caller

_HINT: Final = "with --auth, pages of other sites and other names are let in"


class ForeignPage(Forbidden):
    """A page of another site asks a server that is for this machine alone."""

    code = "foreign_page"


class OpenGate:
    """A ``Gate`` that asks for nothing; ``is_local`` is for a machine of one's own."""

    def __init__(self, *, is_local: bool = False) -> None:
        self._is_local = is_local

    async def caller(self, arrival: Arrival) -> Caller:
        if self._is_local:
            _refuse_foreign_page(arrival)
        return Caller(f"address:{_household(arrival.address)}")

    async def may_use(self, caller: Caller, repository: str) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own, and nobody else's."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _household(address: str) -> str:
    """What one customer of a network has: an address, or with IPv6 2^64 of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.is_loopback:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))


def _refuse_foreign_page(arrival: Arrival) -> None:
    origin = arrival.headers.get("origin")  # programs send none
    if origin is not None and not is_loopback(_host_of(origin)):
        raise ForeignPage(
            f"a page of {shown(origin)} asks, and this server is for this machine alone",
            hint=_HINT,
        )
    host = _host_of(arrival.base_url)
    if arrival.base_url and not is_loopback(host):
        raise ForeignPage(
            f"this server is for this machine alone, and was asked by the name {shown(host)}",
            hint=_HINT,
        )


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
