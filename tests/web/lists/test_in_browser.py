"""Finding things in a browser: with the keyboard alone, without a script, on a small screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chromium import open_page, press, shift, sticking_out, violations
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


CARD = """---
license: mit
language: en
pipeline_tag: text-generation
---
# Teapots
"""


@pytest.fixture(scope="module")
def hub(shared_server: LiveServer) -> LiveServer:
    """A hub with a few things to find."""
    alice = shared_server.api(shared_server.user("alice"))
    for name in ("teapot-one", "teapot-two", "x" * 90):
        alice.create_repo(f"alice/{name}")
        alice.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md",
                          repo_id=f"alice/{name}")  # fmt: skip
    alice.create_repo("alice/teapot-data", repo_type="dataset")
    alice.create_collection("Teapots of the world", namespace="alice")
    return shared_server


PATHS = (
    "/",
    "/models",
    "/models?license=mit&search=teapot",
    "/datasets",
    "/search?q=teapot",
    "/alice",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(chromium: Browser, hub: LiveServer, scheme: str) -> None:
    with open_page(chromium, hub, "/", user="alice", scheme=scheme) as page:
        for path in PATHS:
            page.goto(path)
            assert violations(page) == [], path
            assert shift(page) == 0, path


def test_nothing_sticks_out_of_a_small_screen(chromium: Browser, hub: LiveServer) -> None:
    with open_page(chromium, hub, "/", width=320) as page:
        for path in PATHS:
            page.goto(path)
            assert sticking_out(page) == [], path
        page.goto("/models")
        assert not page.get_by_text("Licence").is_visible()  # the filters begin closed
        page.get_by_text("Filters").click()
        page.get_by_role("link", name="mit").click()
        assert page.get_by_role("link", name="alice/teapot-one").is_visible()


def test_search_as_one_types_needs_the_keyboard_alone(chromium: Browser, hub: LiveServer) -> None:
    with open_page(chromium, hub, "/datasets") as page:
        field = page.locator("#find")
        field.focus()
        page.keyboard.type("teapot", delay=20)
        options = page.get_by_role("option")
        options.first.wait_for()
        field = page.get_by_role("combobox")
        assert field.get_attribute("aria-expanded") == "true"
        texts = options.all_inner_texts()
        assert {"alice/teapot-one", "alice/teapot-two", "alice/teapot-data"} <= set(texts)
        assert violations(page) == []
        press(page, "ArrowDown", "ArrowDown", "ArrowUp")
        chosen = page.locator("[role=option][aria-selected=true]")
        assert chosen.get_attribute("id") == field.get_attribute("aria-activedescendant")
        first = chosen.inner_text()
        press(page, "Escape")
        assert field.get_attribute("aria-expanded") == "false"
        assert field.input_value() == "teapot"
        press(page, "ArrowDown")
        options.first.wait_for()
        press(page, "ArrowDown", "Enter")
        page.wait_for_url(f"**/{first}")
        page.go_back()
        page.locator("#find").fill("teapot")
        press(page, "Enter")
        page.wait_for_url("**/search?q=teapot")
        assert page.get_by_role("heading", name="Models").is_visible()


def test_without_a_script_the_same_is_found(chromium: Browser, hub: LiveServer) -> None:
    with open_page(chromium, hub, "/models", script=False) as page:
        page.get_by_label("Words in the name, the tags or the card").fill("teapot")
        page.get_by_role("button", name="Search").click()
        assert page.locator(".repositories .name").count() == 3
        page.get_by_role("link", name="mit").first.click()
        page.get_by_role("link", name="Take away Licence").click()
        assert page.locator(".chips").count() == 0
