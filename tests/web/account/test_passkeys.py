"""Passkeys in a real browser with a device that Chromium plays, and what is tried with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from webauthn.helpers import bytes_to_base64url

from paddock import clock
from paddock.hub.people import passkeys
from paddock.hub.people.accounts import create_user, get_account
from paddock.hub.people.passkeys import BadPasskey, LastWayIn, PasskeyCopied, Site, site_of
from paddock.hub.people.tables import passkey_challenges
from paddock.hub.people.tables import passkeys as rows
from paddock.hub.sessions.tables import sessions
from paddock.hub.types import Account
from paddock.storage.database import Database
from tests.chromium import open_page, violations
from tests.hub.oauth.people import PASSWORD, Person, a_person
from tests.live import LiveServer
from tests.web.account.soft_device import SoftDevice

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SITE = Site("hub.example", "https://hub.example")
PLAYED = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


class PlayedDevice:
    """Chromium's, at one page."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        added = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": PLAYED})
        self._id = added["authenticatorId"]

    def key(self) -> dict[str, Any]:
        [found] = self.ask("getCredentials")["credentials"]
        return dict(found)

    def ask(self, what: str, **others: Any) -> Any:
        return self._cdp.send(f"WebAuthn.{what}", {"authenticatorId": self._id, **others})


def test_a_passkey_is_made_and_signs_in_and_a_copy_of_it_does_not(
    shared_server: LiveServer, chromium: Browser
) -> None:
    """Passkeys are for names, never for numbers: localhost."""
    near = replace(shared_server, url=shared_server.url.replace("127.0.0.1", "localhost"))
    allow = ["401"]  # the page that refuses the copy
    with open_page(chromium, near, "/settings/passkeys", user="ada", allow=allow) as page:
        device = PlayedDevice(page)
        assert violations(page) == []
        page.get_by_label("Name of the device").fill("laptop")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("The passkey is kept.").wait_for()
        assert violations(page) == []
        first = device.key()
        page.context.clear_cookies()
        page.goto("/login?next=%2Fsettings%2Fpasskeys")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_text("last used").wait_for()
        with near.hub.database.write() as conn:
            conn.execute(sessions.update().values(confirmed_at=clock.now() - timedelta(hours=1)))
        page.goto("/settings/email")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("heading", name="E-mail").wait_for()
        device.ask("clearCredentials")
        device.ask("addCredential", credential=first)  # as it was when it was copied
        page.context.clear_cookies()
        page.goto("/login")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_text("seems to have been copied").wait_for()
        assert "paddock_session" not in {c["name"] for c in page.context.cookies()}


def test_where_no_passkeys_are_kept_none_is_offered(
    shared_server: LiveServer, chromium: Browser
) -> None:
    """Under a number, as the hub is first opened on one's own machine."""
    with open_page(chromium, shared_server, "/login") as page:
        page.get_by_role("button", name="Sign in", exact=True).wait_for()
        assert page.get_by_role("button", name="Sign in with a passkey").count() == 0
    with open_page(chromium, shared_server, "/settings/passkeys", user="cy") as page:
        page.get_by_text("open the hub under an https address").wait_for()
        assert page.get_by_role("button", name="Add a passkey").count() == 0


def test_a_device_that_verifies_nobody_signs_nobody_in(
    shared_server: LiveServer, chromium: Browser
) -> None:
    near = replace(shared_server, url=shared_server.url.replace("127.0.0.1", "localhost"))
    with open_page(chromium, near, "/settings/passkeys", user="bo") as page:
        device = PlayedDevice(page)
        device.ask("setUserVerified", isUserVerified=False)
        page.get_by_label("Name of the device").fill("laptop")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("No passkey was used").wait_for()
        assert device.ask("getCredentials")["credentials"] == []


@pytest.fixture
def rosa(database: Database) -> Account:
    with database.write() as conn:
        return create_user(conn, "rosa")


def registered(database: Database, user: Account) -> SoftDevice:
    device = SoftDevice(SITE.rp_id, SITE.origin)
    with database.write() as conn:
        options = passkeys.begin_registration(conn, user, SITE, "browser")
        answer = device.register(options)
        passkeys.finish_registration(conn, user, SITE, "browser", answer, "phone")
    return device


def asked(database: Database, browser: str = "browser") -> dict[str, Any]:
    with database.write() as conn:
        return passkeys.begin_sign_in(conn, SITE, browser)


def signed_in(database: Database, answer: str, browser: str = "browser") -> str:
    with database.write() as conn:
        return passkeys.finish_sign_in(conn, SITE, browser, answer).name


def test_an_answer_counts_once_for_the_browser_that_was_asked(
    database: Database, rosa: Account
) -> None:
    device = registered(database, rosa)
    answer = device.sign(asked(database))
    with pytest.raises(BadPasskey):
        signed_in(database, answer, "another browser")
    assert signed_in(database, answer) == "rosa"
    with pytest.raises(BadPasskey):
        signed_in(database, answer)  # again
    late = device.sign(asked(database))
    with database.write() as conn:
        conn.execute(passkey_challenges.update().values(expires_at=clock.now()))
    with pytest.raises(BadPasskey):
        signed_in(database, late)


def phished(device: SoftDevice) -> None:
    device.origin = "https://hub.example.evil.example"


