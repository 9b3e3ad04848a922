"""People at a real browser: two of them talk, one proposes a change, the owner merges it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import focus, open_page, press, sticking_out, tab_to, violations
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8ffff"
    "3f0005fe02fea7d605730000000049454e44ae426082"
)


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def test_two_people_talk_with_a_preview_a_picture_and_a_quotation(
    hosted: Hosted, chromium: Browser
) -> None:
    at = f"/{hosted.repo_id}/discussions"
    owner = hosted.repo_id.split("/")[0]
    with open_page(chromium, hosted.server, at, user=f"{owner}-ann") as page:
        page.get_by_role("link", name="New discussion").click()
        page.get_by_label("Title").fill("Which licence?")
        page.get_by_label("Text").fill("The card says **nothing** <img src=x onerror=alert(1)>")
        page.get_by_role("button", name="Preview").click()
        preview = page.get_by_role("region", name="Preview")
        assert preview.locator("strong").inner_text() == "nothing"
        assert preview.locator("img").count() == 0
        page.locator("input[type=file]").set_input_files(
            {"name": "a [b].png", "mimeType": "image/png", "buffer": PNG}
        )
        page.wait_for_function(
            "() => document.querySelector('textarea').value.includes('/uploads/')"
        )
        assert violations(page) == []
        page.get_by_role("button", name="Open the discussion").click()
        page.wait_for_url(re.compile(r"/discussions/1$"))
        shown = page.get_by_role("img", name="a b")
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    with open_page(chromium, hosted.server, f"{at}/1", user=owner) as page:
        page.get_by_label("Comment", exact=True).fill("Let me see.")
        page.get_by_text("More for this comment").click()
        page.get_by_role("link", name="Quote").click()
        written = page.get_by_label("Comment", exact=True).input_value()
        assert written.startswith("Let me see.\n> The card says nothing")
        page.get_by_label("Comment", exact=True).fill("It is MIT")
        page.get_by_role("button", name="Close").click()
        page.get_by_text("closed this").wait_for()
        assert page.locator(":target").count() == 1
        assert violations(page) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1280)])
def test_a_change_is_proposed_and_merged(
    hosted: Hosted, chromium: Browser, scheme: str, width: int
) -> None:
    owner = hosted.repo_id.split("/")[0]
    hosted.hf.create_pull_request(hosted.repo_id, "Say the licence", description="It is MIT")
    hosted.commit({"a.txt": b"one\n" + b"long " * 100 + b"\n"}, rev="refs%2Fpr%2F1")
    hosted.hf.change_discussion_status(hosted.repo_id, 1, "open")
    where = {"user": owner, "scheme": scheme, "width": width}
    at = f"/{hosted.repo_id}/discussions"
    with open_page(chromium, hosted.server, at, **where) as page:
        assert violations(page) == [] and sticking_out(page) == []
        page.get_by_role("link", name="Say the licence").click()
        page.get_by_role("link", name="Commits and files").click()
        assert page.get_by_role("table").get_by_text("one", exact=True).count() == 1
        assert violations(page) == [] and sticking_out(page) == []
        page.get_by_role("link", name="Conversation").click()
        assert violations(page) == [] and sticking_out(page) == []
        page.get_by_label("Message to those who take part").fill("Thank you")
        page.get_by_role("button", name="Merge").click()
        page.get_by_text("Merged into main").wait_for()
        assert violations(page) == []
    assert hosted.http.get(f"/{hosted.repo_id}/resolve/main/a.txt").text.startswith("one\n")


def test_the_keyboard_alone_is_enough_and_no_script_is_needed(
    hosted: Hosted, chromium: Browser
) -> None:
    owner = hosted.repo_id.split("/")[0]
    hosted.hf.create_discussion(hosted.repo_id, "A question", description="By `hf`")
    path = f"/{hosted.repo_id}/discussions"
    with open_page(chromium, hosted.server, path, user=owner, script=False) as page:
        tab_to(page, "A question", role="link")
        press(page, "Enter")
        page.wait_for_url(re.compile(r"/discussions/1$"))
        tab_to(page, "Comment", role="textbox")
        page.keyboard.type("An **answer**")
        tab_to(page, "Preview", role="button")
        press(page, "Enter")
        page.get_by_role("heading", name="Preview").wait_for()
        assert page.locator("[data-rendered] strong").inner_text() == "answer"
        tab_to(page, "Comment", role="button")
        press(page, "Enter")
        page.wait_for_url(re.compile(r"/discussions/1\?at="))
        assert page.get_by_role("article").count() == 2
        tab_to(page, "Close", role="button")
        assert focus(page) == 'button "Close"'
        press(page, "Enter")
        page.get_by_text("closed this").wait_for()
