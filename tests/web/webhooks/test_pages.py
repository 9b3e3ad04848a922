"""Webhooks by their pages: made, told, sent again, changed, switched off, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from paddock.hub.people.accounts import get_account
from paddock.hub.webhooks import hooks
from paddock.hub.webhooks.hooks import Webhook
from tests.chromium import open_page, violations
from tests.fakes.receiver import Receiver, receiver
from tests.live import LiveServer
from tests.web.files.people import Person, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE = "/settings/webhooks"
SECRET = "hush <b>hush</b>"


@pytest.fixture
def fake() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def kept(server: LiveServer, name: str) -> list[Webhook]:
    with server.hub.database.read() as conn:
        return hooks.list_webhooks(conn, get_account(conn, name))


def made(person: Person, url: str, name: str) -> str:
    """A webhook of a person for everything of theirs: its page."""
    fields = {"url": url, "watched": f"user:{name}", "domain": "repo", "secret": SECRET}
    answer = person.send(f"{PAGE}/new", **fields)
    assert answer.status_code == 200, answer.text
    return f"{PAGE}/{kept(person.server, name)[-1].public_id}"


def test_a_webhook_is_made_told_and_told_again(shared_server: LiveServer, fake: Receiver) -> None:
    server, ann = shared_server, Person(shared_server, "hook-ann")
    fields = {"url": f"{fake.url}/hook", "watched": "user:hook-ann\n\n model: hook-ann/x ",
              "secret": SECRET, "domain": "repo"}  # fmt: skip
    answer = ann.send(f"{PAGE}/new", **fields)
    (webhook,) = kept(server, "hook-ann")
    assert [(one.kind, one.name) for one in webhook.watched] == [
        ("user", "hook-ann"), ("model", "hook-ann/x"),
    ]  # fmt: skip
    assert (webhook.domains, webhook.secret) == (("repo",), SECRET)
    (key,) = re.findall(r"whsec_[\w+/=]+", text_of(answer.text))
    at = f"{PAGE}/{webhook.public_id}"
    for page in (PAGE, at):  # secrets: the key once, the other never
        told = ann.page(page)
        assert fake.url in told and key not in told and "hush" not in told
    server.api(server.user("hook-ann")).create_repo("hook-ann/x")
    fake.statuses += [500]
    server.run_jobs()
    failed = text_of(ann.page(at))
    assert "repo create" in failed and "hook-ann/x" in failed and "500" in failed
    (again,) = re.findall(rf'action="({at}/deliveries/\w+/again)"', ann.page(at))[-1:]
    done = ann.http.post(again, data={"form_key": ann.key})
    assert done.headers["location"] == f"{at}?done=again#deliveries"
    server.run_jobs()
    told = text_of(ann.page(f"{at}?done=again"))
    assert "is sent again" in told and "delivered" in told and "200" in told
    ids = [one.headers["webhook-id"] for one in fake.received]
    assert ids[0] in ids[1:]
    assert fake.received[0].headers["x-webhook-secret"] == SECRET


def test_it_is_changed_switched_and_deleted(shared_server: LiveServer, fake: Receiver) -> None:
    server, ben = shared_server, Person(shared_server, "hook-ben")
    at = made(ben, f"{fake.url}/one", "hook-ben")
    page = ben.page(at)
    assert "user:hook-ben" in page and "which is shown to nobody" in page
    fields = {"url": f"{fake.url}/two", "watched": "org:lab", "domain": "discussion"}
    assert ben.send(at, **fields).headers["location"] == f"{at}?done=changed"
    (changed,) = kept(server, "hook-ben")
    assert (changed.url, changed.domains) == (f"{fake.url}/two", ("discussion",))
    assert changed.secret == SECRET  # left empty, it stays
    ben.send(at, **fields, no_secret="1")
    assert kept(server, "hook-ben")[0].secret is None
    for wanted, is_disabled in (("0", True), ("1", False)):
        ben.http.post(f"{at}/switch", data={"form_key": ben.key, "wanted": wanted})
        assert kept(server, "hook-ben")[0].is_disabled is is_disabled
    gone = ben.http.post(f"{at}/delete", data={"form_key": ben.key})
    assert gone.headers["location"] == f"{PAGE}?done=deleted"
    assert kept(server, "hook-ben") == [] and ben.get(at).status_code == 404
    assert "No webhooks yet" in ben.page(PAGE)


def test_what_cannot_be_a_webhook_is_said_beside_what_was_typed(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, cleo = shared_server, Person(shared_server, "hook-cleo")
    object.__setattr__(server.hub, "webhook_targets", "public")
    try:
        good = {"url": "https://example.org/x", "watched": "user:a", "domain": "repo"}
        for wrong, said in (
            ({"url": "http://169.254.169.254/latest"}, "not an address of the public internet"),
            ({"url": "http://[::ffff:127.0.0.1]:1/"}, "not an address of the public internet"),
            ({"url": "https://u:p@example.org"}, "user or password"),
            ({"url": "javascript:alert(1)"}, "no web address"),
            ({"watched": "everything"}, "nothing of type 'everything'"),
            ({"watched": "model:../x"}, "no model can have the name"),
            ({"watched": "user:a\n" * 201 + "user:b"}, "too many to watch"),
            ({"domain": "weather"}, "no domain is named 'weather'"),
            ({"secret": "ü"}, "cannot be sent in a header"),
        ):
            answer = cleo.send(f"{PAGE}/new", **{**good, **wrong})
            assert answer.status_code == 400 and said in text_of(answer.text), wrong
            assert "ü" not in answer.text
        at = made(cleo, "https://example.org/x", "hook-cleo")
        bad = cleo.send(at, **{**good, "url": "http://10.0.0.1/"})
        assert bad.status_code == 400 and 'value="http://10.0.0.1/"' in bad.text
        assert kept(server, "hook-cleo")[0].url == "https://example.org/x"
    finally:
        object.__setattr__(server.hub, "webhook_targets", "any")


def test_nobody_touches_another_s_webhook(shared_server: LiveServer) -> None:
    server, dan = shared_server, Person(shared_server, "hook-dan")
    at = made(dan, "http://127.0.0.1:1/x", "hook-dan")
    eve, stranger = Person(server, "hook-eve"), Person(server, None)
    fields = {"form_key": eve.key, "url": "http://127.0.0.1:1/evil", "watched": "user:x",
              "domain": "repo", "wanted": "0"}  # fmt: skip
    assert eve.get(at).status_code == 404 and "127.0.0.1" not in eve.page(PAGE)
    for path in ("", "/switch", "/delete", "/deliveries/x/again"):
        assert eve.http.post(at + path, data=fields).status_code == 404, path
        assert stranger.http.post(at + path, data=fields).status_code in {401, 403}, path
        forged = dan.http.post(at + path, data={**fields, "form_key": "x"})
        assert forged.status_code == 403, path
    for path in (PAGE, f"{PAGE}/new", at):
        assert stranger.get(path).headers["location"].startswith("/login")
    assert [one.url for one in kept(server, "hook-dan")] == ["http://127.0.0.1:1/x"]
    assert not kept(server, "hook-dan")[0].is_disabled


def test_a_person_makes_one_from_a_repository_in_a_browser(
    shared_server: LiveServer, chromium: Browser
) -> None:
    shared_server.admin_api.create_repo("boss/hooked")
    at = "/boss/hooked/settings"
    with open_page(chromium, shared_server, at, user="boss", script=False) as page:
        page.get_by_role("link", name="New webhook for this repository").click()
        assert page.get_by_label("What it is told of").input_value() == "model:boss/hooked"
        page.get_by_label("Address").fill("http://127.0.0.1:9/boss")
        page.get_by_role("button", name="Make the webhook").click()
        assert "whsec_" in page.content()
    with open_page(chromium, shared_server, PAGE, user="boss") as page:
        assert violations(page) == []
        page.get_by_role("link", name="127.0.0.1:9/boss").click()
        assert violations(page) == []
        page.get_by_text("Delete this webhook").click()
        page.get_by_role("button", name="Delete the webhook").click()
        page.get_by_text("The webhook is deleted").wait_for()
