"""Folders that were read lately, kept in memory because every download of a file reads its folders.

A tree never changes: its id is the digest of its content. So there is nothing to invalidate, only a
bound to keep. Entries are kept by repository, like the rows they come from.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from paddock.hub.git.trees import TreeEntry

MAX_ENTRIES = 200_000  # names over all folders, about 60 MB


class RecentTrees:
    """The folders used last, as many as have ``max_entries`` names together."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._trees: OrderedDict[tuple[int, str], list[TreeEntry]] = OrderedDict()
        self._max_entries, self._entries = max_entries, 0
        self._lock = threading.Lock()

    def get(self, repo_id: int, oids: Iterable[str]) -> dict[str, list[TreeEntry]]:
        """Those of the folders that are here; the lists must not be changed."""
        found = {}
        with self._lock:
            for oid in oids:
                tree = self._trees.get((repo_id, oid))
                if tree is not None:
                    self._trees.move_to_end((repo_id, oid))
                    found[oid] = tree
        return found

    def add(self, repo_id: int, trees: dict[str, list[TreeEntry]]) -> None:
        """Keep the folders, and let go of those that were not used for longest."""
        with self._lock:
            for oid, tree in trees.items():
                if (repo_id, oid) not in self._trees:
                    self._trees[repo_id, oid] = tree
                    self._entries += len(tree) + 1
            while self._entries > self._max_entries:
                _, dropped = self._trees.popitem(last=False)
                self._entries -= len(dropped) + 1
