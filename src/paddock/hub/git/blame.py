"""Blame: for each line of a text, the commit that wrote it.

Knows the history of one path and how texts differ. Lines are handed from a commit to those of its
parents that have them, and stay where no parent does, as in ``git blame``; renames are not
followed. Time, size and the number of texts compared are bounded. What could not be followed to its
end stays with the last commit that was looked at, and the answer says that it is not complete.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.discussions.line_diff import find_edits, split_lines
from paddock.hub.git.path_history import PathHistory
from paddock.hub.types import Repository

MAX_LINES = 20_000
MAX_TEXTS = 1000  # read and compared
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


class Blame(NamedTuple):
    """The lines of a text with their ends, and for each the commit it came with."""

    lines: list[bytes]
    commits: list[str]
    is_complete: bool


def blame(
    conn: sa.Connection, repo: Repository, tip_oid: str, path: str, read_text: ReadText
) -> Blame | None:
    """Who wrote the file at the path; None when it is no text, or has too many lines."""
    history = PathHistory(conn, repo, tip_oid, path)
    oid = history.oid_at(tip_oid)
    text = read_text(oid) if oid is not None else None
    lines = split_lines(text) if text is not None else []
    if text is None or len(lines) > MAX_LINES:
        return None
    return _Search(history, read_text).run(tip_oid, lines)


class _Search:
    """Lines on their way down."""

    def __init__(self, history: PathHistory, read_text: ReadText) -> None:
        self._history, self._read_text = history, read_text
        self._deadline = time.monotonic() + BLAME_SECONDS
        self._texts_left = MAX_TEXTS
        self._waiting: list[tuple[int, str]] = []
        self._held: dict[str, _Lines] = {}
        self._known: dict[str, Sequence[bytes]] = {}  # texts of commits that hold lines
        self._is_complete = True

    def run(self, tip_oid: str, lines: list[bytes]) -> Blame:
        found = [tip_oid] * len(lines)
        self._known[tip_oid] = lines
        self._hand(tip_oid, [(n, n) for n in range(len(lines))])
        while self._waiting:
            _, oid = heapq.heappop(self._waiting)
            for number, _ in self._hand_on(oid, self._held.pop(oid)):
                found[number] = oid
        return Blame(lines, found, self._is_complete and self._history.is_complete)

    def _hand(self, commit_oid: str, lines: _Lines) -> None:
        if commit_oid not in self._held:
            heapq.heappush(self._waiting, (self._history.place(commit_oid), commit_oid))
            self._held[commit_oid] = []
        self._held[commit_oid] += lines

    def _hand_on(self, oid: str, lines: _Lines) -> _Lines:
        """What no parent has, and so is this commit's own."""
        same, text = self._history.unchanged_from(oid), self._known.pop(oid)
        if same is not None:
            self._known[same] = text
            self._hand(same, lines)
            return []
        for parent in self._history.parents_of(oid):
            older = self._text_of(parent) if lines else None
            if older is not None:
                passed, lines = _divide(lines, self._kept(older, text))
                if passed:
                    self._known[parent] = older
                    self._hand(parent, passed)
        return lines

    def _text_of(self, commit_oid: str) -> Sequence[bytes] | None:
        if commit_oid in self._known:
            return self._known[commit_oid]
        oid = self._history.oid_at(commit_oid)
        if oid is None:
            return None
        self._texts_left -= 1
        if self._texts_left < 0 or time.monotonic() > self._deadline:
            self._is_complete = False
            return None
        text = self._read_text(oid)
        return split_lines(text) if text is not None else None

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
