"""Large files in a diff are told by what they are, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from paddock.web.discussions.large_changes import Pointed, split_large
from paddock.web.files.diff_view import view_diff

OLD, NEW = "a" * 64, "b" * 64
VERSION = "version https://git-lfs.github.com/spec/v1"


def diff(*lines: str, head: str = "") -> str:
    oids = f"index {'1' * 40}..{'2' * 40} 100644"
    return "\n".join(
        ["diff --git a/w.bin b/w.bin", *([head] if head else []), oids, "--- a/w.bin",
         "+++ b/w.bin", "@@ -1,3 +1,3 @@", *lines]
    ) + "\n"  # fmt: skip


def test_a_large_file_that_changed_came_or_went() -> None:
    changed = diff(
        f" {VERSION}", f"-oid sha256:{OLD}", "-size 10", f"+oid sha256:{NEW}", "+size 20"
    )
    split = split_large(view_diff(changed))
    assert split.diff.files == []
    (change,) = split.large
    assert (change.path, change.old, change.new) == ("w.bin", Pointed(OLD, 10), Pointed(NEW, 20))
    lines = (f"+{VERSION}", f"+oid sha256:{NEW}", "+size 20")
    (came,) = split_large(view_diff(diff(*lines, head="new file mode 100644"))).large
    assert (came.old, came.new) == (None, Pointed(NEW, 20))


@pytest.mark.parametrize(
    "lines",
    [
        (f"+{VERSION}", f"+oid sha256:{NEW}", "+size 20"),  # a text became a large file
        (f" {VERSION}", f"-oid sha256:{OLD}", f"+oid sha256:{NEW}", " size 10", "+more"),
        (f" {VERSION}", f"-oid sha256:{OLD}", "+oid sha256:short", " size 10"),
        ("-one", "+two"),
    ],
)
def test_anything_else_stays_line_by_line(lines: tuple[str, ...]) -> None:
    split = split_large(view_diff(diff(*lines)))
    assert split.large == [] and len(split.diff.files) == 1
