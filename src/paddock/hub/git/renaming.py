"""The file of an older revision that a new one was, looked for in the two revisions' trees.

Knows which files went between them, and how many of them are looked at; what makes one of them the
same file is ``renames``'s. Where there were too many, it says that it did not look.
"""

from __future__ import annotations

import time
from functools import partial
from itertools import islice
from typing import Final

import sqlalchemy as sa

from paddock.errors import TooLarge
from paddock.hub.discussions.diffs import Change, list_changes
from paddock.hub.git.files import read_trees
from paddock.hub.git.objects import blob_facts
from paddock.hub.git.renames import Gone, ReadText, find_source
from paddock.hub.types import Repository

MAX_CHANGES: Final = 10_000  # of one commit


class Renames:
    """Renames in one repository, until a moment of ``time.monotonic``."""

    def __init__(
        self, conn: sa.Connection, repo: Repository, read_text: ReadText, deadline: float
    ) -> None:
        self._conn, self._repo, self._read_text = conn, repo, read_text
        self._deadline = deadline
        self.is_complete = True

    def source_of(self, path: str, old_tree: str, new_tree: str) -> str | None:
        """What a file that only the newer tree has was called in the older one, if it was there."""
        changes = self._changes(old_tree, new_tree)
        came = next((one.new for one in changes if one.path == path and one.new), None)
        gone = [(one.path, one.old) for one in changes if one.old and not one.new]
        if came is None or not gone:
            return None
        facts = blob_facts(self._conn, self._repo.id, sorted({entry.oid for _, entry in gone}))
        known = [
            Gone(old_path, entry, facts[entry.oid].size_bytes)
            for old_path, entry in gone
            if entry.oid in facts
        ]
        return find_source(path, came, known, self._read_text)

    def _changes(self, old_tree: str, new_tree: str) -> list[Change]:
        if time.monotonic() > self._deadline:
            self.is_complete = False
            return []
        trees = partial(read_trees, self._conn, self._repo.id)
        try:
            found = list(islice(list_changes(trees, old_tree, new_tree), MAX_CHANGES + 1))
        except TooLarge:
            found = []
            self.is_complete = False
        if len(found) > MAX_CHANGES:
            self.is_complete = False
            return []
        return found
