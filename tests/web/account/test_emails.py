"""Addresses that are proven, passwords that are forgotten, and what is tried against both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.mail import posting
from paddock.hub.people.accounts import create_user, get_account
from paddock.hub.people.mail_links import make_link
from paddock.hub.people.proving import vouch_for_address
from paddock.hub.people.tables import mail_links
from paddock.hub.sessions.tables import attempts, sessions
from paddock.hub.tables import accounts
from paddock.hub.types import Account
from tests.databases import sqlite_url
from tests.hub.oauth.people import PASSWORD, Person, a_person
from tests.live import LiveServer, live_server
from tests.mail import PostOffice, post_office


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture(scope="module")
def hub(office: PostOffice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("mailing")
    mail = {"smtp_url": office.url, "mail_from": "Hub <hub@hub.example>"}
    with live_server(folder / "data", sqlite_url(folder), **mail) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(hub: LiveServer, office: PostOffice) -> None:
    office.letters.clear()
    with hub.hub.database.write() as conn:
        conn.execute(attempts.delete())


def send(person: Person, page: str, path: str | None = None, **fields: str) -> int:
    """The form of a page, sent to its own address or another."""
    form = person.fields(person.browser.get(page).text) | fields
    return person.browser.post(path or page, data=form).status_code


def account(hub: LiveServer, name: str) -> Account:
    with hub.hub.database.read() as conn:
        return get_account(conn, name)


def proven(hub: LiveServer, name: str, address: str | None = None) -> Person:
    """A user with a proven address, signed in."""
    person = a_person(hub, name)
    with hub.hub.database.write() as conn:
        vouch_for_address(conn, get_account(conn, name), address or f"{name}@example.org")
    return person


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def test_an_address_counts_when_its_reader_pressed_the_button(
    hub: LiveServer, office: PostOffice
) -> None:
    rosa = proven(hub, "rosa", "rosa@old.example")
    assert send(rosa, "/settings/email", email="Rosa@New.example") == 303
    letter = office.wait()
    assert letter["To"] == "Rosa@new.example"
    assert account(hub, "rosa").email == "rosa@old.example"  # until then
    link = office.link()
    assert link.startswith(hub.url)  # never what a request called us
    for _ in range(2):  # a program that reads mail follows the link, too
        page = rosa.browser.get(path_of(link))
        assert page.status_code == 200 and "Rosa@new.example" in page.text
    assert account(hub, "rosa").email == "rosa@old.example"
    assert send(rosa, path_of(link), "/settings/email/confirm") == 303
    found = account(hub, "rosa")
    assert (found.email, found.is_email_proven) == ("Rosa@new.example", True)
    told = office.wait(2)  # whoever had the address before learns of it
    assert told["To"] == "rosa@old.example" and "another e-mail address" in told.get_content()
    assert rosa.browser.get(path_of(link)).status_code == 404  # once


def test_a_link_is_good_for_its_account_alone_while_signed_in(
    hub: LiveServer, office: PostOffice
) -> None:
    """Who gets a letter that they did not ask for lends nobody their address by opening it."""
    mallory, victim = a_person(hub, "mallory"), a_person(hub, "victim")
    assert send(mallory, "/settings/email", email="victim@example.org") == 303
    link = path_of(office.link())
    assert victim.browser.get(link).status_code == 404
    key = link.partition("key=")[2]
    form = victim.fields(victim.browser.get("/settings/email").text)
    assert (
        victim.browser.post("/settings/email/confirm", data={**form, "key": key}).status_code == 404
    )
    stranger = Person(hub, "x").browser
    assert stranger.get(link).headers["location"].startswith("/login?next=")
    assert not account(hub, "mallory").is_email_proven


def test_links_end(hub: LiveServer, office: PostOffice) -> None:
    tina = a_person(hub, "tina")
    for number in (1, 2):
        assert send(tina, "/settings/email", email=f"tina{number}@example.org") == 303
    first, second = (path_of(office.link(number)) for number in (1, 2))
    assert tina.browser.get(first).status_code == 404  # a newer one was sent
    with hub.hub.database.write() as conn:
        late = mail_links.update().values(expires_at=clock.now())
        conn.execute(late)
    assert tina.browser.get(second).status_code == 404
    for key in ("", "x", "mail_" + "a" * 37, "\u0000", "x" * 201):
        assert tina.browser.get("/settings/email/confirm", params={"key": key}).status_code in {
            404, 422, 400,
        }  # fmt: skip


def test_letters_are_no_weapon(hub: LiveServer, office: PostOffice) -> None:
    """Somebody has letters sent to an address again and again; then no more are."""
    mallory = a_person(hub, "mallory2")
    statuses = [
        send(mallory, "/settings/email", email="target@example.org")
        for _ in range(posting.PROOFS_PER_DAY + 1)
    ]
    assert statuses == [303] * posting.PROOFS_PER_DAY + [429]
    for bad in ("a@b.co\r\nBcc: c@d.ef", "a@b.co,c@d.ef", '"a b"@c.de', "a", "@b.co", "-x@b.co"):
        assert send(mallory, "/settings/email", email=bad) == 400


def test_a_forgotten_password_is_set_anew_by_a_letter(hub: LiveServer, office: PostOffice) -> None:
    vera = proven(hub, "vera", "Vera@example.org")
    asked = Person(hub, "vera")
    page = asked.browser.get("/login")
    assert 'href="/login/forgotten"' in page.text
    assert send(asked, "/login/forgotten", who="vera@EXAMPLE.org") == 200
    link = path_of(office.link())
    assert asked.browser.get(link).status_code == asked.browser.get(link).status_code == 200
    assert send(asked, link, "/login/reset", new="short") == 400  # which uses nothing up
    assert send(asked, link, "/login/reset", new="another good one") == 303
    assert vera.browser.get("/settings/profile").status_code == 303  # signed out
    assert asked.browser.get("/settings/profile").status_code == 303  # and nobody in
    assert Person(hub, "vera").sign_in().status_code == 401
    assert Person(hub, "vera").sign_in("another good one").status_code == 303
    assert "was set anew" in office.wait(2).get_content()
    assert (
        send(asked, "/login/forgotten", "/login/reset", key=link.partition("key=")[2], new=PASSWORD)
        == 404
    )


def test_asking_tells_nobody_who_is_here(hub: LiveServer, office: PostOffice) -> None:
    """The same answer, and the same work before it: a job looks who was meant."""
    proven(hub, "wanda")
    a_person(hub, "xaver")  # whose address is not proven
    answers = set()
    for who in ("wanda", "wanda@example.org", "xaver", "nobody", "no@body.example", "", "\x00é"):
        person = Person(hub, "x")
        form = person.fields(person.browser.get("/login/forgotten").text)
        answer = person.browser.post("/login/forgotten", data={**form, "who": who})
        key = re.compile(r'value="[0-9a-f.]{40,}"')
        answers.add((answer.status_code, key.sub("", answer.text)))
    assert len(answers) == 1
    hub.run_jobs()
    assert [letter["To"] for letter in office.letters] == ["wanda@example.org"] * 2


def test_a_reset_is_asked_for_a_bounded_number_of_times(
    hub: LiveServer, office: PostOffice
) -> None:
    proven(hub, "yara")
    person = Person(hub, "x")
    statuses = [send(person, "/login/forgotten", who="yara") for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    hub.run_jobs()
    assert len(office.letters) == 5  # to one account a day


def test_links_of_a_letter_are_made_with_our_own_address(
    hub: LiveServer, office: PostOffice
) -> None:
    """Whoever asks names a host of theirs: the link would bring them its secret."""
    proven(hub, "zoe")
    person = Person(hub, "x")
    form = person.fields(person.browser.get("/login/forgotten").text)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    person.browser.post("/login/forgotten", data={**form, "who": "zoe"}, headers=headers)
    hub.run_jobs()
    assert "evil.example" not in office.text()
    assert office.link().startswith(hub.url)


def test_changing_the_address_ends_links_to_the_old_one(hub: LiveServer) -> None:
    person = proven(hub, "abel")
    with hub.hub.database.write() as conn:
        user = get_account(conn, "abel")
        reset = make_link(conn, user, "password", "abel@example.org", timedelta(hours=1))
    assert send(person, "/settings/email", "/settings/email/remove") == 303
    assert account(hub, "abel").email is None
    assert Person(hub, "x").browser.get(f"/login/reset?key={reset}").status_code == 404


def test_without_a_mail_server_addresses_are_kept_and_prove_nothing(
    shared_server: LiveServer,
) -> None:
    bea = a_person(shared_server, "bea")
    assert send(bea, "/settings/email", email="bea@new.example") == 303
    found = account(shared_server, "bea")
    assert (found.email, found.is_email_proven) == ("bea@new.example", False)
    stranger = Person(shared_server, "x")
    assert "sends no e-mail" in stranger.browser.get("/login/forgotten").text
    assert "/login/forgotten" not in stranger.browser.get("/login").text
    form = stranger.fields(stranger.browser.get("/login").text)
    asked = stranger.browser.post("/login/forgotten", data={**form, "who": "bea"})
    assert asked.status_code == 503


def test_a_new_account_is_asked_to_prove_its_address(hub: LiveServer, office: PostOffice) -> None:
    from paddock.hub.sessions.sign_up import SignUp

    object.__setattr__(hub.hub, "sign_up", SignUp("open"))
    cora = Person(hub, "cora")
    fields = cora.fields(cora.browser.get("/join").text)
    form = {"name": "cora", "password": PASSWORD, "email": "cora@example.org", **fields}
    assert cora.browser.post("/join", data=form).status_code == 303
    assert account(hub, "cora").email is None
    assert send(cora, path_of(office.link()), "/settings/email/confirm") == 303
    assert account(hub, "cora").email == "cora@example.org"


def test_what_a_thief_would_change_asks_again(hub: LiveServer) -> None:
    """With a session that was begun a while ago, and nothing else."""
    dora = proven(hub, "dora")
    form = dora.fields(dora.browser.get("/settings/email").text)
    with hub.hub.database.write() as conn:
        conn.execute(sessions.update().values(confirmed_at=clock.now() - timedelta(minutes=16)))
    for page in ("/settings/email", "/settings/tokens/new"):
        asked = dora.browser.get(page)
        assert (asked.status_code, asked.headers["location"]) == (
            303, f"/login/confirm?next={page.replace('/', '%2F')}",
        )  # fmt: skip
    post = dora.browser.post("/settings/email", data={**form, "email": "thief@example.org"})
    assert post.headers["location"].startswith("/login/confirm")
    post = dora.browser.post("/settings/tokens/new", data={**form, "name": "x", "role": "write"})
    assert post.headers["location"].startswith("/login/confirm")
    confirm = "/login/confirm?next=%2Fsettings%2Femail"
    assert send(dora, confirm, "/login/confirm", password="wrong") == 401
    assert dora.browser.get("/settings/email").status_code == 303
    assert send(dora, confirm, "/login/confirm", password=PASSWORD) == 303
    assert dora.browser.get("/settings/email").status_code == 200
    assert account(hub, "dora").email == "dora@example.org"


def test_who_has_no_password_signs_in_again(hub: LiveServer) -> None:
    token = hub.user("emil")
    emil = Person(hub, "emil")
    assert emil.sign_in(token).status_code == 303
    with hub.hub.database.write() as conn:
        conn.execute(sessions.update().values(confirmed_at=clock.now() - timedelta(minutes=16)))
    for page in ("/settings/password", "/settings/email"):
        assert emil.browser.get(page).headers["location"].startswith("/login/confirm")
    form = emil.fields(emil.browser.get("/settings/account").text)
    gone = emil.browser.post("/settings/account/delete", data={**form, "typed": "emil"})
    assert gone.status_code == 401 and account(hub, "emil")
    # No password at all is no password that is right.
    assert send(emil, "/login/confirm?next=%2F", "/login/confirm", password="") == 303
    assert emil.browser.get("/settings/email").status_code == 303
    out = send(emil, "/login/confirm?next=%2Fsettings%2Femail", "/logout")
    assert out == 303
    assert emil.sign_in(token).status_code == 303
    assert emil.browser.get("/settings/email").status_code == 200


def test_addresses_of_an_older_database_can_be_looked_up(tmp_path: Path, hub: LiveServer) -> None:
    with hub.hub.database.write() as conn:
        create_user(conn, "fred", email="Fred@example.org")
        query = sa.select(accounts.c.email_key).where(accounts.c.name == "fred")
        assert conn.scalar(query) == "fred@example.org"
