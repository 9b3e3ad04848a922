"""The mirror of this server: the other hub, what is on its way from it, what it does not have.

Knows no rows. One per process; requests share it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paddock.config import Settings
from paddock.hub.mirror.growing import Arrivals
from paddock.hub.mirror.policy import parse_allowed
from paddock.hub.mirror.upstream import Upstream
from paddock.hub.names import RepositoryName
from paddock.storage.blobs import BlobStore

ABSENT_SECONDS = 60.0  # how long "the other hub has none of this name" is believed
MAX_ABSENT = 10_000


@dataclass(slots=True)
class Mirror:
    """The other hub, what is on its way from it, and which names it does not have."""

    upstream: Upstream
    arrivals: Arrivals
    _absent: OrderedDict[tuple[str, str], float] = field(default_factory=OrderedDict)
    _asking: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """The server stops; what is half here is resumed by the next one."""
        self.arrivals.close()
        self.upstream.close()

    def is_absent(self, name: RepositoryName) -> bool:
        """Whether the other hub said so a moment ago."""
        with self._lock:
            return time.monotonic() < self._absent.get((name.kind, name.key), 0.0)

    def remember_absent(self, name: RepositoryName) -> None:
        """Ask no more for a while."""
        with self._lock:
            self._absent[name.kind, name.key] = time.monotonic() + ABSENT_SECONDS
            while len(self._absent) > MAX_ABSENT:
                self._absent.popitem(last=False)

    @contextmanager
    def one_at_a_time(self, name: RepositoryName) -> Iterator[bool]:
        """Ask for one repository once: False for whoever waited while somebody else did."""
        key = (name.kind, name.key)
        with self._lock:
            turn = self._asking.setdefault(key, threading.Lock())
        first = turn.acquire(blocking=False)
        if not first:
            turn.acquire()
        try:
            yield first
        finally:
            turn.release()
            with self._lock:
                if not turn.locked():
                    self._asking.pop(key, None)


def open_mirror(settings: Settings, blobs: BlobStore) -> Mirror | None:
    """The mirror that the settings ask for, or None."""
    if settings.upstream is None:
        return None
    upstream = Upstream(
        settings.upstream,
        settings.upstream_token,
        parse_allowed(settings.upstream_licences),
        for_strangers=settings.upstream_for == "anyone",
        refresh_seconds=settings.upstream_refresh_seconds,
    )
    return Mirror(upstream, Arrivals(settings.data / "mirror", blobs))
