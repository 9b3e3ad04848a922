"""Diffs of trees are those that git makes, and git can apply them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from paddock.hub.discussions import diffs
from paddock.hub.discussions.diffs import quote_path, render_diff
from paddock.hub.git.trees import TreeEntry, read_tree
from tests.hub.real_git import git

Files = dict[str, bytes]

_AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b")


class Checkout:
    """A real git repository, whose objects the diff reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")

    def commit(self, files: Files, *, executable: tuple[str, ...] = ()) -> str:
        git(self.folder, "rm", "-rfq", "--ignore-unmatch", ".")
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755 if path in executable else 0o644)
        git(self.folder, "add", "-A")
        git(self.folder, *_AUTHOR, "commit", "-q", "--allow-empty", "-m", "x")
        return git(self.folder, "rev-parse", "HEAD^{tree}").strip()

    def object(self, kind: str, oid: str) -> bytes:
        command = ["git", "cat-file", kind, oid]
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=True).stdout

    def trees(self, oids: list[str]) -> dict[str, list[TreeEntry]]:
        return {oid: read_tree(self.object("tree", oid)) for oid in oids}

    def blob(self, oid: str) -> bytes | None:
        content = self.object("blob", oid)
        return content if len(content) <= diffs.MAX_FILE_BYTES else None

    def diff(self, old: str, new: str) -> str:
        return render_diff(self.trees, self.blob, old, new).text


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


OLD: Files = {
    "same.txt": b"same\n",
    "changed.txt": b"".join(b"line %d\n" % n for n in range(40)),
    "gone.txt": b"gone\n",
    "no end": b"without a newline",
    "deep/er/file.py": b"print(1)\n",
    "is-file": b"x\n",
    "is-folder/a": b"a\n",
    "run.sh": b"#!/bin/sh\n",
    "gr\u00fc\u00dfe \U0001f600.txt": b"hello\n",
    'quo"te\\d': b"1\n",
    "empties": b"text\n",
}
NEW: Files = {
    "same.txt": b"same\n",
    "changed.txt": OLD["changed.txt"].replace(b"line 3\n", b"line three\n") + b"one more\n",
    "no end": b"without a newline, still",
    "deep/er/file.py": b"print(2)\r\n",
    "deep/new": b"",
    "is-file/now/a/folder": b"y\n",
    "is-folder": b"z\n",
    "run.sh": b"#!/bin/sh\n",
    "gr\u00fc\u00dfe \U0001f600.txt": b"hallo\n",
    'quo"te\\d': b"2\n",
    "pointer.bin": b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 3\n"
    % (b"a" * 64),
    "empties": b"",
}


def test_git_applies_what_is_shown(checkout: Checkout, tmp_path: Path) -> None:
    old, new = checkout.commit(OLD), checkout.commit(NEW, executable=("run.sh",))
    text = checkout.diff(old, new)
    git(checkout.folder, "read-tree", "--reset", "-u", old)
    patch = tmp_path / "patch"
    patch.write_bytes(text.encode())
    git(checkout.folder, "apply", "--index", str(patch))
    assert git(checkout.folder, "write-tree").strip() == new


def test_it_is_what_git_shows(checkout: Checkout) -> None:
    old, new = checkout.commit(OLD), checkout.commit(NEW, executable=("run.sh",))
    options = [
        "-c",
        "core.quotePath=true",
        "diff",
        "--full-index",
        "--no-renames",
        "--no-ext-diff",
        "--diff-algorithm=myers",
    ]
    of_git = git(checkout.folder, *options, old, new)
    # What git writes behind a hunk's head, the line that it takes for a function's, we leave out.
    plain = [line.partition(" @@")[0] + " @@" if line.startswith("@@") else line
             for line in of_git.split("\n")]  # fmt: skip
    assert checkout.diff(old, new).split("\n") == plain


def test_binary_and_huge_files_are_only_named(checkout: Checkout) -> None:
    old = checkout.commit({"a.bin": b"\0" * 10, "latin": b"gr\xfc\xdfe\n"})
    huge = b"x\n" * diffs.MAX_FILE_BYTES
    new = checkout.commit({"a.bin": b"\0" * 11, "huge.txt": huge, "latin": b"gr\xfc\xdfe!\n"})
    text = checkout.diff(old, new)
    assert "Binary files a/a.bin and b/a.bin differ\n" in text
    assert "Binary files /dev/null and b/huge.txt differ\n" in text
    assert "Binary files a/latin and b/latin differ\n" in text
    assert len(text) < 2000


def test_what_is_too_much_is_left_out_by_whole_files_and_said(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = checkout.commit({"x": b""})
    new = checkout.commit({"x": b"", **{f"f{n:03}": b"text\n" for n in range(30)}})
    monkeypatch.setattr(diffs, "MAX_FILES", 10)
    text = checkout.diff(old, new)
    assert text.startswith("# 10 of 30 changed files are shown\n")
    assert text.count("diff --git") == 10
    monkeypatch.setattr(diffs, "MAX_DIFF_BYTES", 500)
    few = checkout.diff(old, new)
    assert len(few) < 600
    git(checkout.folder, "read-tree", "--reset", "-u", old)
    process = subprocess.run(
        ["git", "apply", "-"], cwd=checkout.folder, input=few.encode(), check=False
    )
    assert process.returncode == 0


def test_paths_are_quoted_as_git_quotes_them() -> None:
    assert quote_path("a/b c.txt") == "a/b c.txt"
    assert quote_path('a/"\\') == '"a/\\"\\\\"'
    assert quote_path("a/\u00fc\n") == '"a/\\303\\274\\n"'
