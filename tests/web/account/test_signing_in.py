"""Signing in with a browser, and what is tried against it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.people.accounts import create_user
from paddock.hub.sessions import attempts, sessions
from paddock.hub.sessions.attempts import Tries
from paddock.hub.sessions.tables import sessions as session_rows
from paddock.hub.tables import accounts
from paddock.web.browser import own_path
from tests.hub.oauth.people import PASSWORD, Person, a_person
from tests.hub.people.test_passwords import of_old
from tests.live import LiveServer


def test_a_session_is_new_at_every_sign_in_and_over_after_signing_out(
    server_on_each: LiveServer,
) -> None:
    ada = a_person(server_on_each, "ada")
    first = ada.browser.cookies["paddock_session"]
    page = ada.browser.get("/settings/password")
    key = ada.form_key(page.text)
    form = {"name": "ada", "password": PASSWORD, "form_key": key}
    assert ada.browser.post("/login", data=form).status_code == 303
    assert ada.browser.cookies["paddock_session"] != first
    with httpx.Client(base_url=server_on_each.url, cookies={"paddock_session": first}) as old:
        assert old.get("/settings/password").status_code == 303
    key = ada.form_key(ada.browser.get("/settings/password").text)
    ada.browser.post("/logout", data={"form_key": key})
    assert ada.browser.get("/settings/password").status_code == 303


def test_a_secret_that_somebody_else_chose_is_no_session(shared_server: LiveServer) -> None:
    with shared_server.hub.database.write() as conn:
        create_user(conn, "ben", password=PASSWORD)
    victim = Person(shared_server, "ben")
    victim.browser.cookies.set("paddock_session", "chosen-by-mallory")
    assert victim.sign_in().status_code == 303
    with httpx.Client(
        base_url=shared_server.url, cookies={"paddock_session": "chosen-by-mallory"}
    ) as mallory:
        assert mallory.get("/settings/password").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    shared_server: LiveServer,
) -> None:
    with shared_server.hub.database.write() as conn:
        create_user(conn, "cleo", password=PASSWORD)
    answer = Person(shared_server, "cleo").sign_in()
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "paddock_session=" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(server: LiveServer) -> None:
    object.__setattr__(server.hub, "public_url", "https://hub.example.org")
    with server.hub.database.write() as conn:
        create_user(conn, "dirk", password=PASSWORD)
    page = httpx.get(f"{server.url}/login")
    form_cookie = page.headers["set-cookie"]
    assert form_cookie.startswith("__Host-paddock_form=")
    dirk = Person(server, "dirk")
    answer = httpx.post(
        f"{server.url}/login",
        data={"name": "dirk", "password": PASSWORD, **dirk.fields(page.text)},
        headers={"Cookie": form_cookie.split(";")[0], "Origin": "https://hub.example.org"},
    )
    assert answer.status_code == 303
    cookies = answer.headers.get_list("set-cookie")
    cookie = next(c for c in cookies if c.startswith("__Host-paddock_session="))
    assert "Secure" in cookie


def test_a_cookie_alone_reads_and_changes_nothing(shared_server: LiveServer) -> None:
    edna = a_person(shared_server, "edna")
    assert edna.browser.get("/api/whoami-v2").json()["auth"] == {"type": "session"}
    made = edna.browser.post("/api/repos/create", json={"name": "x"})
    assert made.status_code == 401
    forged = {"X-Paddock-Form": "0.1"}
    made = edna.browser.post("/api/repos/create", json={"name": "x"}, headers=forged)
    assert made.status_code == 403 and "own page" in made.json()["error"]


def test_the_script_of_a_page_may_do_what_its_user_may(shared_server: LiveServer) -> None:
    vera = a_person(shared_server, "vera")
    key = vera.form_key(vera.browser.get("/settings/password").text)
    headers = {"X-Paddock-Form": key, "Sec-Fetch-Site": "same-origin"}
    made = vera.browser.post("/api/repos/create", json={"name": "x"}, headers=headers)
    assert made.status_code == 200, made.text
    elsewhere = {**headers, "Sec-Fetch-Site": "cross-site"}
    again = vera.browser.post("/api/repos/create", json={"name": "y"}, headers=elsewhere)
    assert again.status_code == 403
    other = a_person(shared_server, "wim")
    again = other.browser.post("/api/repos/create", json={"name": "z"}, headers=headers)
    assert again.status_code == 403  # the key of somebody else's page


def test_a_session_sends_large_files_until_it_ends(shared_server: LiveServer) -> None:
    xena = a_person(shared_server, "xena")
    key = xena.form_key(xena.browser.get("/settings/password").text)
    headers = {"X-Paddock-Form": key}
    xena.browser.post("/api/repos/create", json={"name": "large"}, headers=headers)
    content = b"large" * 1000
    oid = hashlib.sha256(content).hexdigest()
    asked = {"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]}
    batch = "/xena/large.git/info/lfs/objects/batch"
    kind = {"Content-Type": "application/vnd.git-lfs+json"}
    told = xena.browser.post(batch, json=asked, headers={**headers, **kind}).json()
    upload = told["objects"][0]["actions"]["upload"]
    assert httpx.put(upload["href"], content=content).status_code == 200
    other = hashlib.sha256(content * 2).hexdigest()
    asked = {"operation": "upload", "objects": [{"oid": other, "size": 2 * len(content)}]}
    told = xena.browser.post(batch, json=asked, headers={**headers, **kind}).json()
    upload = told["objects"][0]["actions"]["upload"]
    assert xena.browser.post("/logout", data={"form_key": key}).status_code == 303
    assert httpx.put(upload["href"], content=content * 2).status_code == 401


def test_who_signs_in_with_a_token_administers_no_more_than_it(shared_server: LiveServer) -> None:
    private = "/api/models/victor/hidden"
    shared_server.api(shared_server.user("victor")).create_repo("victor/hidden", private=True)
    for token in (shared_server.admin_token, shared_server.user("boss")):
        boss = Person(shared_server, "boss")
        assert boss.sign_in(token).status_code == 303
        seen = boss.browser.get(private).status_code
        assert seen == (200 if token == shared_server.admin_token else 404)


def test_a_form_of_another_site_signs_nobody_in_or_out(shared_server: LiveServer) -> None:
    finn = a_person(shared_server, "finn")
    form = {"name": "finn", "password": PASSWORD}
    stranger = Person(shared_server, "finn")
    assert stranger.browser.post("/login", data=form).status_code == 403
    assert finn.browser.post("/logout", data={}).status_code == 403
    change = {"old": PASSWORD, "new": "mallory's own"}
    assert finn.browser.post("/settings/password", data=change).status_code == 403


def test_passwords_cannot_be_guessed_at_for_long(server_on_each: LiveServer) -> None:
    with server_on_each.hub.database.write() as conn:
        create_user(conn, "gus", password=PASSWORD)
    guesser = Person(server_on_each, "gus")
    key = guesser.fields(guesser.browser.get("/login").text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(attempts, "USUAL", Tries(3, 60))
        wrong = {"name": "gus", "password": "wrong", **key}
        statuses = [guesser.browser.post("/login", data=wrong).status_code for _ in range(4)]
        right = guesser.browser.post("/login", data={**wrong, "password": PASSWORD})
    assert statuses == [401, 401, 401, 429]
    assert right.status_code == 429


def test_when_one_password_is_tried_on_everybody_each_gets_fewer_tries(
    server: LiveServer,
) -> None:
    """From many places, on many accounts: no single one of them is over its bound."""
    inside = a_person(server, "ines")
    wrong = [sessions.Place(f"10.0.{number}.1") for number in range(6)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(attempts, "SPRAYED_FROM", 4)
        patched.setattr(attempts, "SPRAYED", Tries(1, 10))
        for number, place in enumerate(wrong):
            with pytest.raises(sessions.WrongPassword):
                sessions.sign_in(server.hub.database, f"user{number}", "Summer2026", place)
        for status in (401, 429):
            guess = Person(server, "ines")
            assert guess.sign_in("Summer2026").status_code == status
        assert inside.browser.get("/settings/profile").status_code == 200
        sessions.sign_in(
            server.hub.database, "boss", server.admin_token, sessions.Place("10.9.9.9")
        )


def test_a_password_that_an_earlier_paddock_stored_is_stored_anew(server: LiveServer) -> None:
    person = a_person(server, "olga")
    row = sa.select(accounts.c.password_hash).where(accounts.c.name == "olga")
    with server.hub.database.write() as conn:
        old = of_old(PASSWORD.encode())
        conn.execute(sa.update(accounts).values(password_hash=old).where(accounts.c.name == "olga"))
    assert Person(server, "olga").sign_in("wrong").status_code == 401
    with server.hub.database.read() as conn:
        assert conn.scalar(row) == old
    for _ in range(2):
        assert Person(server, "olga").sign_in().status_code == 303
        with server.hub.database.read() as conn:
            assert str(conn.scalar(row)).startswith("$argon2id$")
    assert person.browser.get("/settings/profile").status_code == 200


def test_a_name_that_nobody_has_is_answered_like_a_wrong_password(
    shared_server: LiveServer,
) -> None:
    a_person(shared_server, "hans")
    texts = set()
    for name in ("hans", "nobody-at-all"):
        person = Person(shared_server, name)
        texts.add(person.sign_in("wrong").text.replace(name, "").split("</p>")[0])
    assert len(texts) == 1


def test_who_has_no_password_signs_in_with_a_token_that_may_write(
    shared_server: LiveServer,
) -> None:
    write, read = shared_server.user("ines"), shared_server.user("ines", role="read")
    assert Person(shared_server, "ines").sign_in(read).status_code == 401
    assert Person(shared_server, "other").sign_in(write).status_code == 401
    assert Person(shared_server, "ines").sign_in(write).status_code == 303


def test_a_session_ends_with_the_token_that_it_began_with(server_on_each: LiveServer) -> None:
    server_on_each.user("tina")
    api = f"{server_on_each.url}/api/settings/tokens"
    own = {"Authorization": f"Bearer {server_on_each.user('tina')}"}
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    body = {"displayName": "to sign in", "role": "write", "expiresAt": soon}
    made = httpx.post(api, json=body, headers=own).json()
    tina = Person(server_on_each, "tina")
    assert tina.sign_in(made["token"]).status_code == 303
    with server_on_each.hub.database.read() as conn:
        ends = conn.execute(sa.select(session_rows.c.expires_at)).scalar_one()
    assert ends <= clock.now() + timedelta(hours=1)
    assert tina.browser.get("/settings/password").status_code == 200
    assert httpx.delete(f"{api}/{made['_id']}", headers=own).status_code == 200
    assert tina.browser.get("/settings/password").status_code == 303  # to sign in


def test_a_new_password_signs_out_every_other_browser(shared_server: LiveServer) -> None:
    here = a_person(shared_server, "jana")
    there = Person(shared_server, "jana")
    there.sign_in()
    form = {"form_key": here.form_key(here.browser.get("/settings/password").text)}
    wrong = here.browser.post("/settings/password", data={**form, "old": "x", "new": "longer one"})
    assert wrong.status_code == 401
    done = {**form, "old": PASSWORD, "new": "longer one"}
    changed = here.browser.post("/settings/password", data=done)
    assert "is changed" in here.browser.get(changed.headers["location"]).text
    assert here.browser.get("/settings/password").status_code == 200
    assert there.browser.get("/settings/password").status_code == 303
    assert Person(shared_server, "jana").sign_in("longer one").status_code == 303


@pytest.mark.parametrize(
    "text",
    ["//evil.org", "https://evil.org", "/\\evil.org", "\\\\evil.org", "javascript:x", "evil", "",
     "/a\nSet-Cookie: x", "///evil.org", "/" + "x" * 5000, "http:/evil.org"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site_after_signing_in(text: str) -> None:
    assert own_path(text) == "/"


def test_ones_own_pages_are_where_one_goes_next() -> None:
    assert own_path("/oauth/device?user_code=A&x=//b") == "/oauth/device?user_code=A&x=//b"
