"""What is under way: bytes in memory, bounded, and the first thing that went wrong.

Who reads takes room for every piece before it reads further; others work on the pieces and give the
room back. Knows neither files nor tensors. A failure anywhere ends the reading. Nobody may wait for
room while holding a piece that is not handed on yet: what it waits for could be its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Flow:
    """Room for so many bytes; one more is let in alone, however large it is."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes, self._in_use = limit_bytes, 0
        self._changed = threading.Condition()
        self.failure: BaseException | None = None

    def take(self, size_bytes: int, holders: int) -> Share:
        """Wait for room; it is free again when each of the holders is done with it."""
        with self._changed:
            while self._in_use and self._in_use + size_bytes > self._limit_bytes:
                if self.failure:
                    break
                self._changed.wait()
            self.check()
            self._in_use += size_bytes
        return Share(self, size_bytes, holders)

    def give_back(self, size_bytes: int) -> None:
        """Make room for others."""
        with self._changed:
            self._in_use -= size_bytes
            self._changed.notify_all()  # files that are read again wait, too

    def fail(self, error: BaseException) -> None:
        """Remember what went wrong first, and wake whoever waits for room."""
        with self._changed:
            self.failure = self.failure or error
            self._changed.notify_all()

    def check(self) -> None:
        """Raise what went wrong elsewhere."""
        if self.failure:
            raise self.failure


class Share:
    """A piece's room, held by several threads at once."""

    def __init__(self, flow: Flow, size_bytes: int, holders: int) -> None:
        self._flow, self._size_bytes, self._holders = flow, size_bytes, holders
        self._lock = threading.Lock()

    def done(self) -> None:
        """One holder needs the piece no longer."""
        with self._lock:
            self._holders -= 1
            is_free = self._holders == 0
        if is_free:
            self._flow.give_back(self._size_bytes)


class Lane(Generic[Item]):
    """A thread that works on what it is given, in order; after a failure it only empties itself."""

    def __init__(
        self, flow: Flow, work: Callable[[Item], None], last: Callable[[], None] | None = None
    ) -> None:
        self._flow, self._work, self._last = flow, work, last
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand over an item; whoever puts bounds how many are waiting."""
        self._items.put(item)

    def close(self) -> None:
        """No more will come; returns at once."""
        self._items.put(None)

    def join(self) -> None:
        """Wait until everything is done."""
        self._thread.join()

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            self._unless_failed(partial(self._work, item))
        if self._last:
            self._unless_failed(self._last)

    def _unless_failed(self, step: Callable[[], None]) -> None:
        if self._flow.failure:
            return
        try:
            step()
        except BaseException as e:
            self._flow.fail(e)
