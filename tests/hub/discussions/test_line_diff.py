"""Hunks turn one text into the other, whatever they are; test_diffs asks real git."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.discussions.line_diff import find_edits, split_lines, unified_hunks

# Few different lines, so that texts have much in common.
texts = st.builds(
    lambda lines, end: b"".join(lines) + end,
    st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"d\r\n"]), max_size=30),
    st.sampled_from([b"", b"a", b"end"]),
)


def patched(old: bytes, hunks: list[bytes]) -> bytes:
    """What a patch makes of a text, as its format is defined."""
    lines, result, at = split_lines(old), [], 0
    for hunk in hunks:
        head, _, body = hunk.partition(b"\n")
        first, count = re.match(rb"@@ -(\d+)(?:,(\d+))?", head).groups()
        start = int(first) - (count != b"0")
        result += lines[at:start]
        at = start
        shown = split_lines(body)
        for line, following in zip(shown, [*shown[1:], b""], strict=True):
            text = line[1:]
            if following.startswith(b"\\"):
                text = text[:-1]
            if line.startswith((b" ", b"-")):
                assert lines[at] == text
                at += 1
            if line.startswith((b" ", b"+")):
                result.append(text)
    return b"".join([*result, *lines[at:]])


@given(texts, texts)
def test_a_patch_turns_the_old_text_into_the_new(old: bytes, new: bytes) -> None:
    hunks = list(unified_hunks(old, new, deadline=float("inf")))
    assert patched(old, hunks) == new
    assert (hunks == []) == (old == new)


@given(texts, texts)
def test_after_the_deadline_it_still_does(old: bytes, new: bytes) -> None:
    assert patched(old, list(unified_hunks(old, new, deadline=0.0))) == new


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_no_script_is_shorter(old: list[str], new: list[str]) -> None:
    a, b = [x.encode() for x in old], [x.encode() for x in new]
    edits = find_edits(a, b)
    changed = sum(e.old_end - e.old_start + e.new_end - e.new_start for e in edits)
    common = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            longest = max(common[i][j + 1], common[i + 1][j])
            common[i + 1][j + 1] = common[i][j] + 1 if x == y else longest
    assert changed == len(a) + len(b) - 2 * common[-1][-1]


def test_texts_without_anything_in_common_cost_little() -> None:
    old = b"".join(b"%d\n" % n for n in range(50_000))
    new = b"".join(b"x%d\n" % n for n in range(50_000))
    started = time.monotonic()
    assert patched(old, list(unified_hunks(old, new, deadline=started + 5))) == new
    assert time.monotonic() - started < 5
