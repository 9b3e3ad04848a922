"""Large files in a diff: what their pointers say before and after, in place of the pointers' lines.

Pure. In git a large file is a text of three lines, which the diff shows whole (git-lfs's
specification, version 1). Anything that is not exactly such a text stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from paddock.web.files.diff_view import DiffView, FileDiff

_POINTER = re.compile(
    r"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})"
)


class Pointed(NamedTuple):
    """What a pointer says of a large file."""

    sha256: str
    size_bytes: int


class LargeChange(NamedTuple):
    """A large file that came, went or changed; None where it was, or is, none."""

    path: str
    old: Pointed | None
    new: Pointed | None


class Split(NamedTuple):
    """A diff without its large files, and those."""

    diff: DiffView
    large: list[LargeChange]


def split_large(diff: DiffView) -> Split:
    """Take the large files out of a diff."""
    large: list[LargeChange] = []
    others: list[FileDiff] = []
    for file in diff.files:
        change = _large(file)
        if change is not None:
            large.append(change)
        else:
            others.append(file)
    return Split(diff._replace(files=others), large)


def _large(file: FileDiff) -> LargeChange | None:
    old, new = (_pointed(list(_side(file, removed))) for removed in (True, False))
    if old is None and new is None:
        return None
    # A text that became a large file, or was one, is shown line by line: both are of interest.
    has_other = (old is None and file.status != "added") or (
        new is None and file.status != "removed"
    )
    return None if has_other else LargeChange(file.path, old, new)


def _side(file: FileDiff, removed: bool) -> Iterator[str]:
    for hunk in file.hunks:
        for row in hunk:
            if (row.old if removed else row.new) is not None:
                yield row.text


def _pointed(lines: list[str]) -> Pointed | None:
    found = _POINTER.fullmatch("\n".join(lines)) if len(lines) == 3 else None
    return Pointed(found[1], int(found[2])) if found else None
