"""Paths: what a repository may hold, and what no honest one needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.errors import BadPath
from paddock.hub.git.operations import MAX_DEPTH, check_path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/etc/passwd",
        "//a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/..",
        "./a",
        "a/./b",
        "..\\ddd",
        "folder/..\\..\\..\\file",
        ".git",
        ".git/config",
        "a/.git/hooks/post-checkout",
        ".GIT/x",
        ".gIt",
        ".g\u200cit",
        ".git\ufeff/x",
        "git~1/x",
        "GIT~1",
        ".git ",
        ".git./x",
        ".git . .",
        ".git::$INDEX_ALLOCATION/x",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "\x1b[2J",
        "a\x7f",
        "a\x85b",
        "\ud800",
        "x" * 256,
        "é" * 128,
        "/".join("a" * (MAX_DEPTH + 1)),
        "/".join(["x" * 100] * 41),
    ],
)
def test_a_path_that_no_honest_repository_needs_is_refused(path: str) -> None:
    with pytest.raises(BadPath) as caught:
        check_path(path)
    assert caught.value.status == 422
    assert caught.value.message.isascii() and caught.value.message.isprintable()


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b.txt",
        ".gitattributes",
        ".gitignore",
        ".github/workflows/x.yml",
        "git",
        "a.git",
        "git~2",
        "..a",
        "a..",
        "...",
        "a b/ c",
        "-rf",
        "~",
        "con",
        "é",
        "e\u0301",
        "שלום/עולם",
        "🐎.bin",
        "a\u202eb",
        "x" * 255,
        "é" * 127,
        "/".join("a" * MAX_DEPTH),
        'a"b',
        "a%2Fb",
        "a?b#c",
    ],
)
def test_unusual_names_are_names(path: str) -> None:
    assert check_path(path) == path


@given(st.text())
def test_an_accepted_path_is_relative_and_stays_inside(path: str) -> None:
    try:
        check_path(path)
    except BadPath:
        return
    names = path.split("/")
    assert not {"", ".", ".."} & set(names)
    assert "\0" not in path and "\n" not in path and path.encode()
