"""What is remembered of last commits is right, shortens later searches, and is bounded."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.hub.git import history
from paddock.hub.git.history import last_commits
from paddock.hub.git.recent_touches import RecentTouches
from paddock.storage.database import Database
from tests.hub.samples import add, commit, make_repository


def test_a_later_commit_is_searched_as_far_as_the_last_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_TOUCHED", RecentTouches())
    monkeypatch.setattr(history, "_COMMITS_PER_READ", 1)
    with database.write() as conn:
        repo = make_repository(conn)
        first = commit(conn, repo, add("a"), add("b"))
        middle = [commit(conn, repo, add("b", b"%d" % n)) for n in range(20)][-1]
        found = last_commits(conn, repo, middle, ["a", "b"])
        assert {path: entry.oid for path, entry in found.items()} == {"a": first, "b": middle}
        last = commit(conn, repo, add("c"))
        looked: list[set[str]] = []
        look = history.look_at

        def note(c: Any, r: Any, roots: set[str], p: set[str]) -> Any:
            looked.append(roots)
            return look(c, r, roots, p)

        monkeypatch.setattr(history, "look_at", note)
        for _ in range(2):
            found = last_commits(conn, repo, last, ["a", "b", "c"])
            oids = {path: entry.oid for path, entry in found.items()}
            assert oids == {"a": first, "b": middle, "c": last}
        assert len(looked) == 2  # the new commit and the one before it, once


def test_only_so_many_answers_are_kept() -> None:
    recent = RecentTouches(max_paths=5)
    for number in range(4):
        recent.add(1, f"c{number}", {"a": "x", "b": "y"})
    assert recent.get(1, "c0", ["a"]) == recent.get(1, "c1", ["a"]) == {}
    assert recent.get(1, "c3", ["a", "z"]) == {"a": "x"}
    recent.add(1, "c3", {"a": "x"})  # the same again takes no room
    assert recent.get(1, "c2", ["b"]) == {"b": "y"}
