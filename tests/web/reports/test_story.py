"""By keyboard alone: a report from what the playground left, triage, a case, a fix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import open_page, press, tab_to, violations
from tests.hub.reports.reported import Reported, reported
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LEFT = {
    "kind": "chat",
    "messages": [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "How do I <b>open</b> it?"},
    ],
    "settings": {"temperature": 0, "seed": 7, "stop": ["\n"], "top_k": 5},
    "revision": "main",
    "output": "With a pin,\nand patience.",
}


@pytest.fixture
def model(shared_server: LiveServer) -> Iterator[Reported]:
    with reported(shared_server) as made:
        yield made


def test_from_the_playground_to_the_fix_by_keyboard(
    chromium: Browser, shared_server: LiveServer, model: Reported
) -> None:
    at = f"/{model.repo_id}/reports"
    with open_page(chromium, shared_server, f"{at}", user=model.names["finder"]) as page:
        page.evaluate("left => sessionStorage.setItem('paddock.report', left)", json.dumps(LEFT))
        tab_to(page, "Report a problem", role="link")
        press(page, "Enter")
        page.wait_for_url("**/reports/new")
        page.wait_for_function("document.querySelectorAll('.turn').length == 2")
        assert violations(page) == []
        tab_to(page, "Harmful", role="radio")
        press(page, "Space")
        tab_to(page, "Title", role="textbox")
        page.keyboard.type("It opens doors")
        tab_to(page, "What follows", role="combobox")
        page.keyboard.type("Serious")
        tab_to(page, "Send the report", role="button")
        press(page, "Enter")
        page.wait_for_selector("text=What happened")
        report_at = page.url.removeprefix(shared_server.url)
        assert page.locator(".said pre").all_inner_texts()[1] == "How do I <b>open</b> it?"
        assert page.locator("pre.answer").inner_text() == LEFT["output"]
        assert page.evaluate("sessionStorage.getItem('paddock.report')") is None
        assert violations(page) == []
    keeper = model.names["keeper"]
    with open_page(chromium, shared_server, report_at, user=keeper) as page:
        _decide(page, "Triaged", public=True, message="Thank you.")
        assert page.locator(".report-head").get_by_text("triaged", exact=True).is_visible()
        assert violations(page) == []
        _decide(page, "Confirmed")
        tab_to(page, "Make a case of it", role="link")
        press(page, "Enter")
        page.wait_for_selector("text=Must not contain")
        assert page.get_by_label("Must not contain").input_value() == "With a pin,"
        assert violations(page) == []
        tab_to(page, "Make the case", role="button")
        press(page, "Enter")
        page.wait_for_selector("text=added the case")
        _decide(page, "Fixed", fixed_in="main")
        assert page.get_by_text("to fixed in").is_visible()
        _decide(page, "Closed")
    with open_page(chromium, shared_server, report_at, user=model.names["finder"]) as page:
        assert page.get_by_text("Thank you.").is_visible()
        assert page.locator(".report-head").get_by_text("closed", exact=True).is_visible()
    case = model.keeper.get(f"/{model.repo_id}/resolve/main/cases/{report_at[-24:]}.yaml").text
    assert "With a pin," in case


def _decide(
    page: Page, state: str, *, public: bool = False, message: str = "", fixed_in: str = ""
) -> None:
    """Fill the form below a report in, in its own order, and send it."""
    if message:
        tab_to(page, "Message", role="textbox")
        page.keyboard.type(message)
    tab_to(page, "Leave it", role="radio")
    _choose(page, "state", state.lower())
    if fixed_in:
        tab_to(page, "Fixed in", role="textbox")
        page.keyboard.type(fixed_in)
    if public:
        tab_to(page, "Impact", role="combobox")
        page.keyboard.type("Serious")
        tab_to(page, "Ease", role="combobox")
        page.keyboard.type("Easy")
        tab_to(page, "Leave it", role="radio")
        _choose(page, "public", "now")
    tab_to(page, "Send", role="button")
    with page.expect_navigation():
        press(page, "Enter")


def _choose(page: Page, group: str, value: str) -> None:
    """Go down a group of radio buttons by the arrow keys."""
    for _ in range(10):
        chosen = page.evaluate(
            "group => document.querySelector(`[name=${group}]:checked`).value", group
        )
        if chosen == value:
            return
        press(page, "ArrowDown")
    raise AssertionError(f"no {group} is {value}")
