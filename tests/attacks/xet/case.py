"""What a hostile message is: a name, what is sent where, and the sentence that must refuse it.

``Stored`` is what honest uploads have left on the server before: a case may refer to it, and lie
about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from tests.hub.xet.messages import Xorb


class Stored(NamedTuple):
    """Xorbs that are there, or not, when a shard is sent."""

    mine: Xorb  # three chunks that the sender uploaded
    other: Xorb  # two more
    foreign: Xorb  # a stranger's, in a private repository; the thief knows every chunk hash
    unknown: Xorb  # never uploaded by anybody


class Sent(NamedTuple):
    """One request below the CAS's address."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of hostile message."""

    name: str
    reason: str  # a pattern that the error's sentence must match
    make: Callable[[Stored], Sent]
    status: int = 400


SHARDS = "v1/shards"


def xorb_path(name: str) -> str:
    """Where a xorb of that name is sent."""
    return f"v1/xorbs/default/{name}"


def xorbs(reason: str, bodies: Mapping[str, bytes], name: str = "0" * 64) -> list[Case]:
    """Cases of xorbs that all must be refused for one reason, whatever they are called."""
    sent = {title: Sent(xorb_path(name), body) for title, body in bodies.items()}
    return [Case(title, reason, partial(_always, each)) for title, each in sent.items()]


def shards(reason: str, made: Mapping[str, Callable[[Stored], bytes]]) -> list[Case]:
    """Cases of shards that all must be refused for one reason."""
    return [Case(title, reason, partial(_shard, make)) for title, make in made.items()]


def _always(sent: Sent, _: Stored) -> Sent:
    return sent


def _shard(make: Callable[[Stored], bytes], stored: Stored) -> Sent:
    return Sent(SHARDS, make(stored))
