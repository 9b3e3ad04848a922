"""The pages of files in Chromium: quiet, accessible, on a phone and in the dark, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd
from safetensors.numpy import save

from tests.chromium import open_page, press, sticking_out, tab_to, violations
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REPO = "boss/seen"
TENSORS = {
    f"model.layers.{n}.{part}.weight": np.eye(4, dtype="f4") for n in range(3) for part in "qk"
}
PAGES = [
    "tree/main",
    "blob/main/a.py",
    "blob/main/README.md",
    "blob/main/m.safetensors?tensor=model.layers.0.q.weight",
    "blob/main/w.bin",
    "commits/main",
    "commit/main",
    "blame/main/a.py",
    "compare/v0..main",
    "upload/main",
    "new/main",
    "edit/main/a.py",
    "rename/main/a.py",
    "delete/main/a.py",
]


@pytest.fixture(scope="module")
def server(shared_server: LiveServer) -> Iterator[LiveServer]:
    api = shared_server.admin_api
    api.create_repo(REPO)
    api.create_tag(REPO, tag="v0")
    files = {
        "a.py": b"".join(b"line = %d\n" % n for n in range(120)),
        "README.md": b"---\nlicense: mit\n---\n# Words\n\nsome [link](a.py)",
        "m.safetensors": save(TENSORS, {"format": "pt"}),
        "w.bin": bytes(300),
        "a/folder/with/a-rather-long-name-that-goes-on-and-on-and-on-and-on.txt": b"x",
    }
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(REPO, operations, commit_message="A commit with a title of some length")
    yield shared_server


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(
    server: LiveServer, chromium: Browser, path: str
) -> None:
    scheme = "dark" if PAGES.index(path) % 2 else "light"
    with open_page(chromium, server, f"/{REPO}/{path}", user="boss", scheme=scheme) as page:
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 900})
        assert sticking_out(page) == []


def test_lines_are_named_in_the_address(server: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, server, f"/{REPO}/blob/main/a.py#L90-L92") as page:
        assert page.locator(".lines .marked").all_inner_texts() == [
            "line = 89\n", "line = 90\n", "line = 91\n",
        ]  # fmt: skip
        assert page.locator("#L90").evaluate("e => e.getBoundingClientRect().top < innerHeight")
        page.locator("#L95").click(position={"x": 20, "y": 5})
        assert page.url.endswith("#L95")
        page.locator("#L97").click(position={"x": 20, "y": 5}, modifiers=["Shift"])
        assert page.url.endswith("#L95-L97")
        page.locator("#L99").click(position={"x": 120, "y": 5})  # the text itself is for selecting
        assert page.url.endswith("#L95-L97")


def test_tensors_are_found_while_typing_and_without_a_script(
    server: LiveServer, chromium: Browser
) -> None:
    at = f"/{REPO}/blob/main/m.safetensors"
    with open_page(chromium, server, at) as page:
        page.get_by_label("Name holds").press_sequentially("2.K")
        assert (
            page.locator("tr[data-name]:visible")
            .all_inner_texts()[0]
            .startswith("model.layers.2.k.weight")
        )
        assert page.locator("#tensor-count").inner_text() == "1 of 6"
        page.get_by_role("link", name="model.layers.2.k.weight").click()
        page.locator("#tensor svg rect").first.wait_for()
    with open_page(chromium, server, at, script=False) as page:
        page.get_by_label("Name holds").fill("2.K")
        page.get_by_role("button", name="Find").click()
        assert page.locator("tr[data-name]").count() == 1


def tab_to_menu(page: Page, text: str) -> None:
    """The heads of menus have no role by which ``tab_to`` would know them."""
    for _ in range(60):
        press(page, "Tab")
        if page.evaluate("() => document.activeElement.textContent.trim()") == text:
            return
    raise AssertionError(f"no Tab leads to {text}")


def test_a_file_is_changed_by_keyboard_alone(server: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, server, f"/{REPO}/tree/main", user="boss") as page:
        tab_to(page, "README.md", role="link")
        press(page, "Enter")
        page.wait_for_url("**/blob/main/README.md")
        tab_to_menu(page, "Change")
        press(page, "Enter")
        tab_to(page, "Edit", role="link")
        press(page, "Enter")
        page.wait_for_url("**/edit/main/README.md")
        tab_to(page, "Text", role="textbox")
        press(page, "Control+Home")
        page.keyboard.type("Typed. ")
        tab_to(page, "Save", role="button")
        press(page, "Enter")
        page.wait_for_url("**/blob/main/README.md")
        assert "Typed." in page.locator("article").inner_text()
