"""Which commits last touched which paths, as far as somebody asked lately.

What a commit's history says never changes, so there is nothing to invalidate, only a bound to keep.
An answer for one commit shortens the search from every later one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

MAX_PATHS = 100_000  # over all commits, about 30 MB


class RecentTouches:
    """The commits asked about last, as many as have ``max_paths`` answers together."""

    def __init__(self, max_paths: int = MAX_PATHS) -> None:
        self._known: OrderedDict[tuple[int, str], dict[str, str]] = OrderedDict()
        self._max_paths, self._paths = max_paths, 0
        self._lock = threading.Lock()

    def get(self, repo_id: int, commit_oid: str, paths: Iterable[str]) -> dict[str, str]:
        """Those of the paths that are known as of this commit, and who touched them last."""
        with self._lock:
            known = self._known.get((repo_id, commit_oid))
            if known is None:
                return {}
            self._known.move_to_end((repo_id, commit_oid))
            return {path: known[path] for path in paths if path in known}

    def add(self, repo_id: int, commit_oid: str, touched: dict[str, str]) -> None:
        """Keep the answers, and let go of the commits that nobody asked about for longest."""
        with self._lock:
            known = self._known.setdefault((repo_id, commit_oid), {})
            self._paths -= len(known)
            known.update(touched)
            self._paths += len(known)
            self._known.move_to_end((repo_id, commit_oid))
            while self._paths > self._max_paths:
                _, dropped = self._known.popitem(last=False)
                self._paths -= len(dropped)
