"""What the browser of the tests hears and finds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.chromium import focus, lcp, open_page, press, shift, sticking_out, tab_to, violations
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_page_is_opened_by_a_person_and_judged(
    shared_server: LiveServer, chromium: Browser
) -> None:
    with open_page(chromium, shared_server, "/settings/password", user="ada") as page:
        assert page.locator("h1").count() == 1
        assert violations(page) == []
        page.evaluate("() => { document.querySelector('h1').insertAdjacentElement('afterend', "
                      "document.createElement('img')) }")  # fmt: skip
        assert any(one.startswith("image-alt") for one in violations(page))
        assert lcp(page) > 0
        assert shift(page) < 1
        assert sticking_out(page) == []


def test_a_keyboard_finds_what_is_named(shared_server: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, shared_server, "/login") as page:
        tab_to(page, "Sign in", role="button")
        assert focus(page) == 'button "Sign in"'
        press(page, "Shift+Tab")
        assert "Sign in" not in focus(page)
        with pytest.raises(AssertionError, match="no Tab leads to"):
            tab_to(page, "Nowhere")


@pytest.mark.parametrize(
    ("script", "heard"),
    [
        ("() => { console.error('oh no') }", "oh no"),
        ("() => { setTimeout(() => { throw new Error('uncaught') }) }", "uncaught"),
        ("() => { alert('hello') }", "dialog: hello"),
        ("() => { new Image().src = 'http://elsewhere.example/a.png' }", "elsewhere"),
        ("() => { document.body.append(document.createElement('iframe')) }", None),
        ("() => { const f = document.createElement('iframe'); f.src = '/'; "
         "document.body.append(f) }", "Content Security Policy"),
    ],
)  # fmt: skip
def test_what_no_page_may_do_is_heard(
    shared_server: LiveServer, chromium: Browser, script: str, heard: str | None
) -> None:
    def open_and_do(*allow: str) -> None:
        with open_page(chromium, shared_server, "/login", allow=allow) as page:
            page.evaluate(script)
            page.wait_for_timeout(100)

    if heard is None:
        open_and_do()
        return
    with pytest.raises(AssertionError, match=heard):
        open_and_do()


def test_other_tests_may_run_loops_of_their_own(
    shared_server: LiveServer, chromium: Browser
) -> None:
    with open_page(chromium, shared_server, "/login"):
        pass
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"
    with open_page(chromium, shared_server, "/login", script=False) as page:
        assert page.title()
