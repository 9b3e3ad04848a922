"""Patterns against git itself: ``check-attr`` and ``check-ignore`` say what is right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock.hub.git.attributes import default_attributes, parse_attributes
from paddock.hub.git.ignores import parse_ignores
from paddock.hub.types import Kind
from tests.hub.real_git import git

PIECES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "*",
        "?",
        "**",
        "a*",
        "*b",
        "*.b",
        "a?b",
        "[ab]",
        "[!a]",
        "[a-c]b",
        "\\*",
        "x.b",
    ]
)
GLOBS = st.builds(
    lambda start, pieces, end: start + "/".join(pieces) + end,
    st.sampled_from(["", "", "/"]),
    st.lists(PIECES, min_size=1, max_size=4),
    st.sampled_from(["", "", "", "/"]),
)
PATHS = st.lists(
    st.sampled_from(["a", "b", "ab", "a.b", "aab", "x.b", "c", "*"]), min_size=1, max_size=4
).map("/".join)


@pytest.fixture(scope="module")
def worktree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worktree")
    git(folder, "init", "--quiet")
    return folder


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(st.tuples(GLOBS, st.sampled_from(["filter=lfs", "-filter", "!filter", "text"]))),
    paths=st.lists(PATHS, min_size=1, unique=True),
)
def test_attributes_mean_what_git_takes_them_to_mean(
    worktree: Path, rules: list[tuple[str, str]], paths: list[str]
) -> None:
    text = "".join(f"{glob} {setting}\n" for glob, setting in rules)
    (worktree / ".gitattributes").write_text(text)
    printed = git(
        worktree, "check-attr", "-z", "--stdin", "filter", stdin="\0".join(paths).encode()
    )
    fields = printed.split("\0")[:-1]
    theirs = {fields[at]: fields[at + 2] == "lfs" for at in range(0, len(fields), 3)}
    ours = parse_attributes(text)
    assert {path: ours.is_large(path) for path in paths} == theirs


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(st.tuples(st.sampled_from(["", "", "!"]), GLOBS)),
    paths=st.lists(PATHS, min_size=1, unique=True),
)
def test_ignores_mean_what_git_takes_them_to_mean(
    worktree: Path, rules: list[tuple[str, str]], paths: list[str]
) -> None:
    text = "".join(f"{mark}{glob}\n" for mark, glob in rules)
    (worktree / ".gitignore").write_text(text)
    asked = "\0".join(paths).encode()
    command = ["check-ignore", "-z", "--stdin", "--no-index", "--verbose", "--non-matching"]
    fields = git(worktree, *command, stdin=asked, no=1).split("\0")[:-1]
    theirs = {
        fields[at + 3]: bool(fields[at + 2]) and not fields[at + 2].startswith("!")
        for at in range(0, len(fields), 4)
    }
    ours = parse_ignores(text)
    assert {path: ours.is_ignored(path) for path in paths} == theirs


@pytest.mark.parametrize(
    ("path", "large"),
    [
        ("model.safetensors", True),
        ("deep/er/model-00001-of-00002.safetensors", True),
        ("pytorch_model.bin", True),
        ("saved_model/variables/x", True),
        ("a/saved_model/variables/x", False),
        ("x.tar.gz", True),
        ("notes.lfs.txt", True),
        ("events.out.tfevents.123", True),
        ("config.json", False),
        ("tokenizer.json", False),
        ("README.md", False),
        ("image.png", False),
    ],
)
def test_the_hub_s_default_rules(path: str, large: bool) -> None:
    assert parse_attributes(default_attributes(Kind.MODEL)).is_large(path) is large


def test_datasets_add_media() -> None:
    rules = parse_attributes(default_attributes(Kind.DATASET))
    assert all(rules.is_large(name) for name in ("a.png", "b.wav", "c.mp4", "d.lz4", "e.parquet"))


def test_a_pattern_made_to_be_slow_is_not() -> None:
    """Backtracking over every star would take longer than the universe has."""
    rules = parse_attributes("*a" * 100 + "b filter=lfs\n" + "**/a/" * 60 + "b filter=lfs\n")
    started = time.process_time()
    assert not rules.is_large("a/" * 100 + "a" * 250)
    assert time.process_time() - started < 5  # a bound, not a measurement
