"""A command's target: a path that exists wins, then a repository, and nothing makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.release.target import path_exists, repository_in


@pytest.mark.parametrize(
    ("target", "repo", "revision"),
    [
        ("acme/model", "acme/model", None),
        ("acme/model@v1.0", "acme/model", "v1.0"),
        ("acme/model@refs/pr/1", "acme/model", "refs/pr/1"),
        ("acme/model@", "acme/model", None),
    ],
)
def test_a_repository_is_named_with_or_without_a_revision(
    target: str, repo: str, revision: str | None
) -> None:
    assert repository_in(target) == (repo, revision)


@pytest.mark.parametrize("target", ["model", "a/b/c", "../model", "/etc/x", "a/..", "a/b--c", ""])
def test_other_words_are_no_repository(target: str) -> None:
    assert repository_in(target) is None


def test_a_path_that_exists_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert repository_in("acme/model") is None
    assert repository_in("acme/model@v1") == ("acme/model", "v1")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_no_file_system_takes_does_not_exist(name: str) -> None:
    assert not path_exists(name)
    assert repository_in(f"acme/model@{name}") is not None
