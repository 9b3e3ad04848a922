"""Invitations: made, used, withdrawn, and what is tried with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from paddock import clock
from paddock.hub.people.accounts import create_org, find_account, get_account, role_in, set_role
from paddock.hub.people.tables import invitations
from paddock.hub.sessions.sign_up import SignUp
from paddock.hub.sessions.tables import attempts
from tests.databases import sqlite_url
from tests.hub.oauth.people import PASSWORD, Person, a_person
from tests.live import LiveServer, live_server
from tests.mail import post_office


@pytest.fixture(autouse=True)
def by_invitation(shared_server: LiveServer) -> Iterator[None]:
    object.__setattr__(shared_server.hub, "sign_up", SignUp("invitation", None, "users"))
    with shared_server.hub.database.write() as conn:
        conn.execute(attempts.delete())
    yield
    object.__setattr__(shared_server.hub, "sign_up", SignUp())


def invite(person: Person, **fields: str) -> tuple[int, str]:
    """The status, and the path of the link that is shown, if one is."""
    page = person.browser.get("/settings/invitations")
    form = {"form_key": person.form_key(page.text), "uses": "1", "days": "7", **fields}
    answer = person.browser.post("/settings/invitations", data=form)
    found = re.search(r"https?://[^\s<\"]+(/join\?invitation=\w+)", unescape(answer.text))
    return answer.status_code, found[1] if found else ""


def join(server: LiveServer, name: str, link: str, **fields: str) -> int:
    person = Person(server, name)
    page = person.browser.get(link)
    form = {"name": name, "password": PASSWORD, **person.fields(page.text), **fields}
    return person.browser.post("/join", data=form).status_code


def test_an_invitation_lets_in_as_many_as_it_says(shared_server: LiveServer) -> None:
    ada = a_person(shared_server, "ada")
    assert join(shared_server, "uninvited", "/join") == 403
    status, link = invite(ada, uses="2")
    assert status == 200
    assert "ada invited you" in Person(shared_server, "x").browser.get(link).text
    assert link.partition("=")[2] not in ada.browser.get("/settings/invitations").text  # once
    assert [join(shared_server, f"guest{n}", link) for n in range(3)] == [303, 303, 403]
    assert Person(shared_server, "x").browser.get(link).status_code == 404


def test_a_name_that_is_taken_uses_nothing_up(shared_server: LiveServer) -> None:
    _, link = invite(a_person(shared_server, "bo"))
    assert join(shared_server, "bo", link) == 409
    assert join(shared_server, "bonnie", link) == 303


def test_one_that_is_withdrawn_or_late_is_good_no_more(shared_server: LiveServer) -> None:
    ada, eve = a_person(shared_server, "ada2"), a_person(shared_server, "eve")
    _, link = invite(ada)
    _, late = invite(ada, days="1")
    number = re.findall(
        r'name="invitation" value="(\d+)"', ada.browser.get("/settings/invitations").text
    )
    own = ada.form_key(ada.browser.get("/settings/invitations").text)
    form = {"form_key": eve.form_key(eve.browser.get("/settings/invitations").text)}
    other = eve.browser.post(
        "/settings/invitations/withdraw", data={**form, "invitation": number[1]}
    )
    assert other.status_code == 404  # another's
    with shared_server.hub.database.write() as conn:
        soon = clock.now() + timedelta(days=1, minutes=1)
        conn.execute(
            invitations.update()
            .where(invitations.c.expires_at < soon)
            .values(expires_at=clock.now())
        )
    done = ada.browser.post(
        "/settings/invitations/withdraw", data={"form_key": own, "invitation": number[1]}
    )
    assert done.status_code == 303
    for gone in (link, late, "/join?invitation=invitation_" + "a" * 37, "/join?invitation=%00"):
        assert join(shared_server, "nobody1", gone) == 403


@pytest.mark.parametrize(
    "fields",
    [{"uses": "0"}, {"uses": "1001"}, {"days": "91"}, {"uses": "-1"}, {"uses": "\u0663"},
     {"days": "1e3"}, {"email": "x"}, {"email": "a@b.co", "uses": "2"},
     {"role": "owner", "org": "guild"}],
)  # fmt: skip
def test_one_that_is_out_of_bounds_is_not_made(
    shared_server: LiveServer, fields: dict[str, str]
) -> None:
    person = Person(shared_server, "fay")
    with shared_server.hub.database.write() as conn:
        if find_account(conn, "guild") is None:
            shared = find_account(conn, "boss")
            assert shared is not None
            create_org(conn, "guild", owner=shared)
    person.sign_in(shared_server.user("fay"))
    assert invite(person, **fields)[0] in {400, 403}


def test_an_organisations_admin_invites_to_it(shared_server: LiveServer) -> None:
    gil, hal = a_person(shared_server, "gil"), a_person(shared_server, "hal")
    shared_server.org("makers", "gil")
    assert invite(hal, org="makers")[0] == 403
    _, link = invite(gil, org="makers", role="write", uses="5")
    assert join(shared_server, "ida", link) == 303
    page = hal.browser.get(link)
    assert "invites you" in page.text
    assert hal.browser.post("/join/organisation", data=hal.fields(page.text)).status_code == 303
    with shared_server.hub.database.read() as conn:
        makers = get_account(conn, "makers")
        assert [role_in(conn, makers.id, get_account(conn, n)) for n in ("ida", "hal")] == [
            "write"
        ] * 2
    # Who is its admin no more lets nobody in, by what they made before either.
    with shared_server.hub.database.write() as conn:
        set_role(conn, makers, get_account(conn, "hal"), "admin")
        set_role(conn, makers, get_account(conn, "gil"), "read")
    assert join(shared_server, "jan", link) == 403
    late = a_person(shared_server, "kim")
    assert late.browser.get(link).status_code == 404


def test_who_may_not_bring_anybody_in_invites_members_alone(shared_server: LiveServer) -> None:
    """Administrators alone invite: an organisation's admin brings nobody in by way of it."""
    object.__setattr__(shared_server.hub, "sign_up", SignUp("invitation"))
    lea = a_person(shared_server, "lea")
    shared_server.org("weavers", "lea")
    assert invite(lea)[0] == 403
    status, link = invite(lea, org="weavers")
    assert status == 200
    assert join(shared_server, "mia", link) == 403
    boss = Person(shared_server, "boss")
    boss.sign_in(shared_server.admin_token)
    _, link = invite(boss)
    assert join(shared_server, "mia", link) == 303


