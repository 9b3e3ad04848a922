"""Diffs on pages: the rows are those of the text, whatever names and lines strangers choose."""

from __future__ import annotations

import time
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.discussions.diffs import quote_path
from paddock.hub.discussions.line_diff import split_lines, unified_hunks
from paddock.web.files.diff_view import DiffView, Row, view_diff


def diff_of(path: str, old: bytes, new: bytes) -> str:
    """As the hub writes it."""
    a, b = quote_path(f"a/{path}"), quote_path(f"b/{path}")
    body = b"".join(unified_hunks(old, new, deadline=time.monotonic() + 9)).decode()
    return f"diff --git {a} {b}\nindex 1..2 100644\n--- {a}\n+++ {b}\n{body}"


def rows_of(view: DiffView) -> list[Row]:
    return list(chain.from_iterable(chain.from_iterable(file.hunks for file in view.files)))


def test_rows_have_the_numbers_of_the_side_they_are_on() -> None:
    old = b"".join(b"%d\n" % n for n in range(1, 30))
    view = view_diff(diff_of("a.txt", old, old.replace(b"\n7\n", b"\nseven\n7b\n") + b"end"))
    (file,) = view.files
    assert (file.path, file.status, file.added, file.removed) == ("a.txt", "changed", 3, 1)
    assert len(file.hunks) == 2
    assert file.hunks[0][2:6] == [
        Row("same", 6, 6, "6"),
        Row("removed", 7, None, "7"),
        Row("added", None, 7, "seven"),
        Row("added", None, 8, "7b"),
    ]
    assert file.hunks[1][-2:] == [
        Row("added", None, 31, "end"),
        Row("note", None, None, " No newline at end of file"),
    ]


def test_files_that_come_go_and_change_their_mode_are_told_in_words() -> None:
    text = (
        "# 4 of 9 changed files are shown\n"
        "diff --git a/new b/new\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/new\n"
        "@@ -0,0 +1 @@\n+x\n"
        "diff --git a/gone b/gone\ndeleted file mode 100644\nindex 1..0\n"
        "diff --git a/run b/run\nold mode 100644\nnew mode 100755\n"
        "diff --git a/w.bin b/w.bin\nindex 1..2 100644\nBinary files a/w.bin and b/w.bin differ\n"
    )
    view = view_diff(text)
    assert view.note == "4 of 9 changed files are shown"
    assert [(f.path, f.status) for f in view.files] == [
        ("new", "added"), ("gone", "removed"), ("run", "changed"), ("w.bin", "changed"),
    ]  # fmt: skip
    assert view.files[2].note == "mode changed from 100644 to 100755"
    assert view.files[3].note is not None and "binary" in view.files[3].note
    assert view_diff("") == DiffView([], None)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_path_is_read_back(path: str) -> None:
    view = view_diff(diff_of(path, b"1\n", b"2\n"))
    assert len(view.files) == 1
    if path.isprintable():
        assert view.files[0].path == path
    else:
        assert "\n" not in view.files[0].path


@given(
    st.lists(st.sampled_from(["a", "diff --git a/x b/x", "@@ -1 +1 @@", "# no", "\r", "-", "+"]))
)
def test_lines_that_look_like_a_diff_are_lines(lines: list[str]) -> None:
    new = "\n".join(lines).encode()
    (file,) = view_diff(diff_of("f", b"", new)).files or (None,)
    if new:
        assert file is not None
        assert file.added == len(split_lines(new))


def test_a_long_diff_is_cut_and_says_so() -> None:
    view = view_diff(diff_of("long", b"", b"x\n" * 900), max_rows=100)
    assert len(rows_of(view)) == 100
    assert view.files[0].added == 900
    assert view.files[0].note == "only 100 of 900 lines are shown"


def test_what_hides_in_a_line_is_named() -> None:
    sly = "if admin:\u202e # \u2066check\u2069\x1b[31m".encode()
    (row,) = rows_of(view_diff(diff_of("f", b"", sly + b"\n")))
    assert row.text == "if admin:[U+202E] # [U+2066]check[U+2069][U+001B][31m"
    (long,) = rows_of(view_diff(diff_of("f", b"", b"y" * 9000 + b"\n")))
    assert long.text.endswith("y … (5000 more characters)")
