"""Accounts get other names, and go: their repositories' addresses and their names stay safe."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from huggingface_hub.errors import RepositoryNotFoundError

from paddock.errors import PaddockError
from paddock.hub.people import accounts as people
from paddock.hub.people.accounts import create_org, create_user, get_account
from paddock.hub.people.kept_names import NameKept, NameTooLike, all_kept, release
from paddock.hub.people.leaving import StillInUse, delete_account, rename_account
from paddock.hub.schema import metadata
from paddock.storage.database import Database
from tests.live import LiveServer


def test_a_renamed_users_repositories_are_found_under_both_names(
    server_on_each: LiveServer,
) -> None:
    token = server_on_each.user("ann")
    api = server_on_each.api(token)
    for kind in ("model", "dataset"):
        api.create_repo("ann/Things", repo_type=kind)
    api.create_repo("ann/moved")
    api.move_repo("ann/moved", "ann/again")
    with server_on_each.hub.database.write() as conn:
        rename_account(conn, get_account(conn, "ann"), "Anna-Lena")
    assert api.whoami()["name"] == "Anna-Lena"
    for kind in ("model", "dataset"):
        assert api.repo_info("ann/things", repo_type=kind).id == "Anna-Lena/Things"
    assert api.repo_info("ann/moved").id == "Anna-Lena/again"
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ann/Things")
    with server_on_each.hub.database.write() as conn:
        rename_account(conn, get_account(conn, "anna-lena"), "ann")
    assert api.repo_info("Anna-Lena/Things").id == "ann/Things"
    assert api.repo_info("ann/Things").id == "ann/Things"


def test_nobody_takes_a_name_that_was_left_but_who_left_it(database: Database) -> None:
    with database.write() as conn:
        owner = create_user(conn, "owner")
        create_org(conn, "meadow", owner=owner)
        rename_account(conn, get_account(conn, "meadow"), "pasture")
        other = create_user(conn, "other")
    for take in (
        lambda conn: create_user(conn, "Meadow"),
        lambda conn: create_org(conn, "meadow", owner=owner),
        lambda conn: create_org(conn, "MEADOW", owner=other),
        lambda conn: rename_account(conn, other, "meadow"),
    ):
        with pytest.raises(NameKept), database.write() as conn:
            take(conn)
    with pytest.raises(NameTooLike), database.write() as conn:
        create_user(conn, "mea-dow")
    with database.write() as conn:
        rename_account(conn, get_account(conn, "pasture"), "meadow")
        assert [kept.name for kept in all_kept(conn)] == ["pasture"]
        release(conn, "pasture")
        create_user(conn, "pasture")


def test_the_name_of_a_deleted_organisation_is_for_its_keeper(database: Database) -> None:
    with database.write() as conn:
        owner, other = create_user(conn, "owner"), create_user(conn, "other")
        org = create_org(conn, "meadow", owner=owner)
        delete_account(conn, org, keeper=owner)
        delete_account(conn, create_user(conn, "gone"))
    for take in (
        lambda conn: create_org(conn, "meadow", owner=other),
        lambda conn: create_user(conn, "gone"),
        lambda conn: create_org(conn, "gone", owner=owner),
    ):
        with pytest.raises(NameKept), database.write() as conn:
            take(conn)
    with database.write() as conn:
        create_org(conn, "meadow", owner=owner)


def test_a_name_that_reads_like_anothers_is_refused_unless_it_is_meant(
    database: Database,
) -> None:
    with database.write() as conn:
        create_user(conn, "deep-mind")
    for name in ("deepmind", "Deep_Mind", "d-eepmind"):
        with pytest.raises(NameTooLike), database.write() as conn:
            create_user(conn, name)
    with database.write() as conn:
        create_user(conn, "deepmind", allow_similar=True)


def test_a_rename_and_who_wants_the_old_name_do_not_both_get_it(database: Database) -> None:
    """The hijacker waits for the rename at the unique key, and must find the name kept then."""
    with database.write() as conn:
        create_user(conn, "target")
    held, go_on = threading.Event(), threading.Event()
    outcome: list[object] = []

    def rename() -> None:
        with database.write() as conn:
            rename_account(conn, get_account(conn, "target"), "renamed")
            held.set()
            go_on.wait(5)

    def hijack() -> None:
        held.wait(5)
        try:
            with database.write() as conn:
                outcome.append(create_user(conn, "target"))
        except PaddockError as e:
            outcome.append(e)

    threads = [threading.Thread(target=work) for work in (rename, hijack)]
    for thread in threads:
        thread.start()
    held.wait(5)
    threading.Timer(0.3, go_on.set).start()
    for thread in threads:
        thread.join(20)
    assert isinstance(outcome[0], NameKept)


def test_a_deleted_user_leaves_nothing_behind_but_what_they_wrote(
    server_on_each: LiveServer,
) -> None:
    writer, owner = server_on_each.user("writer"), server_on_each.user("owner2")
    server_on_each.org("field", "owner2")
    with server_on_each.hub.database.write() as conn:
        org, user = get_account(conn, "field"), get_account(conn, "writer")
        people.set_role(conn, org, user, "write")
    api = server_on_each.api(writer)
    api.create_repo("writer/own", private=True)
    api.create_repo("field/shared")
    commit = api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="field/shared")
    discussion = api.create_discussion("field/shared", "A question", description="why?")
    api.like("field/shared") if hasattr(api, "like") else None
    with server_on_each.hub.database.write() as conn, pytest.raises(StillInUse):
        delete_account(conn, get_account(conn, "writer"))
    with server_on_each.hub.database.write() as conn:
        delete_account(conn, get_account(conn, "writer"), with_repositories=True)
    theirs = server_on_each.api(owner)
    assert theirs.repo_info("field/shared").sha == commit.oid
    found = theirs.get_discussion_details("field/shared", discussion.num)
    assert found.title == "A question"
    assert theirs.list_repo_commits("field/shared")[0].commit_id == commit.oid
    with pytest.raises(RepositoryNotFoundError):
        server_on_each.admin_api.repo_info("writer/own")


def test_an_organisation_is_not_left_without_an_admin(database: Database) -> None:
    with database.write() as conn:
        owner = create_user(conn, "owner")
        create_org(conn, "meadow", owner=owner)
    with pytest.raises(StillInUse, match="meadow"), database.write() as conn:
        delete_account(conn, owner)


def test_every_row_about_an_account_says_what_becomes_of_it() -> None:
    """Repositories and programs alone are dealt with one by one, before their owner may go."""
    silent = {
        f"{table.name}.{key.parent.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "accounts" and key.ondelete is None
    }
    assert silent == {"repositories.namespace_id", "service_accounts.org_id"}
    assert isinstance(metadata, sa.MetaData)


def test_the_only_administrator_stays_until_there_is_another(database: Database) -> None:
    with database.write() as conn:
        first = create_user(conn, "first", is_admin=True)
    with pytest.raises(StillInUse, match="only administrator"), database.write() as conn:
        delete_account(conn, first)
    with database.write() as conn:
        create_user(conn, "second", is_admin=True)
        delete_account(conn, first)
