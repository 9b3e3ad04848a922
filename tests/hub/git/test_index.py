"""The index: a revision opened as far as a commit touches it, and no further."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from paddock.errors import TooLarge
from paddock.hub.git import index
from paddock.hub.git.index import open_index
from paddock.hub.git.trees import EMPTY_TREE_OID, TreeEntry


def test_a_commit_cannot_make_more_folders_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MAX_FOLDERS", 3)

    def read_nothing(oids: Sequence[str]) -> dict[str, list[TreeEntry]]:
        return {EMPTY_TREE_OID: []}

    open_index(read_nothing, EMPTY_TREE_OID, ["a/b/c/d.txt", "a/b/c/e.txt"])
    with pytest.raises(TooLarge):
        open_index(read_nothing, EMPTY_TREE_OID, ["a/b/c/d.txt", "b/e.txt"])
