"""Debian's Chromium, headless, and what a test wants to know of a page in it.

One browser serves a whole worker, each page is in a profile of its own. Knows how a person is
signed in without the form, what no page of ours may do (ask anybody else for anything, log an
error, break its own policy) and how axe-core judges; knows no page.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.sessions.sessions import start_session
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page asks for, nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
_COOKIE = "paddock_session"  # over plain HTTP
_HEIGHT = 900
_MOST_TABS = 200
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless browser for all tests of this worker."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium here (scripts/debian-packages.sh installs it)")
    with running_chromium(program) as browser:
        yield browser


@contextmanager
def running_chromium(program: str) -> Iterator[Browser]:
    """A headless browser until the block ends."""
    from playwright.sync_api import sync_playwright

    driver = sync_playwright().start()
    asyncio._set_running_loop(None)
    with _driven(driver):
        browser = driver.chromium.launch(
            executable_path=program, args=_ARGUMENTS, chromium_sandbox=os.getuid() != 0
        )
    try:
        yield browser
    finally:
        with _driven(driver):
            browser.close()
            driver.stop()


@contextmanager
def open_page(
    browser: Browser,
    server: LiveServer,
    path: str,
    *,
    user: str | None = None,
    scheme: str = "light",
    width: int = 1280,
    script: bool = True,
    allow: Sequence[str] = (),
) -> Iterator[Page]:
    """The page at ``path`` of the server, before ``user`` (made when new) or a stranger.

    When the block ends without an error, the page must have been quiet: no error in the console, no
    uncaught exception, no broken policy, no dialog, no failed request and none to anybody else.
    ``allow`` names, by a part of its text, what the test expects of these all the same.
    """
    with _driven(browser):
        context = browser.new_context(
            base_url=server.url,
            color_scheme=scheme,
            viewport={"width": width, "height": _HEIGHT},
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(60_000)
        try:
            if user is not None:
                sign_in(context, server, user)
            page = context.new_page()
            heard = _listen(context, server.url, allow)
            page.goto(path)
            yield page
            page.evaluate("() => 0")  # what was said until now has arrived then
        finally:
            context.close()
    assert not heard, "\n".join(heard)


def sign_in(context: BrowserContext, server: LiveServer, name: str) -> None:
    """Make every page of this profile the user's, who is created when new."""
    with server.hub.database.write() as conn:
        secret = start_session(conn, find_account(conn, name) or create_user(conn, name))
    context.add_cookies([{"name": _COOKIE, "value": secret, "url": server.url}])


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands, a sentence each."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe() + "; 0")
    options = {"runOnly": _RULES, "preload": False, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}: {node['html'][:200]}"
        f": {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def sticking_out(page: Page) -> list[str]:
    """The elements for which the page itself must be scrolled sideways."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          return [...document.querySelectorAll("body *")]
            .filter(e => e.getBoundingClientRect().right > wide + 1)
            .map(e => e.outerHTML.slice(0, 120));
        }"""
    )


def tab_to(page: Page, name: str, *, role: str = "") -> None:
    """Press Tab until the element of this accessible name (or one that begins with it) has the
    focus, and can be seen to have it."""
    passed = []
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        focused = focus(page)
        if focused.startswith(f"{role} ".lstrip()) and f'"{name}' in focused:
            assert _shows_focus(page), f"{focused} does not show that it has the focus"
            return
        passed.append(focused)
        if passed.count("") == 2:  # once around: the page itself had it again
            break
    raise AssertionError(f"no Tab leads to {role} {name!r}; it passes {passed}")


def press(page: Page, *keys: str) -> None:
    """Press keys by their names ("Enter", "Shift+Tab"), one after another."""
    for key in keys:
        page.keyboard.press(key)


def focus(page: Page) -> str:
    """The element that has the focus, as a screen reader is told: ``button "Save"``."""
    place = page.locator("*:focus")
    if place.count() == 0:
        return ""
    line = place.last.aria_snapshot().partition("\n")[0].removeprefix("- ").rstrip(":")
    return line.strip("'")  # around what holds a colon, as YAML has it


def lcp(page: Page) -> float:
    """When the largest thing was painted, in milliseconds since the navigation began."""
    times = _entries(page, "largest-contentful-paint")
    return max((entry["startTime"] for entry in times), default=0.0)


def shift(page: Page) -> float:
    """The cumulative layout shift until now; 0 is none."""
    return sum(entry["value"] for entry in _entries(page, "layout-shift"))


def _entries(page: Page, kind: str) -> list[dict[str, Any]]:
    return page.evaluate(
        """kind => new Promise(done => {
          const found = [];
          const take = list => found.push(...list.map(e => e.toJSON()));
          const observer = new PerformanceObserver(list => take(list.getEntries()));
          observer.observe({type: kind, buffered: true});
          requestAnimationFrame(() => setTimeout(() => {
            take(observer.takeRecords());
            observer.disconnect();
            done(found.filter(e => !e.hadRecentInput));
          }, 50));
        })""",
        kind,
    )


def _shows_focus(page: Page) -> bool:
    """Whether the focused element, or one around it, looks different for it."""
    return page.evaluate(
        """() => {
          const ring = e => {
            const style = getComputedStyle(e);
            return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
              || style.boxShadow !== "none";
          };
          const focused = document.activeElement;
          return ring(focused) || [...focused.labels ?? []].some(ring)
            || focused.parentElement !== null && ring(focused.parentElement);
        }"""
    )


def _listen(context: BrowserContext, own_url: str, allow: Sequence[str]) -> list[str]:
    """What the pages of this profile do that no page may, as it happens."""
    heard: list[str] = []

    def hear(text: str) -> None:
        if not any(part in text for part in allow):
            heard.append(text)

    def on_request(url: str) -> None:
        if not url.startswith((own_url + "/", "data:", "blob:", "about:")):
            hear(f"request elsewhere: {url}")

    def on_dialog(dialog: Any) -> None:
        hear(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.on("request", lambda request: on_request(request.url))
    context.on("requestfailed", lambda r: _on_failure(hear, r.url, str(r.failure)))
    context.on(
        "console",
        lambda m: hear(f"console: {m.text} ({m.location['url']})") if m.type == "error" else None,
    )
    context.on("weberror", lambda raised: hear(f"uncaught: {raised.error}"))
    if not any("dialog".startswith(part) for part in allow):
        context.on("dialog", on_dialog)
    return heard


def _on_failure(hear: Any, url: str, why: str) -> None:
    # A page may stop what it asked for itself, and a download ends its navigation.
    if "ERR_ABORTED" not in why:
        hear(f"failed: {url} ({why})")


@contextmanager
def _driven(owner: Any) -> Iterator[None]:
    """The driver's event loop counts as this thread's while the block runs, and no longer, so that
    other tests of the process may run loops of their own."""
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(owner._loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@cache
def _axe() -> str:
    package = find_spec("axe_playwright_python")
    assert package is not None and package.origin is not None
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")
