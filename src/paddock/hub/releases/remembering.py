"""What was read from files, by the ids of those files: bytes of one id never change.

Bounded by the size of what it keeps; knows nothing else of it. Whoever asks has been let in before,
and a key says everything that an answer depends on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """The last answers; computing one twice at the same time is allowed, and harmless."""

    def __init__(self, limit: int, size: Callable[[T], int] = lambda _: 1) -> None:
        self._limit, self._size = limit, size
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._held = 0

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The answer under the key, computed when nobody asked before."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = compute()
        with self._lock:
            if key not in self._known:
                self._known[key] = found
                self._held += self._size(found)
            while self._held > self._limit and self._known:
                _, gone = self._known.popitem(last=False)
                self._held -= self._size(gone)
        return found
