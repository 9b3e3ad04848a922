"""Pull requests that are over let go of their commits; nothing else does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from paddock.hub.discussions import comments, comparing, pull_requests
from paddock.hub.discussions.pull_requests import NewProposal
from paddock.hub.discussions.rules import NotNow
from paddock.hub.discussions.values import Discussion, Status
from paddock.hub.git import refs
from paddock.hub.types import Account, Repository
from paddock.storage.database import Database
from tests.hub.samples import add, make_account, make_repository


def propose(conn: sa.Connection, repo: Repository, author: Account) -> Discussion:
    new = NewProposal("main", [add("a.txt", b"one\n")], "A proposal", "", "Add a file")
    return pull_requests.open_pull_request(conn, repo, author, new)[0]


def test_a_closed_proposal_lets_go_of_its_commits_and_stays_closed(database: Database) -> None:
    with database.write() as conn:
        repo, alice = make_repository(conn), make_account(conn)
        made = propose(conn, repo, alice)
        compared = comparing.compare(conn, repo, made)
        assert compared is not None
        titles = [entry.title for entry in comparing.list_commits(conn, repo, compared)]
        assert titles == ["Add a file"]
        with pytest.raises(NotNow):
            pull_requests.delete_commits(conn, repo, made, alice)
        comments.change_status(conn, repo, made, alice, Status.CLOSED)
        closed = pull_requests.threads.get_discussion(conn, repo, made.num)
        for _ in range(2):
            pull_requests.delete_commits(conn, repo, closed, alice)
        assert refs.find_ref(conn, repo, closed.git_ref) is None
        assert comparing.compare(conn, repo, closed) is None
        with pytest.raises(NotNow, match="were deleted"):
            comments.change_status(conn, repo, closed, alice, Status.OPEN)


def test_a_discussion_has_no_commits_to_let_go_of(database: Database) -> None:
    with database.write() as conn:
        repo, alice = make_repository(conn), make_account(conn)
        made = comments.open_discussion(conn, repo, alice, "A question", "")
        comments.change_status(conn, repo, made, alice, Status.CLOSED)
        closed = pull_requests.threads.get_discussion(conn, repo, made.num)
        with pytest.raises(NotNow):
            pull_requests.delete_commits(conn, repo, closed, alice)
