"""The keys that people press to fill forms: from field to field, among radio buttons, in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chromium import focus, press, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

_MOST_TABS = 200


def fill(page: Page, name: str, text: str) -> None:
    """Write into the field of that name in place of what it holds."""
    tab_to(page, name)
    press(page, "Control+A")
    page.keyboard.type(text)


def choose(page: Page, name: str) -> None:
    """Tab to the group of radio buttons that has one of this name, and choose it."""
    passed = []
    for _ in range(_MOST_TABS):
        press(page, "Tab")
        first = focus(page).replace(" [checked]", "")
        if not first.startswith("radio"):
            continue
        while f'"{name}' not in focus(page):
            press(page, "ArrowDown")
            passed.append(focus(page).replace(" [checked]", ""))
            if passed[-1] == first:
                break
        else:
            press(page, "Space")
            return
    raise AssertionError(f"no radio button is named {name!r}: {passed}")


def activate(page: Page, name: str, role: str = "button") -> None:
    """Tab to it and press Enter; returns when the page that follows is there."""
    tab_to(page, name, role=role)
    with page.expect_navigation():
        press(page, "Enter")
