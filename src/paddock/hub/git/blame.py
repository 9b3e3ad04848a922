"""Blame: for each line of a text, the commit that wrote it.

Knows the history of paths and how texts differ. Lines are handed from a commit to those of its
parents that have them, and stay where no parent does, as in ``git blame``. Where a parent does not
have the path, the lines go on to the file that was renamed, if there was one. Time, size and the
number of texts compared are bounded. What could not be followed to its end stays with the last
commit that was looked at, and the answer says that it is not complete.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.discussions.line_diff import find_edits, split_lines
from paddock.hub.git.path_history import Line, PathHistory, read_line
from paddock.hub.git.renaming import Renames
from paddock.hub.types import Repository

MAX_LINES = 20_000
MAX_TEXTS = 1000  # read and compared
MAX_PATHS = 50  # that a file had
BLAME_SECONDS = 3.0

# A blob's bytes by its id, None where they may not be compared: binary, too long, withheld.
ReadText = Callable[[str], bytes | None]
_Lines = list[
    tuple[int, int]
]  # a line of the text that is explained, and the same line at a commit


class _Run(NamedTuple):
    """Lines from here on: the same as those of the older text from ``old`` on, or new (None)."""

    new: int
    old: int | None


class Origin(NamedTuple):
    """A file as it was at a commit."""

    commit_oid: str
    path: str


class Blame(NamedTuple):
    """The lines of a text with their ends, and for each the commit and the file it came with."""

    lines: list[bytes]
    origins: list[Origin]
    is_complete: bool


def blame(
    conn: sa.Connection, repo: Repository, tip_oid: str, path: str, read_text: ReadText
) -> Blame | None:
    """Who wrote the file at the path; None when it is no text, or has too many lines."""
    search = _Search(conn, repo, read_line(conn, repo, tip_oid), read_text)
    return search.run(Origin(tip_oid, path))


class _Search:
    """Lines on their way down."""

    def __init__(
        self, conn: sa.Connection, repo: Repository, line: Line, read_text: ReadText
    ) -> None:
        self._conn, self._repo, self._line = conn, repo, line
        self._read_text = read_text
        self._histories: dict[str, PathHistory] = {}
        self._deadline = time.monotonic() + BLAME_SECONDS
        self._renames = Renames(conn, repo, self._text, self._deadline)
        self._texts_left = MAX_TEXTS
        self._waiting: list[tuple[int, Origin]] = []
        self._held: dict[Origin, _Lines] = {}
        self._known: dict[Origin, Sequence[bytes]] = {}  # texts of those that hold lines
        self._is_complete = True

    def run(self, tip: Origin) -> Blame | None:
        oid = self._oid(tip)
        text = self._read_text(oid) if oid is not None else None
        lines = split_lines(text) if text is not None else []
        if text is None or len(lines) > MAX_LINES:
            return None
        found = [tip] * len(lines)
        self._known[tip] = lines
        self._hand(tip, [(n, n) for n in range(len(lines))])
        while self._waiting:
            _, here = heapq.heappop(self._waiting)
            for number, _ in self._hand_on(here, self._held.pop(here)):
                found[number] = here
        walked = all(history.is_complete for history in self._histories.values())
        return Blame(lines, found, self._is_complete and walked and self._renames.is_complete)

    def _history(self, path: str) -> PathHistory:
        if path not in self._histories:
            self._histories[path] = PathHistory(self._conn, self._repo, self._line, path)
        return self._histories[path]

    def _oid(self, origin: Origin) -> str | None:
        return self._history(origin.path).oid_at(origin.commit_oid)

    def _hand(self, origin: Origin, lines: _Lines) -> None:
        if origin not in self._held:
            heapq.heappush(self._waiting, (self._line.places[origin.commit_oid], origin))
            self._held[origin] = []
        self._held[origin] += lines

    def _hand_on(self, here: Origin, lines: _Lines) -> _Lines:
        """What was nowhere before, and so is this commit's own."""
        text, oid = self._known.pop(here), self._oid(here)
        older = self._before(here)
        for origin in older:
            if self._oid(origin) == oid:
                self._known[origin] = text
                self._hand(origin, lines)
                return []
        for origin in older:
            was = self._lines_of(origin) if lines else None
            if was is not None:
                passed, lines = _divide(lines, self._kept(was, text))
                if passed:
                    self._known[origin] = was
                    self._hand(origin, passed)
        return lines

    def _before(self, here: Origin) -> list[Origin]:
        """What the file was at the parents; only the one where it was the same, if one is."""
        history = self._history(here.path)
        same = history.unchanged_from(here.commit_oid)
        if same is not None:
            return [Origin(same, here.path)]
        found = []
        for parent in history.parents_of(here.commit_oid):
            path: str | None = here.path
            if history.oid_at(parent) is None:
                path = self._renamed_from(here, parent)
            if path is not None:
                found.append(Origin(parent, path))
        return found

    def _renamed_from(self, here: Origin, parent: str) -> str | None:
        if len(self._histories) >= MAX_PATHS:
            self._is_complete = False
            return None
        history = self._history(here.path)
        trees = history.tree_of(parent), history.tree_of(here.commit_oid)
        return self._renames.source_of(here.path, *trees)

    def _lines_of(self, origin: Origin) -> Sequence[bytes] | None:
        if origin in self._known:
            return self._known[origin]
        oid = self._oid(origin)
        text = self._text(oid) if oid is not None else None
        return split_lines(text) if text is not None else None

    def _text(self, oid: str) -> bytes | None:
        """A text, as long as there may be more of them."""
        self._texts_left -= 1
        if self._texts_left < 0 or time.monotonic() > self._deadline:
            self._is_complete = False
            return None
        return self._read_text(oid)

    def _kept(self, older: Sequence[bytes], newer: Sequence[bytes]) -> list[_Run]:
        """Lines of the newer text that the older has, too."""
        edits = find_edits(older, newer, deadline=self._deadline)
        if time.monotonic() > self._deadline:
            self._is_complete = False
        runs = [_Run(0, 0)]
        for edit in edits:
            runs.append(_Run(edit.new_start, None))
            runs.append(_Run(edit.new_end, edit.old_end))
        return runs


def _divide(lines: _Lines, runs: list[_Run]) -> tuple[_Lines, _Lines]:
    """Those that the older text has, with their place in it, and the others."""
    passed: _Lines = []
    own: _Lines = []
    starts = [run.new for run in runs]
    for number, at in lines:
        run = runs[bisect_right(starts, at) - 1]
        if run.old is None:
            own.append((number, at))
        else:
            passed.append((number, run.old + at - run.new))
    return passed, own
