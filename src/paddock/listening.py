"""The address that a server listens on."""

from __future__ import annotations

import errno
import socket

from paddock.errors import Unavailable


class AddressInUse(Unavailable):
    """The address is taken, is not of this machine, or needs more rights."""

    code = "address_in_use"


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything else is done; raises AddressInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as e:
        listener.close()
        raise AddressInUse(
            f"cannot listen on {host}:{port}: {e.strerror}",
            hint="stop the other server, or choose another port with --port"
            if e.errno == errno.EADDRINUSE
            else "name an address of this machine with --host, and a port that you may use",
        ) from e
    listener.listen(1024)
    return listener


def address(listener: socket.socket, host: str) -> str:
    """Where this machine reaches the server."""
    return url_of(host, listener.getsockname()[1])


def url_of(host: str, port: int) -> str:
    """The same for a port that nobody listens on yet."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return f"http://{f'[{name}]' if ':' in name and name[0] != '[' else name}:{port}"
