"""Folders kept in memory: the right ones, of the right repository, and never too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.git.recent_trees import RecentTrees
from paddock.hub.git.trees import FILE_MODE, TreeEntry


def folder(size: int) -> list[TreeEntry]:
    return [TreeEntry(f"f{n}", FILE_MODE, "0" * 40) for n in range(size)]


def test_a_folder_is_found_again_in_its_own_repository_only() -> None:
    recent = RecentTrees()
    recent.add(1, {"a": folder(3)})
    assert recent.get(1, ["a", "b"]) == {"a": folder(3)}
    assert recent.get(2, ["a"]) == {}


def test_the_folder_that_was_not_used_for_longest_goes_first() -> None:
    recent = RecentTrees(max_entries=12)
    recent.add(1, {"a": folder(4)})
    recent.add(1, {"b": folder(4)})
    recent.get(1, ["a"])
    recent.add(1, {"c": folder(4)})
    assert recent.get(1, ["a", "b", "c"]).keys() == {"a", "c"}


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("abcdef"), st.integers(0, 30))))
def test_there_are_never_more_names_than_the_bound(steps: list[tuple[int, str, int]]) -> None:
    recent = RecentTrees(max_entries=40)
    sizes: dict[tuple[int, str], int] = {}
    for repo_id, oid, size in steps:
        size = sizes.setdefault((repo_id, oid), size)  # a tree never changes
        recent.add(repo_id, {oid: folder(size)})
        kept = [recent.get(repo, "abcdef") for repo in (1, 2, 3)]
        assert sum(len(tree) for trees in kept for tree in trees.values()) <= 40
