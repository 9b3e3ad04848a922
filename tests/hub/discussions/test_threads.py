"""Lists of discussions as pages show them: pinned ones first, and how many are in each state."""

from __future__ import annotations

from paddock.hub.discussions import comments, threads
from paddock.hub.discussions.threads import States, Wanted
from paddock.hub.discussions.values import Status
from paddock.storage.database import Database
from tests.hub.samples import make_account, make_repository


def test_pinned_ones_come_first_in_any_order(database: Database) -> None:
    with database.write() as conn:
        repo, alice = make_repository(conn), make_account(conn)
        made = [
            comments.open_discussion(conn, repo, alice, f"Question {number}", "")
            for number in range(3)
        ]
        comments.set_pinned(conn, repo, made[0], alice, is_pinned=True)
        for sort in ("recently-created", "recently-updated", "reactions"):
            wanted = Wanted(sort=sort, pinned_first=True, limit=2)
            found = threads.list_discussions(conn, repo, wanted).discussions
            assert [one.num for one in found] == [1, 3]


def test_states_are_counted_under_the_same_filters(database: Database) -> None:
    with database.write() as conn:
        repo, alice, ben = make_repository(conn), make_account(conn), make_account(conn, "ben")
        first = comments.open_discussion(conn, repo, alice, "About 100%", "")
        comments.change_status(conn, repo, first, alice, Status.CLOSED)
        comments.open_discussion(conn, repo, alice, "About tokens", "")
        comments.open_discussion(conn, repo, ben, "Another", "")
        for wanted, states in (
            (Wanted(), States(2, 1)),
            (Wanted(status="closed"), States(2, 1)),
            (Wanted(author="ALICE"), States(1, 1)),
            (Wanted(search="about"), States(1, 1)),
            (Wanted(search="%"), States(0, 1)),
            (Wanted(type="pull_request"), States(0, 0)),
            (Wanted(author="nobody"), States(0, 0)),
        ):
            assert threads.count_states(conn, repo, wanted) == states
