"""What other threads ask of the engine, until its own thread takes it before the next step.

Bounded: requests that are not yet running by ``max_waiting``, different forms of those in hand by
``max_forms``, and of both a quarter more for users who have few in hand, so that nobody can fill
the queue against others; cancellations by the requests there are. Jobs (adapters put and dropped)
are run by the engine's thread; who asked waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition
from typing import Final, NamedTuple, TypeVar

from paddock.engine.errors import DuplicateRequest, EngineFull, EngineStopped
from paddock.engine.grammar.kinds import Grammar
from paddock.engine.request import Request
from paddock.engine.sequence import Sequence
from paddock.errors import shown

RESERVE_SHARE: Final = 4  # one part in so many of the queue, more, for users with few requests
FEW_SHARE: Final = 64  # one part in so many is few

_LATER: Final = "try again in a while"

T = TypeVar("T")
Job = Callable[[], None]


class Mail(NamedTuple):
    """All that was asked since the last step."""

    arrivals: list[Sequence]
    cancelled: list[Sequence]
    jobs: list[tuple[Job, Future[None]]]


class Inbox:
    """Requests, cancellations and jobs from any thread to the engine's."""

    def __init__(self, max_waiting: int, max_forms: int, waiting: Callable[[], int]) -> None:
        """``waiting`` tells how many requests wait that were taken from here."""
        self._changed = Condition()
        self._max_waiting = max_waiting
        self._max_forms = max_forms
        self._waiting = waiting
        self._live: dict[str, Sequence] = {}
        self._users: Counter[str] = Counter()  # requests in hand of each
        self._forms: Counter[Grammar] = Counter()  # those that follow each
        self._arrivals: list[Sequence] = []
        self._cancelled: list[Sequence] = []
        self._jobs: list[tuple[Job, Future[None]]] = []
        self._closed: str | None = None  # why no request is taken
        self._is_over = False  # nor anything else

    @property
    def arrivals(self) -> int:
        """Requests that the engine has not taken yet."""
        return len(self._arrivals)

    def check_open(self, request: Request) -> None:
        """Raise EngineStopped, EngineFull or DuplicateRequest where ``put`` would."""
        with self._changed:
            self._check(request)

    def put(self, sequence: Sequence) -> None:
        """A request; raises as ``check_open``."""
        with self._changed:
            self._check(sequence.request)
            self._live[sequence.request.id] = sequence
            self._users[sequence.request.user] += 1
            if sequence.request.grammar is not None:
                self._forms[sequence.request.grammar] += 1
            self._arrivals.append(sequence)
            self._changed.notify_all()

    def cancel(self, request_id: str) -> None:
        """End a request; one that is not in hand is none."""
        with self._changed:
            sequence = self._live.get(request_id)
            if sequence is not None and not sequence.is_cancelled:
                sequence.is_cancelled = True
                self._cancelled.append(sequence)
                self._changed.notify_all()

    def ask(self, job: Job) -> Future[None]:
        """Have the engine's thread do something; EngineStopped comes out where it has ended."""
        done: Future[None] = Future()
        with self._changed:
            if self._is_over:
                done.set_exception(EngineStopped("the engine has stopped"))
            else:
                self._jobs.append((job, done))
            self._changed.notify_all()
        return done

    def take(self) -> Mail:
        """All that has come; the engine's thread."""
        if not (self._arrivals or self._cancelled or self._jobs):
            return _NOTHING
        with self._changed:
            mail = Mail(self._arrivals, self._cancelled, self._jobs)
            self._arrivals, self._cancelled, self._jobs = [], [], []
            return mail

    def forget(self, ended: list[Sequence]) -> None:
        """These have ended; their ids may be used again."""
        with self._changed:
            for sequence in ended:
                del self._live[sequence.request.id]
                _take_one(self._users, sequence.request.user)
                if sequence.request.grammar is not None:
                    _take_one(self._forms, sequence.request.grammar)
            self._changed.notify_all()

    def clear(self) -> tuple[list[Sequence], list[tuple[Job, Future[None]]]]:
        """All requests in hand and all jobs, which are forgotten here."""
        with self._changed:
            self._is_over = True
            left, jobs = list(self._live.values()), self._jobs
            self._live, self._arrivals, self._cancelled, self._jobs = {}, [], [], []
            self._users.clear()
            self._forms.clear()
            self._changed.notify_all()
            return left, jobs

    def close(self, why: str) -> None:
        """Take no more requests."""
        with self._changed:
            self._closed = self._closed or why
            self._changed.notify_all()

    def wait_for_mail(self) -> None:
        """Sleep until there is something to take."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrivals or self._cancelled or self._jobs)

    def wait_until_empty(self, seconds: float) -> bool:
        """Whether every request ended within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._live, seconds)

    def _check(self, request: Request) -> None:
        if self._closed is not None:
            raise EngineStopped(self._closed)
        if request.id in self._live:
            raise DuplicateRequest(f"a request of the id {shown(request.id)} is in hand")
        waiting = len(self._arrivals) + self._waiting()
        if waiting >= self._most(self._max_waiting, request.user):
            raise EngineFull(f"{waiting} requests wait, and no more are taken", hint=_LATER)
        form, forms = request.grammar, len(self._forms)
        if form is None or form in self._forms:
            return
        if forms >= self._most(self._max_forms, request.user):
            raise EngineFull(
                f"{forms} different forms are in use, and no more are taken", hint=_LATER
            )

    def _most(self, limit: int, user: str) -> int:
        """The limit, and its reserve for who has little in hand."""
        if self._users[user] < limit // FEW_SHARE:
            return limit + limit // RESERVE_SHARE
        return limit


def _take_one(counted: Counter[T], key: T) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]


_NOTHING = Mail([], [], [])
