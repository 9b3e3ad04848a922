"""Whose turn it is: users share the engine evenly, and one user's requests come in their order.

Each user has an account of tokens computed on his behalf. The one who has had least is next. Who
was away does not save up: his account begins where the turn is. That is start-time fair queueing
(Goyal, Vin and Cheng, 1996). Picking costs the logarithm of the number of users, and nothing
depends on how many requests wait.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from paddock.engine.sequence import Sequence

_IDLE_ACCOUNTS: Final = 4096  # remembered of users who have nothing in hand


@dataclass(slots=True)
class Account:
    """What a user has had, and what of his waits, by number of arrival."""

    user: str
    tokens: int = 0  # virtual: only differences mean something
    in_hand: int = 0  # requests that wait or run
    waiting: OrderedDict[int, Sequence] = field(default_factory=OrderedDict)
    entry: int = 0  # the serial of its entry in the heap; an older entry is void


class FairQueue:
    """Requests that wait, and what every user has had. One thread uses it."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._heap: list[tuple[int, int, int, Account]] = []  # tokens, arrival, serial
        self._serial = 0
        self._turn = 0  # the account of who was picked last
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def add(self, sequence: Sequence) -> None:
        """A new request."""
        account = self._account(sequence.request.user)
        if not account.in_hand:
            account.tokens = max(account.tokens, self._turn)
        account.in_hand += 1
        self._enqueue(account, sequence)

    def put_back(self, sequence: Sequence) -> None:
        """A request whose blocks were taken: before all of the same user that came later."""
        account = self._accounts[sequence.request.user]
        self._enqueue(account, sequence)
        account.waiting.move_to_end(sequence.arrival, last=False)

    def first(self) -> Sequence | None:
        """The request whose turn is next; it stays until ``remove``."""
        while self._heap:
            tokens, _, serial, account = self._heap[0]
            if account.entry == serial and account.waiting and account.tokens == tokens:
                self._turn = max(self._turn, tokens)
                return next(iter(account.waiting.values()))
            heappop(self._heap)
            if account.entry == serial:
                account.entry = 0
                if account.waiting:
                    self._push(account)
        return None

    def remove(self, sequence: Sequence) -> None:
        """It waits no more: it runs, or has ended."""
        del self._accounts[sequence.request.user].waiting[sequence.arrival]
        self._waiting -= 1

    def charge(self, sequence: Sequence, tokens: int) -> None:
        """Tokens were computed for it."""
        self._accounts[sequence.request.user].tokens += tokens

    def had(self, sequence: Sequence) -> int:
        """What its user has had."""
        return self._accounts[sequence.request.user].tokens

    def leave(self, sequence: Sequence) -> None:
        """It has ended, and waits no more."""
        account = self._accounts[sequence.request.user]
        account.in_hand -= 1
        if account.in_hand:
            return
        # An account below the turn says nothing that a new one would not.
        if account.tokens <= self._turn:
            del self._accounts[account.user]
        elif len(self._accounts) > _IDLE_ACCOUNTS:
            self._drop_one_idle()

    def _account(self, user: str) -> Account:
        account = self._accounts.get(user)
        if account is None:
            account = self._accounts[user] = Account(user, tokens=self._turn)
        return account

    def _enqueue(self, account: Account, sequence: Sequence) -> None:
        account.waiting[sequence.arrival] = sequence
        self._waiting += 1
        if not account.entry:
            self._push(account)

    def _push(self, account: Account) -> None:
        self._serial += 1
        account.entry = self._serial
        arrival = next(iter(account.waiting))
        heappush(self._heap, (account.tokens, arrival, self._serial, account))

    def _drop_one_idle(self) -> None:
        """Forget an idle account near the oldest end; the busy ones there move to the other."""
        for _ in range(8):
            user, account = next(iter(self._accounts.items()))
            if not account.in_hand:
                del self._accounts[user]
                return
            self._accounts.move_to_end(user)
