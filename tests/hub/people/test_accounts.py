"""Users and organisations as rows, on both databases."""

from __future__ import annotations

import pytest

from paddock.errors import BadInput
from paddock.hub.errors import AlreadyExists
from paddock.hub.paging import Part
from paddock.hub.people import accounts, members
from paddock.storage.database import Database


def test_a_name_is_taken_in_every_case_and_by_organisations_too(database: Database) -> None:
    with database.write() as conn:
        alice = accounts.create_user(conn, "Alice", full_name="Alice A.")
        for again in ("Alice", "aLICE"):
            with pytest.raises(AlreadyExists):
                accounts.create_user(conn, again)
            with pytest.raises(AlreadyExists):
                accounts.create_org(conn, again, owner=alice)
        found = accounts.find_account(conn, "ALICE")
    assert found == alice
    assert found.name == "Alice"
    assert found.created_at.tzinfo is not None


def test_nobody_is_found_under_a_name_that_no_database_can_be_asked_for(database: Database) -> None:
    with database.read() as conn:
        for name in ("nul\0", "ſystem", "İ", "\ud800", "", "x" * 10_000):
            assert accounts.find_account(conn, name) is None


def test_members_have_roles_that_can_change_and_end(database: Database) -> None:
    with database.write() as conn:
        owner, bob = accounts.create_user(conn, "owner"), accounts.create_user(conn, "bob")
        lab = accounts.create_org(conn, "lab", owner=owner)
        accounts.set_role(conn, lab, bob, "read")
        accounts.set_role(conn, lab, bob, "contributor")
        assert accounts.role_in(conn, lab.id, bob) == "contributor"
        assert [(m.user.name, m.role) for m in members.list_members(conn, lab, Part(9)).items] == [
            ("bob", "contributor"),
            ("owner", "admin"),
        ]
        assert [(o.org.name, o.role) for o in accounts.orgs_of(conn, bob)] == [
            ("lab", "contributor")
        ]
        accounts.remove_member(conn, lab, bob)
        assert accounts.role_in(conn, lab.id, bob) is None


def test_only_users_join_and_only_organisations_are_joined(database: Database) -> None:
    with database.write() as conn:
        alice = accounts.create_user(conn, "alice")
        lab = accounts.create_org(conn, "lab", owner=alice)
        for org, user, role in [(lab, lab, "read"), (alice, alice, "read"), (lab, alice, "king")]:
            with pytest.raises(BadInput):
                accounts.set_role(conn, org, user, role)


def test_a_full_name_may_be_any_printable_text(database: Database) -> None:
    with database.write() as conn:
        assert accounts.create_user(conn, "zoe", full_name=" Zoë 李 ").full_name == "Zoë 李"
        assert accounts.create_user(conn, "plain").full_name == "plain"
        for bad in ("line\nbreak", "nul\0", "x" * 201):
            with pytest.raises(BadInput):
                accounts.create_user(conn, "other", full_name=bad)
