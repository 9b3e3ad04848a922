"""What was read from files, by the ids of those files: bytes of one id never change.

Bounded in number; knows nothing of what it keeps. Whoever asks has been let in before, and a key
says everything that an answer depends on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """The last answers; computing one twice at the same time is allowed, and harmless."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The answer under the key, computed when nobody asked before."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = compute()
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._limit:
                self._known.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._known)
