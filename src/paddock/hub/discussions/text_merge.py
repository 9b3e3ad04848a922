"""Two changes of one text become one text, where they do not meet (three-way merge).

Pure. Each side is a list of edits of the text that both began with; edits of the two sides that
overlap or touch are a conflict unless they are the same. So git decides, too, whose merges people
know.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from paddock.hub.discussions.line_diff import Edit, find_edits, split_lines

MERGE_SECONDS = 1.0  # for one file; after it, a side counts as one edit, which may meet the other


def merge_texts(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Both sides' changes together, or None where they meet."""
    lines, our_lines, their_lines = split_lines(base), split_lines(ours), split_lines(theirs)
    deadline = time.monotonic() + MERGE_SECONDS
    our_edits = find_edits(lines, our_lines, deadline=deadline)
    their_edits = find_edits(lines, their_lines, deadline=deadline)
    merged: list[bytes] = []
    at = 0
    while our_edits or their_edits:
        if our_edits and their_edits and _meet(our_edits[0], their_edits[0]):
            ours_first, theirs_first = our_edits.pop(0), their_edits.pop(0)
            if _change(ours_first, our_lines) != _change(theirs_first, their_lines):
                return None
            edit, side = ours_first, our_lines
        elif not their_edits or (our_edits and our_edits[0] < their_edits[0]):
            edit, side = our_edits.pop(0), our_lines
        else:
            edit, side = their_edits.pop(0), their_lines
        merged += lines[at : edit.old_start]
        merged += side[edit.new_start : edit.new_end]
        at = edit.old_end
    merged += lines[at:]
    return b"".join(merged)


def _meet(one: Edit, other: Edit) -> bool:
    return one.old_start <= other.old_end and other.old_start <= one.old_end


def _change(edit: Edit, side: Sequence[bytes]) -> tuple[int, int, list[bytes]]:
    return edit.old_start, edit.old_end, list(side[edit.new_start : edit.new_end])
