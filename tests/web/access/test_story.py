"""A gated model, from joining to the download, in a real browser by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from paddock.hub.people import passwords
from paddock.hub.sessions.sign_up import SignUp
from tests.chromium import open_page, press, sticking_out, tab_to, violations
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CARD = "---\nextra_gated_fields:\n  Company: text\n  I agree: checkbox\n---\n# Tales\n"
PASSWORD = "seven blue herons"


@pytest.fixture(autouse=True)
def is_open(shared_server: LiveServer) -> Iterator[None]:
    object.__setattr__(shared_server.hub, "sign_up", SignUp("open"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "COST", passwords.Cost(8, 1, 1))
        yield


def is_sound(page: Page) -> None:
    """Nothing that axe-core finds, and no scrolling sideways."""
    assert violations(page) == []
    assert sticking_out(page) == []


def fill(page: Page, field: str, text: str) -> None:
    tab_to(page, field)
    page.keyboard.type(text)


def go(page: Page, *keys: str) -> None:
    """Press keys that lead to another page, and wait until it is there."""
    with page.expect_navigation():
        press(page, *keys)


def join(page: Page, name: str) -> None:
    page.goto("/join")
    is_sound(page)
    page.keyboard.type(name)  # the first field has the focus
    fill(page, "Password", PASSWORD)
    tab_to(page, "Make the account")
    go(page, "Enter")


def test_two_people_join_one_asks_the_other_lets_them_in_until_a_day(
    shared_server: LiveServer, chromium: Browser
) -> None:
    with (
        open_page(chromium, shared_server, "/") as mira,
        open_page(chromium, shared_server, "/", scheme="dark", width=360) as noam,
    ):
        join(mira, "mira")
        make_gated_model(shared_server, mira)
        join(noam, "noam")
        ask(noam)
        decide(mira)
        noam.goto("/mira/tales/ask-access")
        assert "You have access." in noam.inner_text("main")
        is_sound(noam)
        with noam.expect_download() as waiting:
            noam.evaluate("location.href = '/mira/tales/resolve/main/data.bin?download=true'")
        assert waiting.value.path().read_bytes() == b"\x00\x01tale"
        shared_server.hub.download_log.flush(shared_server.hub.database)
        mira.goto("/mira/tales/access/downloads")
        assert "noam" in mira.inner_text("table") and "data.bin" in mira.inner_text("table")
        is_sound(mira)


def make_gated_model(server: LiveServer, page: Page) -> None:
    page.goto("/new")
    is_sound(page)
    page.keyboard.type("tales")
    tab_to(page, "Private")
    press(page, "ArrowDown")
    tab_to(page, "Make it")
    go(page, "Enter")
    assert page.url.endswith("/mira/tales")
    api = server.api(server.user("mira"))
    for path, content in (("README.md", CARD.encode()), ("data.bin", b"\x00\x01tale")):
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="mira/tales")
    page.goto("/mira/tales/settings")
    is_sound(page)
    tab_to(page, "None")
    press(page, "ArrowDown", "ArrowDown")
    tab_to(page, "Save the gate")
    go(page, "Enter")
    assert "The gate is changed" in page.inner_text("[role=status].notice")


def ask(page: Page) -> None:
    page.goto("/mira/tales/ask-access")
    is_sound(page)
    fill(page, "Company", "Heron Ltd")
    tab_to(page, "I agree")
    press(page, "Space")
    tab_to(page, "Ask for access")
    go(page, "Enter")
    assert "awaiting a review" in page.inner_text("main")
    is_sound(page)


def decide(page: Page) -> None:
    page.goto("/mira/tales/access")
    is_sound(page)
    assert "Heron Ltd" in page.inner_text("table")
    tab_to(page, "Choose noam")
    press(page, "Space")
    tab_to(page, "Access ends on")
    page.keyboard.type("12122999")  # the same wherever a month stands first
    tab_to(page, "Let in", role="button")
    go(page, "Enter")
    page.goto("/mira/tales/access?show=accepted")
    assert "noam" in page.inner_text("table")
    is_sound(page)
