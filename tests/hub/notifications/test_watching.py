"""Who watches a repository: what is theirs, until a word says otherwise."""

from __future__ import annotations

from paddock.hub.notifications import watching
from paddock.hub.people.accounts import create_org, set_role
from paddock.hub.repositories import NewRepository, create_repository
from paddock.hub.types import Caller, Kind
from paddock.storage.database import Database
from tests.hub.samples import WRITE_TOKEN, make_account, make_repository


def test_the_nearest_word_counts_and_without_one_what_is_theirs(database: Database) -> None:
    with database.write() as conn:
        repo, alice, ben = make_repository(conn), make_account(conn), make_account(conn, "ben")
        assert watching.is_watching(conn, alice, repo)
        assert not watching.is_watching(conn, ben, repo)
        of_ben = Caller(ben, None)
        watching.set_watching(conn, of_ben, "user", alice.public_id, is_watching=True)
        assert watching.is_watching(conn, ben, repo)
        watching.set_watching(conn, of_ben, "repo", repo.public_id, is_watching=False)
        assert not watching.is_watching(conn, ben, repo)


def test_members_watch_what_is_their_organisations(database: Database) -> None:
    with database.write() as conn:
        alice, ben = make_account(conn), make_account(conn, "ben")
        org = create_org(conn, "lab", owner=alice)
        new = NewRepository(Kind.MODEL, "model", namespace="lab")
        repo = create_repository(conn, Caller(alice, WRITE_TOKEN), new)
        assert not watching.is_watching(conn, ben, repo)
        set_role(conn, org, ben, "read")
        assert watching.is_watching(conn, ben, repo)
