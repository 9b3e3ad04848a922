"""Who acts: set once where a request, a command or a job begins, read where an act is noted.

So functions that change something need not be handed who called them, and no act is noted without.
Who is behind a request may become known only while it is answered, so what is set is a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from paddock.hub.types import Caller

MAX_ADDRESS_CHARS = 64


class Actor(NamedTuple):
    """Who acts, by which way; nobody in particular where no account is behind it."""

    account_id: int | None = None
    name: str | None = None
    way: str = "server"  # "token 12", "session 1f…", "command", "job KIND"
    address: str | None = None


_acting: ContextVar[Callable[[], Actor] | None] = ContextVar("paddock.acting", default=None)


def actor() -> Actor:
    """Who acts now."""
    asked = _acting.get()
    return Actor() if asked is None else asked()


@contextmanager
def acting(who: Callable[[], Actor]) -> Iterator[None]:
    """Within the block it is they who act."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def behind(caller: Caller, address: str | None) -> Actor:
    """The caller of a request."""
    where = address[:MAX_ADDRESS_CHARS] if address else None
    if caller.account is None:
        return Actor(way="request", address=where)
    way = "request"
    if caller.token is not None:
        way = f"token {caller.token.id}"
    elif caller.session is not None:
        way = f"session {caller.session.secret_sha256[:12]}"
    return Actor(caller.account.id, caller.account.name, way, where)
