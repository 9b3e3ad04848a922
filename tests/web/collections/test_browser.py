"""Collections and the inbox at a real browser: put in order by dragging and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import open_page, press, sticking_out, tab_to, violations
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def names(page: Page) -> list[str]:
    return [text.rpartition("/")[2] for text in page.locator(".items h2").all_inner_texts()]


def test_a_collection_is_made_from_a_page_and_put_in_order(
    hosted: Hosted, chromium: Browser
) -> None:
    owner = hosted.repo_id.split("/")[0]
    for name in ("two", "three"):
        hosted.hf.create_repo(f"{owner}/{name}")
    with open_page(chromium, hosted.server, f"/{hosted.repo_id}", user=owner) as page:
        page.get_by_text("More", exact=True).click()
        page.get_by_role("link", name="Add to a collection").click()
        assert violations(page) == []
        page.get_by_role("link", name="New collection with it").click()
        page.get_by_label("Title").fill("Mine")
        assert violations(page) == []
        page.get_by_role("button", name="Create").click()
        for name in ("two", "three"):
            page.get_by_label("Name").fill(f"{owner}/{name}")
            page.get_by_role("button", name="Add", exact=True).click()
            page.locator(".items h2", has_text=name).wait_for()
        assert violations(page) == [] and sticking_out(page) == []
        assert names(page) == ["repo", "two", "three"]
        with page.expect_navigation():
            page.locator(".items > li").nth(2).drag_to(page.locator(".items > li").nth(0))
        assert names(page) == ["three", "repo", "two"]
        path = page.url
    with open_page(chromium, hosted.server, path, user=owner, script=False, width=320) as page:
        tab_to(page, f"Move {owner}/two up", role="button")
        press(page, "Enter")
        page.wait_for_url(re.compile("#item-"))
        assert names(page) == ["three", "two", "repo"]
        assert sticking_out(page) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_lists_read_well(hosted: Hosted, chromium: Browser, scheme: str, width: int) -> None:
    owner = hosted.repo_id.split("/")[0]
    friend = hosted.server.api(hosted.server.user(f"{owner}-f"))
    friend.create_discussion(hosted.repo_id, "A question " + "long" * 20, description=f"@{owner}")
    hosted.http.post(f"{hosted.api}/like")
    hosted.hf.create_collection("A collection " + "long" * 20, description="of mine")
    with open_page(
        chromium, hosted.server, "/notifications", user=owner, scheme=scheme, width=width
    ) as page:
        on_repository = [f"/{hosted.repo_id}/{end}" for end in ("likers", "discussions/1/delete")]
        lists = ["/notifications", "/notifications?about=notices", "/likes", "/collections"]
        for path in lists + on_repository:
            page.goto(path)
            assert violations(page) == [], path
            assert sticking_out(page) == [], path