def test_a_closed_hub_lets_nobody_in(shared_server: LiveServer) -> None:
    boss = Person(shared_server, "boss")
    boss.sign_in(shared_server.admin_token)
    _, link = invite(boss)
    object.__setattr__(shared_server.hub, "sign_up", SignUp())
    assert join(shared_server, "ned", link) == 403


def test_one_for_an_address_is_for_who_gives_it(shared_server: LiveServer) -> None:
    _, link = invite(a_person(shared_server, "olaf"), email="pia@example.org")
    assert 'value="pia@example.org" readonly' in Person(shared_server, "x").browser.get(link).text
    assert join(shared_server, "mallory", link, email="mallory@example.org") == 400
    assert join(shared_server, "pia", link, email="Pia@example.org") == 303


def test_where_mail_is_sent_the_link_goes_to_the_address_and_proves_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("mailing")
    with post_office() as office:
        mail = {"smtp_url": office.url, "mail_from": "hub@hub.example"}
        with live_server(folder / "data", sqlite_url(folder), **mail) as hub:
            object.__setattr__(hub.hub, "sign_up", SignUp("invitation", None, "users"))
            status, link = invite(a_person(hub, "quin"), email="ria@example.org")
            assert (status, link) == (303, "")  # whoever invites never sees it
            sent = office.link()
            assert join(hub, "ria", sent.removeprefix(hub.url), email="ria@example.org") == 303
            with hub.hub.database.read() as conn:
                ria = get_account(conn, "ria")
            assert (ria.email, ria.is_email_proven) == ("ria@example.org", True)
