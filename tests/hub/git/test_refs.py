"""Branches, tags and every spelling of a revision."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from paddock.errors import Forbidden
from paddock.hub.errors import AlreadyExists, BadName, RevisionNotFound
from paddock.hub.git import commits, refs
from paddock.hub.git.commit_objects import NewTag
from paddock.hub.git.commits import NewBranch
from paddock.hub.tables import repositories
from paddock.storage.database import Database
from tests.hub.samples import add, commit, make_account, make_repository, tip


def test_every_spelling_of_a_revision(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        first = tip(conn, repo)
        second = commit(conn, repo, add("a"))
        author = make_account(conn)
        refs.create_branch(conn, repo, "feature/x", first)
        annotated = NewTag("v1", first, author, commits.clock.now(), "a message")
        commits.create_tag(conn, repo, annotated)
        spellings = {
            "main": second,
            "HEAD": second,
            "refs/heads/main": second,
            "feature/x": first,
            "refs/heads/feature/x": first,
            "v1": first,
            "refs/tags/v1": first,
            first: first,
            first[:12]: first,
            second[:7]: second,
            second[:5]: second,
        }
        resolved = {text: refs.resolve_revision(conn, repo, text) for text in spellings}
        assert resolved == spellings


def test_an_unknown_revision_is_said_to_be_one(database: Database) -> None:
    unknown = [
        "none", "", "0" * 40, "00000", "0000", "refs/heads/none", "refs/pr/1", "a\0b", "a\nb",
        "x" * 10_000, "\ud800", "%", "_____", "abcde%", "ABCDEF", "main ", "MAIN", "é",
    ]  # fmt: skip
    with database.write() as conn:
        repo = make_repository(conn)
        for revision in unknown:
            with pytest.raises(RevisionNotFound, match="Invalid rev id: ") as caught:
                refs.resolve_revision(conn, repo, revision)
            assert caught.value.message.isprintable() and caught.value.message.isascii()


def test_a_commit_of_another_repository_is_unknown_here(database: Database) -> None:
    with database.write() as conn:
        secret, other = make_repository(conn, "secret"), make_repository(conn, "other")
        oid = commit(conn, secret, add("a"))
        with pytest.raises(RevisionNotFound):
            refs.resolve_revision(conn, other, oid)


def test_a_branch_comes_before_a_tag_and_both_before_an_abbreviated_id(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        first = tip(conn, repo)
        second = commit(conn, repo, add("a"))
        refs.create_tag(conn, repo, first[:8], second, second)
        assert refs.resolve_revision(conn, repo, first[:8]) == second
        refs.create_branch(conn, repo, first[:8], first)
        assert refs.resolve_revision(conn, repo, first[:8]) == first


@pytest.mark.parametrize(
    "name",
    ["", "HEAD", "head", "-x", "a..b", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b",
     "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{b", "a\nb", "a\0b",
     "a\x7f", "refs/heads/a", "refs/pr/1", "f" * 40, "x" * 300, "\ud800"],
)  # fmt: skip
def test_a_name_that_git_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(BadName) as caught:
        refs.check_short_name(name)
    assert caught.value.message.isprintable() and caught.value.message.isascii()


def test_a_name_that_git_takes_is_taken_once(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        head = tip(conn, repo)
        for name in ("a", "b/c/d", "v1.0", "feature_x-1", "é", "日本", "a@b", "main2"):
            refs.create_branch(conn, repo, name, head)
            with pytest.raises(AlreadyExists, match=f"Reference refs/heads/{name} already exists"):
                refs.create_branch(conn, repo, name, head)
            refs.create_tag(conn, repo, name, head, head)  # a tag of that name is no conflict
            with pytest.raises(AlreadyExists, match=f"Reference refs/tags/{name} already exists"):
                refs.create_tag(conn, repo, name, head, head)
            refs.delete_branch(conn, repo, name)
            refs.delete_tag(conn, repo, name)
            with pytest.raises(RevisionNotFound):
                refs.resolve_revision(conn, repo, name)


def test_git_cannot_hold_a_branch_above_another(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        head = tip(conn, repo)
        refs.create_branch(conn, repo, "a/b", head)
        refs.create_branch(conn, repo, "a/bc", head)
        for name in ("a", "a/b/c", "main/x"):
            with pytest.raises(AlreadyExists):
                refs.create_branch(conn, repo, name, head)


def test_main_cannot_be_deleted_nor_what_is_not_there(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        head = tip(conn, repo)
        refs.create_tag(conn, repo, "v1", head, head)
        with pytest.raises(Forbidden, match="Cannot delete refs/heads/main"):
            refs.delete_branch(conn, repo, "main")
        for name in ("none", "v1"):
            with pytest.raises(RevisionNotFound, match=f"Invalid rev id: {name}"):
                refs.delete_branch(conn, repo, name)
        with pytest.raises(RevisionNotFound, match="Invalid rev id: main"):
            refs.delete_tag(conn, repo, "main")


def test_moving_main_by_overwriting_it_moves_the_repository_s_row(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        first = tip(conn, repo)
        commit(conn, repo, add("a"))
        author = make_account(conn)
        with pytest.raises(AlreadyExists):
            commits.create_branch(conn, repo, author, NewBranch("main", first))
        commits.create_branch(conn, repo, author, NewBranch("main", first, overwrite=True))
        assert tip(conn, repo) == first
        assert conn.execute(sa.select(repositories.c.head_oid)).scalar_one() == first


def test_a_ref_moves_only_from_where_it_is_expected(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        first = tip(conn, repo)
        second = commit(conn, repo, add("a"))
        to_first = refs.Ref(refs.MAIN, first, first)
        assert not refs.move_ref(conn, repo, to_first, expected=first)
        assert not refs.move_ref(conn, repo, to_first, expected=None)
        assert tip(conn, repo) == second
        assert refs.move_ref(conn, repo, to_first, expected=second)
        assert tip(conn, repo) == first
