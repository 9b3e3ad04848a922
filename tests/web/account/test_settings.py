"""Settings of one's own account, as a person uses them, and what others cannot do with them."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from paddock import clock
from paddock.hub.oauth import apps, grants
from paddock.hub.oauth.apps import NewApp
from paddock.hub.people.accounts import find_account, get_account
from paddock.hub.sessions import sessions
from paddock.hub.sessions.attempts import Tries
from paddock.hub.sessions.tables import sessions as session_rows
from tests.hub.http_calls import call
from tests.hub.oauth.people import PASSWORD, Person, a_person
from tests.live import LiveServer
from tests.web.visiting import visit

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50


def send(person: Person, page: str, path: str = "", **fields: str) -> httpx.Response:
    """The form of a page, sent to its own address or another."""
    key = person.form_key(person.browser.get(page).text)
    return person.browser.post(path or page, data={"form_key": key, **fields})


def test_a_profile_is_kept_shown_and_escaped(shared_server: LiveServer) -> None:
    ada = a_person(shared_server, "ada")
    evil = '"><script>alert(1)</script>'
    done = send(
        ada, "/settings/profile", full_name=evil, details="Ünï\nlines",
        website="https://ada.example", github="ada",
    )  # fmt: skip
    assert (done.status_code, done.headers["location"]) == (303, "/settings/profile?done=saved")
    page = ada.browser.get("/settings/profile?done=saved").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page and "is saved" in page
    told = httpx.get(f"{shared_server.url}/api/users/ada/overview").json()
    assert told["details"] == "Ünï\nlines"
    bad = send(ada, "/settings/profile", website="javascript:alert(1)")
    assert bad.status_code == 400
    assert "https://ada.example" in ada.browser.get("/settings/profile").text


def test_a_picture_is_uploaded_and_taken_away(shared_server: LiveServer) -> None:
    ben = a_person(shared_server, "ben")
    address = "/settings/profile/picture"

    def upload(content: bytes) -> httpx.Response:
        key = ben.form_key(ben.browser.get("/settings/profile").text)
        return ben.browser.post(address, data={"form_key": key}, files={"picture": ("p", content)})

    assert upload(b"<svg onload='alert(1)'/>").status_code == 400
    assert upload(PNG + b"x" * 1_000_001).status_code == 400
    assert upload(PNG).status_code == 303
    path = re.search(r'src="(/avatars/\w+)"', ben.browser.get("/settings/profile").text)
    assert path is not None
    assert ben.browser.get(path[1]).content == PNG
    assert send(ben, "/settings/profile", address, drawn="1").status_code == 303
    assert ben.browser.get(path[1]).headers["content-type"] == "image/svg+xml"


def secret_in(answer: httpx.Response) -> str:
    (found,) = set(re.findall(r"hf_[A-Za-z]{34}", answer.text))
    return found


def test_a_token_is_shown_once_and_revoked(shared_server: LiveServer) -> None:
    cora = a_person(shared_server, "cora")
    answer = send(cora, "/settings/tokens/new", name="<b>laptop", role="write", days="30")
    assert answer.headers["cache-control"] == "no-store"
    secret = secret_in(answer)
    assert "<b>laptop" not in answer.text
    assert call(shared_server, "GET", "/api/whoami-v2", secret).json()["name"] == "cora"
    listed = cora.browser.get("/settings/tokens").text
    assert secret not in listed and "&lt;b&gt;laptop" in listed
    number = re.search(r"/settings/tokens/(\d+)/revoke", listed)
    assert number is not None
    dora = a_person(shared_server, "dora")
    address = f"/settings/tokens/{number[1]}/revoke"
    assert send(dora, "/settings/tokens/new", address).status_code == 404
    assert call(shared_server, "GET", "/api/whoami-v2", secret).status_code == 200
    assert send(cora, "/settings/tokens", address).status_code == 303
    assert call(shared_server, "GET", "/api/whoami-v2", secret).status_code == 401


def test_a_fine_grained_token_does_what_was_chosen_and_no_more(shared_server: LiveServer) -> None:
    owner = shared_server.api(shared_server.user("emil"))
    for name in ("emil/one", "emil/two"):
        owner.create_repo(name, private=True)
    emil = a_person_of(shared_server, "emil")
    answer = send(
        emil, "/settings/tokens/new", name="ci", role="fineGrained", days="1",
        repositories="emil/one", repositories_level="write",
    )  # fmt: skip
    token = secret_in(answer)
    bounded = shared_server.api(token)
    bounded.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="emil/one")
    assert call(shared_server, "GET", "/api/models/emil/two", token).status_code == 404
    settings = call(
        shared_server, "PUT", "/api/models/emil/one/settings", token, json={"private": False}
    )
    assert settings.status_code == 403
    assert "emil/one: read, and write files" in emil.browser.get("/settings/tokens").text
    for wrong in (
        {"role": "fineGrained"}, {"role": "admin"}, {"role": "nonsense"}, {"days": "9999"},
        {"role": "fineGrained", "repositories": "nobody/none"},
        {"role": "fineGrained", "on:nobody": "read"}, {"name": ""},
    ):  # fmt: skip
        fields = {"name": "x", "role": "read", "days": "1", **wrong}
        refused = send(emil, "/settings/tokens/new", **fields)
        assert refused.status_code in {400, 403, 404}, wrong
        assert not re.search(r"hf_[A-Za-z]{34}", refused.text)


def a_person_of(server: LiveServer, name: str) -> Person:
    """A user who is there already, signed in."""
    with server.hub.database.write() as conn:
        account = find_account(conn, name)
        assert account is not None
        sessions.set_password(conn, account, PASSWORD)
    person = Person(server, name)
    assert person.sign_in().status_code == 303
    return person


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(
    server_on_each: LiveServer,
) -> None:
    here = a_person(server_on_each, "finn")
    phone, laptop = Person(server_on_each, "finn"), Person(server_on_each, "finn")
    phone.browser.headers["User-Agent"] = "Mozilla/5.0 (iPhone) Version/17 Safari/604.1"
    laptop.browser.headers["User-Agent"] = "<script>alert(1)</script>\tx" + "y" * 500
    for other in (phone, laptop):
        assert other.sign_in().status_code == 303
    page = here.browser.get("/settings/sessions").text
    assert "Safari on iPhone" in page and "<script>alert" not in page and "127.0.0.1" in page
    assert here.browser.cookies["paddock_session"] not in page
    handles = re.findall(r'name="session" value="(\w+)"', page)
    assert len(handles) == 2
    gina = a_person(server_on_each, "gina")
    address = "/settings/sessions/end"
    assert send(gina, "/settings/sessions", address, session=handles[0]).status_code == 404
    ended = send(here, "/settings/sessions", address, session=handles[0])
    assert ended.status_code == 303
    signed_in = [b.browser.get("/settings/sessions").status_code for b in (phone, laptop)]
    assert sorted(signed_in) == [200, 303]
    today = clock.now().date()
    with server_on_each.hub.database.write() as conn:
        conn.execute(session_rows.update().values(seen_on=today - timedelta(days=3)))
    here.browser.get("/settings/profile")
    assert here.browser.get("/settings/sessions").text.count(f"last used {today}") == 1
    assert send(here, "/settings/sessions", address + "-others").status_code == 303
    assert {b.browser.get("/settings/sessions").status_code for b in (phone, laptop)} == {303}
    assert here.browser.get("/settings/sessions").status_code == 200


def test_an_application_loses_what_it_was_allowed(shared_server: LiveServer) -> None:
    hugo = a_person(shared_server, "hugo")
    with shared_server.hub.database.write() as conn:
        user = get_account(conn, "hugo")
        new = NewApp("<i>Tool", ["https://tool.example/back"], ("openid", "read-repos"), None)
        app, _ = apps.register_app(conn, user, new)
        grant = grants.create_grant(conn, app, user, ("openid", "read-repos"))
        token = grants.issue(conn, app, grant).access_token
    assert "&lt;i&gt;Tool" in hugo.browser.get("/settings/applications").text
    address = "/settings/applications/end"
    for wrong in ("0", "x", str(grant.id + 7)):
        assert send(hugo, "/settings/applications", address, grant=wrong).status_code == 404
    done = send(hugo, "/settings/applications", address, grant=str(grant.id))
    assert done.status_code == 303
    assert call(shared_server, "GET", "/api/whoami-v2", token).status_code == 401


def test_another_name_and_no_account_ask_for_the_password(server_on_each: LiveServer) -> None:
    server = server_on_each
    server.api(server.user("ivo")).create_repo("ivo/model")
    ivo = a_person_of(server, "ivo")
    page, rename, delete = (
        "/settings/account",
        "/settings/account/rename",
        "/settings/account/delete",
    )
    assert send(ivo, page, rename, new_name="ivan", password="wrong").status_code == 401
    assert send(ivo, page, rename, new_name="settings", password=PASSWORD).status_code == 400
    assert send(ivo, page, rename, new_name="ivan", password=PASSWORD).status_code == 303
    assert call(server, "GET", "/api/models/ivo/model").status_code == 307
    for wrong in (
        {"typed": "ivo", "password": PASSWORD}, {"typed": "ivan", "password": "wrong"},
        {"typed": "ivan", "password": PASSWORD},
    ):  # fmt: skip
        assert send(ivo, page, delete, **wrong).status_code in {400, 401, 409}
    gone = send(ivo, page, delete, typed="ivan", password=PASSWORD, with_repositories="1")
    assert (gone.status_code, gone.headers["location"]) == (303, "/")
    assert ivo.browser.get(page).status_code == 303
    with server.hub.database.read() as conn:
        assert find_account(conn, "ivan") is None


def test_guesses_at_the_password_are_bounded_here_too(shared_server: LiveServer) -> None:
    jill = a_person(shared_server, "jill")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sessions, "USUAL", Tries(2, 60))
        statuses = [
            send(
                jill, "/settings/account", "/settings/account/rename", new_name="x1", password="no"
            )
            for _ in range(3)
        ]
    assert [answer.status_code for answer in statuses] == [401, 401, 429]


def test_what_is_watched_is_listed_and_stopped(shared_server: LiveServer) -> None:
    kate = visit(shared_server, "kate")
    api = shared_server.api(shared_server.user("leo"))
    api.create_repo("leo/public")
    assert kate.post("/leo/public/watch").status_code == 303
    page = kate.get("/settings/notifications").text
    assert "leo/public" in page
    (target,) = re.findall(r'value="repo"><input type="hidden" name="target" value="(\w+)"', page)
    assert kate.post("/settings/notifications", type="repo", target="x").status_code == 404
    assert kate.post("/settings/notifications", type="repo", target=target).status_code == 303
    assert "leo/public" not in kate.get("/settings/notifications").text


def test_a_stranger_is_sent_to_sign_in_and_back(shared_server: LiveServer) -> None:
    stranger = Person(shared_server, "nobody")
    for page in ("profile", "password", "tokens", "tokens/new", "sessions", "applications",
                 "access", "account", "organisations", "notifications"):  # fmt: skip
        answer = stranger.browser.get(f"/settings/{page}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=%2Fsettings%2F")
