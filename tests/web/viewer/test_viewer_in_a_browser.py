"""The tables of a dataset in a browser: seen by everyone, by keyboard alone, on any screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chromium import open_page, press, sticking_out, tab_to, violations
from tests.hub.previews.asked import parquet
from tests.live import LiveServer
from tests.web.viewer.test_viewer import HURTS, made

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATH = "/datasets/boss/wide/viewer"


@pytest.fixture(scope="module")
def wide(shared_server: LiveServer) -> LiveServer:
    rows = {f"column {at}": [f"{HURTS} {'long ' * 60}"] * 5 for at in range(8)}
    nested = {"nested": [[{"a": at}] * 40 for at in range(5)], "none": [None] * 5}
    numbers = "".join(f"{at}\n" for at in range(102))
    files = {
        "train.parquet": parquet({**nested, **rows}),
        "test.csv": f"number\n{numbers}".encode(),
    }
    made(shared_server, "boss/wide", files)
    return shared_server


@pytest.mark.parametrize(
    "query", ["", "?file=test.csv&where=number+%3E+0", "?figures=1", "?row=3", "?where=x+%3E+"]
)
def test_nobody_is_shut_out(wide: LiveServer, chromium: Browser, query: str) -> None:
    allow = ("400",) if query.endswith("%3E+") else ()
    scheme = "dark" if query else "light"
    with open_page(chromium, wide, PATH + query, scheme=scheme, allow=allow) as page:
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 900})
        assert sticking_out(page) == []


def test_rows_are_found_by_keyboard_alone(wide: LiveServer, chromium: Browser) -> None:
    with open_page(chromium, wide, PATH + "?file=test.csv", script=False) as page:
        tab_to(page, "Rows where", role="combobox")
        page.keyboard.type("number")
        tab_to(page, "Comparison")
        page.keyboard.type(">=")
        tab_to(page, "Value")
        page.keyboard.type("100")
        press(page, "Enter")
        page.get_by_text("2 of all 102 rows").wait_for()
        tab_to(page, "number , order by it")
        press(page, "Enter")
        page.get_by_text("ordered by number").wait_for()
        tab_to(page, "101")
        press(page, "Enter")
        page.get_by_role("heading", name="Row 101").wait_for()
