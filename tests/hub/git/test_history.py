"""Which commits lead to a revision and touched a path, held against git."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock.hub.git import commits, files, history, refs
from paddock.hub.git.history import last_commits, list_commits
from paddock.hub.git.operations import Delete
from paddock.hub.git.recent_touches import RecentTouches
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub import real_git
from tests.hub.samples import add, commit, make_account, make_repository, tip


@pytest.fixture(autouse=True)
def nothing_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits made in one second are the same in both databases: neither test tells the other."""
    monkeypatch.setattr(history, "_TOUCHED", RecentTouches())


def test_commits_come_newest_first_page_by_page(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        oids = [tip(conn, repo)]
        oids += [commit(conn, repo, add(f"f{n}"), message=f"t{n}\n\nbody\n{n}") for n in range(7)]
        refs.create_branch(conn, repo, "other", oids[3])
        commit(conn, repo, add("elsewhere"), branch="other")
        page = list_commits(conn, repo, oids[-1], skip=0, limit=3)
        assert [entry.oid for entry in page.commits] == oids[:-4:-1]
        assert page.total == 8
        assert (page.commits[0].title, page.commits[0].body) == ("t6", "body\n6")
        assert page.commits[0].author == "alice"
        last = list_commits(conn, repo, oids[-1], skip=6, limit=3)
        assert [entry.oid for entry in last.commits] == [oids[1], oids[0]]
        assert list_commits(conn, repo, oids[-1], skip=9, limit=3) == ([], 8)


def test_history_before_a_squash_is_not_listed(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        old = commit(conn, repo, add("a"))
        new = commits.super_squash(conn, repo, refs.MAIN, make_account(conn), "one")
        assert [entry.oid for entry in list_commits(conn, repo, new, skip=0, limit=9).commits] == [
            new
        ]
        assert list_commits(conn, repo, old, skip=0, limit=9).total == 2
        assert {c.oid for c in last_commits(conn, repo, new, ["a", ".gitattributes"]).values()} == {
            new
        }


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["a/x", "a/y", "b/c/z", "w"]), st.sampled_from([b"1", b"2", b""])
        ),
        max_size=12,
    )
)
def test_the_last_commit_of_every_path_is_git_log_s(
    changes: list[tuple[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("history")
    database = Database(sqlite_url(folder))
    with database.write() as conn:
        repo = make_repository(conn)
        there: set[str] = set()
        for path, content in changes:
            if content or path not in there:
                commit(conn, repo, add(path, content))
                there.add(path)
            else:
                commit(conn, repo, Delete(path))
                there.remove(path)
        head = tip(conn, repo)
        entries = files.list_folder(conn, repo, head, "", recursive=True)
        ours = last_commits(conn, repo, head, [entry.path for entry in entries])
        exported = real_git.export(conn, LocalBlobStore(folder / "b"), repo, folder / "git")
    database.dispose()
    for entry in entries:
        theirs = real_git.git(exported, "log", "-1", "--format=%H", "main", "--", entry.path)
        assert ours[entry.path].oid == theirs.strip()


def test_a_folder_that_was_a_file_before_is_as_old_as_the_folder(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("a", b"a file"))
        changed = commit(conn, repo, Delete("a"), add("a/b"))
        head = commit(conn, repo, add("c"))
        touched = last_commits(conn, repo, head, ["a", "a/b", "c"])
        assert {path: entry.oid for path, entry in touched.items()} == {
            "a": changed, "a/b": changed, "c": head,
        }  # fmt: skip


def test_paths_that_are_not_there_have_no_last_commit(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        head = commit(conn, repo, add("a/b"))
        assert list(last_commits(conn, repo, head, ["none", "a/none", "a/b/c"])) == []


def test_what_is_older_than_the_walk_is_not_guessed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("old"))
        new = commit(conn, repo, add("new"))
        head = commit(conn, repo)
        monkeypatch.setattr(history, "MAX_WALK", 3)
        touched = last_commits(conn, repo, head, ["old", "new"])
        assert {path: entry.oid for path, entry in touched.items()} == {"new": new}


def test_the_walk_ends_when_it_has_read_enough(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("old"))
        for number in range(45):
            head = commit(conn, repo, add("new", b"%d" % number))
        monkeypatch.setattr(history, "MAX_WALK_ENTRIES", 10)
        assert list(last_commits(conn, repo, head, ["old", "new"])) == ["new"]
        monkeypatch.setattr(history, "MAX_WALK_ENTRIES", 1000)
        assert set(last_commits(conn, repo, head, ["old", "new"])) == {"old", "new"}


def test_a_search_that_took_too_long_goes_on_where_it_was(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        paths = [f"f{n}" for n in range(60)]
        oids = {path: commit(conn, repo, add(path)) for path in paths}
        head = tip(conn, repo)
        found: list[int] = []
        for _ in range(70):
            touched = last_commits(conn, repo, head, paths, seconds=0)
            found.append(len(touched))
            assert all(entry.oid == oids[path] for path, entry in touched.items())
            if len(touched) == len(paths):
                break
        assert found[-1] == len(paths)
        assert found == sorted(found) and found[0] < 5
        # Paths that nobody asked for yet are looked for from the beginning.
        assert last_commits(conn, repo, head, [*paths, ".gitattributes"]).keys() > set(paths)
