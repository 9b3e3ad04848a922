"""How much each caller may ask for: requests and tokens a minute, requests at once.

Buckets that fill evenly, in memory, a process for itself. Tokens are charged when they were used,
so that a bucket may go below nothing; whoever is there waits until it is not. There are only so
many buckets: a crowd of new names is refused, and not those that are known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from paddock.serve.callers import UNLIMITED, Caller, Limits
from paddock.serve.errors import TooManyRequests

MINUTE: Final = 60.0
MAX_CALLERS: Final = 50_000
_LOOK_SECONDS: Final = 1.0  # between two looks through all of them


class Left(NamedTuple):
    """What is left of one limit."""

    limit: int
    remaining: int
    reset_seconds: float  # until it is whole again


@dataclass(slots=True)
class _Account:
    requests: float
    tokens: float
    filled_at: float
    in_hand: int = 0


class Limiter:
    """What every caller used; see the module. ``limits`` hold for callers that bring none."""

    def __init__(
        self, limits: Limits | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits, self._now = limits or UNLIMITED, now
        self._accounts: dict[str, _Account] = {}
        self._looked_at = -MINUTE

    def limits_of(self, caller: Caller) -> Limits:
        """The caller's own limits, where it has any, else everyone's."""
        return self._limits if caller.limits == UNLIMITED else caller.limits

    def count_request(self, caller: Caller) -> None:
        """One request more; raises TooManyRequests."""
        limit = self.limits_of(caller).requests_per_minute
        if not limit:
            return
        account = self._account(caller)
        if account.requests < 1:
            wait = (1 - account.requests) * MINUTE / limit
            raise TooManyRequests(
                f"the limit of {limit} requests a minute is reached", retry_after_seconds=wait
            )
        account.requests -= 1

    @contextmanager
    def in_hand(self, caller: Caller) -> Iterator[None]:
        """A request of the caller's is answered meanwhile; raises TooManyRequests."""
        limits = self.limits_of(caller)
        if not (limits.concurrent or limits.tokens_per_minute):
            yield
            return
        account = self._account(caller)
        if limits.concurrent and account.in_hand >= limits.concurrent:
            raise TooManyRequests(
                f"the limit of {limits.concurrent} requests at once is reached",
                retry_after_seconds=1,
            )
        if limits.tokens_per_minute and account.tokens <= 0:
            raise TooManyRequests(
                f"the limit of {limits.tokens_per_minute} tokens a minute is reached",
                retry_after_seconds=(1 - account.tokens) * MINUTE / limits.tokens_per_minute,
            )
        account.in_hand += 1
        try:
            yield
        finally:
            account.in_hand -= 1

    def charge(self, caller: Caller, tokens: int) -> None:
        """So many tokens were read or written for the caller."""
        if self.limits_of(caller).tokens_per_minute and caller.name in self._accounts:
            self._account(caller).tokens -= tokens

    def left(self, caller: Caller) -> dict[str, Left]:
        """What is left, by ``requests`` and ``tokens``; only of what is limited."""
        limits = self.limits_of(caller)
        most = {"requests": limits.requests_per_minute, "tokens": limits.tokens_per_minute}
        if not any(most.values()):
            return {}
        account = self._account(caller)
        has = {"requests": account.requests, "tokens": account.tokens}
        return {
            what: Left(limit, max(0, int(has[what])), (limit - has[what]) * MINUTE / limit)
            for what, limit in most.items()
            if limit
        }

    def _account(self, caller: Caller) -> _Account:
        limits, now = self.limits_of(caller), self._now()
        full = float(limits.requests_per_minute), float(limits.tokens_per_minute)
        account = self._accounts.get(caller.name)
        if account is None:
            self._have_room(now)
            account = self._accounts[caller.name] = _Account(*full, now)
        share = (now - account.filled_at) / MINUTE
        account.requests = min(full[0], account.requests + full[0] * share)
        account.tokens = min(full[1], account.tokens + full[1] * share)
        account.filled_at = now
        return account

    def _have_room(self, now: float) -> None:
        """For one more. After a minute every account that only counts requests is whole again."""
        if len(self._accounts) < MAX_CALLERS:
            return
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._forget_whole_ones(now)
        if len(self._accounts) >= MAX_CALLERS:
            raise TooManyRequests("too many new callers at once", retry_after_seconds=MINUTE)

    def _forget_whole_ones(self, now: float) -> None:
        self._accounts = {
            name: account
            for name, account in self._accounts.items()
            if account.in_hand or account.tokens < 0 or now - account.filled_at < MINUTE
        }
