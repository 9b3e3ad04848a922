"""Which network addresses a webhook may be sent to: those that anybody on the internet reaches.

Pure. Whoever can make this server send a request must not reach with it what only this server
reaches: itself, its neighbours, and the services that tell cloud machines their secrets. What is
not known to be public is refused.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_Address = IPv4Address | IPv6Address

# Beyond what Python's ``is_global`` refuses.
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "100.64.0.0/10",  # behind carriers' NAT; a cloud's metadata is at 100.100.100.200
        "168.63.129.16/32",  # Azure's services for the machine itself
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata is at 192.0.0.192
        "192.88.99.0/24",  # relays from IPv6
        "198.18.0.0/15",  # benchmarks
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")  # all that was ever given out
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, benchmarks, ORCHID: tunnels and no hosts
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether an address, in text, is one of the public internet."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public(parsed)


def as_address(host: str) -> str | None:
    """The host of a URL as an address, when it is one and no name."""
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None


def _is_public(address: _Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    if address.ipv4_mapped is not None:  # ::ffff:127.0.0.1 is connected to as 127.0.0.1
        return _is_public(address.ipv4_mapped)
    if address not in _UNICAST_V6 or any(address in network for network in _REFUSED_V6):
        return False
    return address.is_global
