"""Who calls, what they may use, and how much of it.

Values, and the questions that a gate answers. Where its answers come from (nobody is asked, a file
of tokens, a hub) is in ``gates``; how a caller is read from a request, in ``http.callers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """What one caller may ask for; 0: as much as they like."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0  # of prompts and answers together
    concurrent: int = 0  # requests in hand at once


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: ``name`` is what turns, limits and prefixes are kept apart by; never a secret."""

    name: str
    limits: Limits = UNLIMITED
    credential: Any = None  # what the gate needs to ask on; known to it alone


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a gate sees of a request."""

    headers: Mapping[str, str]  # by names in lower case
    address: str = ""  # where it comes from
    base_url: str = ""  # where its sender found us


class Gate(Protocol):
    """Decides who gets in, and to which models."""

    async def caller(self, arrival: Arrival) -> Caller:
        """Who sent a request; raises Unauthorized, Forbidden, Unavailable."""
        ...

    async def may_use(self, caller: Caller, repository: str) -> bool:
        """Whether the caller may use a model that is this repository of a hub."""
        ...

    async def close(self) -> None:
        """Let go what it holds open."""
        ...