def of_another_site(device: SoftDevice) -> None:
    device.rp_id = "evil.example"


def unverified(device: SoftDevice) -> None:
    device.is_verified = False


def with_another_key(device: SoftDevice) -> None:
    device.key = SoftDevice(SITE.rp_id, SITE.origin).key


def of_nobody(device: SoftDevice) -> None:
    device.id = b"unknown"


@pytest.mark.parametrize("lie", [phished, of_another_site, unverified, with_another_key, of_nobody])
def test_a_lie_signs_nobody_in(
    database: Database, rosa: Account, lie: Callable[[SoftDevice], None]
) -> None:
    device = registered(database, rosa)
    lie(device)
    with pytest.raises(BadPasskey):
        signed_in(database, device.sign(asked(database)))


def test_what_was_signed_for_something_else_does_not_count(
    database: Database, rosa: Account
) -> None:
    device = registered(database, rosa)
    other = bytes_to_base64url(b"0" * 32)
    for lies in (
        {"type": "webauthn.create"},
        {"challenge": other},
        {"crossOrigin": True, "type": "x"},
    ):
        with pytest.raises(BadPasskey):
            signed_in(database, device.sign(asked(database), **lies))
    junk = [
        "",
        "null",
        "[]",
        "{}",
        '{"id":"\\u0000"}',
        "[" * 20_000,
        "x" * 20_001,
        '{"id":{"a":1}}',
    ]
    for answer in junk:
        asked(database)
        with pytest.raises(BadPasskey):
            signed_in(database, answer)
    with pytest.raises(BadPasskey), database.write() as conn:
        options = passkeys.begin_registration(conn, rosa, SITE, "browser")
        answer = SoftDevice(SITE.rp_id, "https://evil.example").register(options)
        passkeys.finish_registration(conn, rosa, SITE, "browser", answer, "x")


def test_a_passkey_is_one_users_and_a_copy_is_refused(database: Database, rosa: Account) -> None:
    device = registered(database, rosa)
    with database.write() as conn:
        tom = create_user(conn, "tom")
        options = passkeys.begin_registration(conn, tom, SITE, "his")
        with pytest.raises(BadPasskey):
            passkeys.finish_registration(conn, tom, SITE, "his", device.register(options), "x")
    assert signed_in(database, device.sign(asked(database))) == "rosa"
    device.count = 0
    with pytest.raises(PasskeyCopied):
        signed_in(database, device.sign(asked(database)))


def test_the_last_way_in_stays(database: Database, rosa: Account) -> None:
    registered(database, rosa)
    with database.write() as conn:
        [one] = passkeys.passkeys_of(conn, rosa)
        with pytest.raises(LastWayIn):
            passkeys.remove_passkey(conn, rosa, one.id, has_password=False)
        passkeys.remove_passkey(conn, rosa, one.id, has_password=True)
        assert passkeys.passkeys_of(conn, rosa) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "https://127.0.0.1",
        "http://127.0.0.1:8000",
        "https://[::1]",
        "https://",
    ],
)
def test_browsers_keep_passkeys_for_safe_names_alone(url: str) -> None:
    with pytest.raises(passkeys.NoPasskeysHere):
        site_of(url)


def test_the_site_is_the_address_that_browsers_show() -> None:
    assert site_of("https://Hub.example:8443") == Site("hub.example", "https://hub.example:8443")
    assert site_of("http://localhost:8000").rp_id == "localhost"


def test_pages_ask_again_and_know_whose_a_passkey_is(shared_server: LiveServer) -> None:
    cleo, dan = a_person(shared_server, "cleo"), a_person(shared_server, "dan")
    with shared_server.hub.database.write() as conn:
        owner = get_account(conn, "cleo")
        row = {"user_id": owner.id, "credential_id": "abc", "public_key": b"", "sign_count": 0}
        kept = (
            rows.insert().values(**row, name="phone", created_at=clock.now()).returning(rows.c.id)
        )
        number = conn.execute(kept).scalar_one()
    path = f"/settings/passkeys/{number}"
    form = dan.fields(dan.browser.get("/settings/email").text)
    assert dan.browser.post(f"{path}/rename", data={**form, "name": "mine"}).status_code == 404
    assert dan.browser.post(f"{path}/remove", data=form).status_code == 404
    form = cleo.fields(cleo.browser.get("/settings/email").text)
    assert cleo.browser.post(f"{path}/rename", data={**form, "name": "fone"}).status_code == 303
    assert "fone" in cleo.browser.get("/settings/passkeys").text
    with shared_server.hub.database.write() as conn:
        conn.execute(sa.update(sessions).values(confirmed_at=clock.now() - timedelta(hours=1)))
    for asks in (f"{path}/remove", "/settings/passkeys", "/settings/passkeys/begin"):
        answer = cleo.browser.post(asks, data=form)
        assert answer.headers["location"].startswith("/login/confirm"), asks
    assert cleo.browser.post("/login/passkey/begin", data={}).status_code == 403
    confirm = {**form, "password": PASSWORD, "next": "/"}
    assert cleo.browser.post("/login/confirm", data=confirm).status_code == 303
    assert cleo.browser.post(f"{path}/remove", data=form).status_code == 303
    assert Person(shared_server, "x").browser.post("/login/passkey", data={}).status_code == 403
