"""Two texts as hunks of a unified diff, in bounded time.

Pure. Finds the shortest script of insertions and deletions (Myers, "An O(ND) Difference Algorithm")
while the texts are close to each other; beyond that, or once the deadline has passed, the middle
that differs is told as one deletion and one insertion, which is always right and costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAX_DISTANCE = 1000  # lines inserted and deleted that are looked for
CONTEXT_LINES = 3
NO_NEWLINE = b"\\ No newline at end of file\n"


class Edit(NamedTuple):
    """Lines ``[old_start, old_end)`` of the old text become ``[new_start, new_end)`` of the new."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def unified_hunks(old: bytes, new: bytes, *, deadline: float) -> Iterator[bytes]:
    """The hunks that turn one text into the other; nothing when they are equal."""
    old_lines, new_lines = split_lines(old), split_lines(new)
    edits = find_edits(old_lines, new_lines, deadline=deadline)
    for group in _grouped(edits):
        yield _render_hunk(group, old_lines, new_lines)


def split_lines(text: bytes) -> list[bytes]:
    """Lines with their ends; only a line feed ends a line, as in git."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def find_edits(
    old: Sequence[bytes], new: Sequence[bytes], *, deadline: float = float("inf")
) -> list[Edit]:
    """What has to change, in order; neighbours are separated by equal lines."""
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < shorter - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    if start == old_end and start == new_end:
        return []
    whole = [Edit(start, old_end, start, new_end)]
    if start in (old_end, new_end) or time.monotonic() > deadline:
        return whole
    steps = _shortest(old[start:old_end], new[start:new_end], deadline)
    if steps is None:
        return whole
    return [
        Edit(a + start, b + start, c + start, d + start) for a, b, c, d in _gaps(steps, whole[0])
    ]


class _Run(NamedTuple):
    """Equal lines: where they begin in both texts, and how many they are."""

    old: int
    new: int
    length: int


def _shortest(old: Sequence[bytes], new: Sequence[bytes], deadline: float) -> list[_Run] | None:
    """Runs of equal lines of the shortest script, None when it is not found in the bounds."""
    numbers: dict[bytes, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in old]
    b = [numbers.setdefault(line, len(numbers)) for line in new]
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for distance in range(MAX_DISTANCE + 1):
        if time.monotonic() > deadline:
            return None
        trace.append(dict(furthest))
        for diagonal in range(-distance, distance + 1, 2):
            x = _step(furthest, diagonal, distance)
            y = x - diagonal
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(a) and y >= len(b):
                return _walk_back(trace, len(a), len(b))
    return None


def _step(furthest: dict[int, int], diagonal: int, distance: int) -> int:
    """Where a path on this diagonal begins: after an insertion, or after a deletion."""
    if _came_down(furthest, diagonal, distance):
        return furthest[diagonal + 1]
    return furthest[diagonal - 1] + 1


def _came_down(furthest: dict[int, int], diagonal: int, distance: int) -> bool:
    if diagonal == -distance:
        return True
    return diagonal != distance and furthest[diagonal - 1] < furthest[diagonal + 1]


def _walk_back(trace: list[dict[int, int]], x: int, y: int) -> list[_Run]:
    runs: list[_Run] = []
    for distance in range(len(trace) - 1, -1, -1):
        furthest = trace[distance]
        diagonal = x - y
        down = _came_down(furthest, diagonal, distance)
        before = diagonal + 1 if down else diagonal - 1
        from_x = furthest[before] if distance else 0
        from_y = from_x - before if distance else 0
        after_x, after_y = (from_x, from_y + 1) if down else (from_x + 1, from_y)
        if not distance:
            after_x = after_y = 0
        if x > after_x:
            runs.append(_Run(after_x, after_y, x - after_x))
        x, y = from_x, from_y
    return runs[::-1]


def _gaps(runs: list[_Run], whole: Edit) -> Iterator[Edit]:
    """What lies between runs of equal lines, counted from the beginning of the changed middle."""
    old_at = new_at = 0
    old_size, new_size = whole.old_end - whole.old_start, whole.new_end - whole.new_start
    for run in [*runs, _Run(old_size, new_size, 0)]:
        if old_at < run.old or new_at < run.new:
            yield Edit(old_at, run.old, new_at, run.new)
        old_at, new_at = run.old + run.length, run.new + run.length


def _grouped(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Edits so near to each other that they share context."""
    group: list[Edit] = []
    for edit in edits:
        if group and edit.old_start - group[-1].old_end > 2 * CONTEXT_LINES:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _render_hunk(group: list[Edit], old: Sequence[bytes], new: Sequence[bytes]) -> bytes:
    before = min(CONTEXT_LINES, group[0].old_start)
    after = min(CONTEXT_LINES, len(old) - group[-1].old_end)
    old_start, old_end = group[0].old_start - before, group[-1].old_end + after
    new_start, new_end = group[0].new_start - before, group[-1].new_end + after
    lines = [b"@@ -%s +%s @@\n" % (_range(old_start, old_end), _range(new_start, new_end))]
    at = old_start
    for edit in group:
        lines += [_line(b" ", line) for line in old[at : edit.old_start]]
        lines += [_line(b"-", line) for line in old[edit.old_start : edit.old_end]]
        lines += [_line(b"+", line) for line in new[edit.new_start : edit.new_end]]
        at = edit.old_end
    lines += [_line(b" ", line) for line in old[at:old_end]]
    return b"".join(lines)


def _range(start: int, end: int) -> bytes:
    """Lines are counted from 1; of an empty range, the line before it is named."""
    count = end - start
    first = start + 1 if count else start
    return b"%d" % first if count == 1 else b"%d,%d" % (first, count)


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n" + NO_NEWLINE
