"""``.gitattributes`` and ``.gitignore`` mean what git takes them to mean: git itself is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.git.attributes import parse_attributes
from paddock.hub.git.ignores import parse_ignores

PATHS = [
    "a.bin", "a.txt", "b/a.bin", "b/c/a.bin", "b/c/d.txt", "with space.bin", "#x", "!x", "x ",
    "data/x/y.bin", "data", "B/a.BIN",
]  # fmt: skip
ATTRIBUTES = [
    b"*.bin filter=lfs\n",
    b"\xef\xbb\xbf*.bin filter=lfs\r\n*.txt filter=lfs\r\n",
    b"*.bin filter=lfs\n*.bin -filter\n",
    b"*.bin -filter\n*.bin filter=lfs diff=lfs\n",
    b"*.bin filter=lfs\nb/*.bin !filter\n",
    b"b/** filter=lfs\n",
    b"**/a.bin filter=lfs\n",
    b"b/**/a.bin filter=lfs\n",
    b"/a.bin filter=lfs\n",
    b'"with space.bin" filter=lfs\n',
    b"  \t*.txt\tfilter=lfs\n",
    b"[attr]lfs filter=lfs diff=lfs merge=lfs -text\n*.bin lfs\nb/*.bin -lfs\n",
    b"*.bin filter=other\n*.txt filter\n",
    b"!*.bin filter=lfs\n#*.txt filter=lfs\n",
    b"b/ filter=lfs\n",
    "*.bin\u00a0filter=lfs\n".encode(),
]
IGNORES = [
    b"*.bin\n!a.bin\n",
    b"\xef\xbb\xbf*.bin\r\n!b/a.bin\r\n",
    b"b\n!b/c/a.bin\n",
    b"b/\n",
    b"/a.bin\n",
    b"**/a.bin\n",
    b"b/**\n!b/c/\n",
    b"data/**/y.bin\n",
    b"\\#x\n\\!x\n",
    b"x\\ \n",
    b"x \n",
    b"x\\  \n",
    b"*.b[hi]n\n",
    b"*.txt \t\n",
    b"#x\n",
    b"data/*\n!data/x/\n",
    b"[/c/b]\n",
    b"*\\/c\n",
    b"?[!/]\n",
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["git", "-C", folder, "config", "core.ignorecase", "false"], check=True)
    return folder


def attributes_of_git(work: Path, content: bytes) -> dict[str, bool]:
    (work / ".gitattributes").write_bytes(content)
    asked = "\0".join(PATHS).encode() + b"\0"
    command = ["git", "-C", work, "check-attr", "-z", "--stdin", "filter"]
    done = subprocess.run(command, input=asked, capture_output=True, check=True)
    words = done.stdout.decode().split("\0")
    return {path: value == "lfs" for path, value in zip(words[::3], words[2::3], strict=False)}


def ignored_by_git(work: Path, content: bytes) -> set[str]:
    (work / ".gitignore").write_bytes(content)
    asked = "\0".join(PATHS).encode() + b"\0"
    command = ["git", "-C", work, "check-ignore", "-z", "--stdin", "--no-index"]
    done = subprocess.run(command, input=asked, capture_output=True, check=False)
    return set(filter(None, done.stdout.decode().split("\0")))


@pytest.mark.parametrize("content", ATTRIBUTES)
def test_attributes_are_read_as_git_reads_them(work: Path, content: bytes) -> None:
    ours = parse_attributes(content.decode())
    assert {path: ours.is_large(path) for path in PATHS} == attributes_of_git(work, content)


@pytest.mark.parametrize("content", IGNORES)
def test_ignores_are_read_as_git_reads_them(work: Path, content: bytes) -> None:
    ours = parse_ignores(content.decode())
    assert {path for path in PATHS if ours.is_ignored(path)} == ignored_by_git(work, content)


GLOBS = st.text(st.sampled_from("ab*/?!.[]c\\"), min_size=1, max_size=8)


@settings(max_examples=60)
@given(st.lists(GLOBS, min_size=1, max_size=3))
def test_any_ignores_are_read_as_git_reads_them(work: Path, globs: list[str]) -> None:
    content = "\n".join(globs).encode() + b"\n"
    ours = parse_ignores(content.decode())
    assert {path for path in PATHS if ours.is_ignored(path)} == ignored_by_git(work, content)
