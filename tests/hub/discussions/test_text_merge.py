"""Changes of two sides come together as git would bring them together."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.discussions.text_merge import merge_texts

lines = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=8)


def test_changes_in_different_places_come_together() -> None:
    base = b"one\ntwo\nthree\nfour\nfive\n"
    ours = b"ONE\ntwo\nthree\nfour\nfive\n"
    theirs = b"one\ntwo\nthree\nfour\nfive\nsix\n"
    assert merge_texts(base, ours, theirs) == b"ONE\ntwo\nthree\nfour\nfive\nsix\n"


def test_changes_that_meet_are_a_conflict() -> None:
    assert merge_texts(b"a\nb\n", b"x\nb\n", b"y\nb\n") is None
    assert merge_texts(b"a\nb\n", b"x\nb\n", b"a\ny\n") is None, "neighbours, as in git"


def test_the_same_change_on_both_sides_is_one_change() -> None:
    assert merge_texts(b"a\nb\nc\n", b"a\nX\nc\n", b"a\nX\nc\nd\n") == b"a\nX\nc\nd\n"


def test_a_missing_last_newline_is_kept() -> None:
    assert merge_texts(b"a\nb\nc\nd", b"A\nb\nc\nd", b"a\nb\nc\nD") == b"A\nb\nc\nD"


@given(lines, lines, lines)
def test_one_side_alone_decides_and_sides_may_change_places(
    base: list[bytes], ours: list[bytes], theirs: list[bytes]
) -> None:
    b, o, t = b"".join(base), b"".join(ours), b"".join(theirs)
    assert merge_texts(b, o, b) == o
    assert merge_texts(b, b, t) == t
    assert merge_texts(b, o, o) == o
    assert merge_texts(b, o, t) == merge_texts(b, t, o)


@settings(max_examples=60)
@given(st.data())
def test_where_we_merge_git_merges_to_the_same_text(data: st.DataObject) -> None:
    base = [b"%d\n" % number for number in range(12)]

    def edited() -> bytes:
        changed = list(base)
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(0, len(changed) - 1))
            changed[at : at + data.draw(st.integers(0, 2))] = data.draw(lines)
        return b"".join(changed)

    ours, theirs = edited(), edited()
    merged = merge_texts(b"".join(base), ours, theirs)
    if merged is not None:
        assert merged == by_git(b"".join(base), ours, theirs)


def by_git(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, content in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(content)
        return subprocess.run(
            ["git", "merge-file", "-p", *paths], check=False, capture_output=True
        ).stdout
