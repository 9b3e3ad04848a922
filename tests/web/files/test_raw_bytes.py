"""Bytes of strangers in a browser that is signed in: nothing of them runs, however it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from huggingface_hub import CommitOperationAdd

from tests.chromium import open_page
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Tells whoever looks that it ran: by the name of the window, a cookie, and another address.
RUN = "top.name = 'ran'; document.cookie = 'ran=1'; fetch('/api/whoami-v2')"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>{RUN}</script></svg>"
FILES = {
    "evil.html": f"<!doctype html><title>evil</title><script>{RUN}</script><form action=/logout>",
    "evil.htm": f"<script>{RUN}</script>",
    "evil.xhtml": f"<html xmlns='http://www.w3.org/1999/xhtml'><script>{RUN}</script></html>",
    "evil.svg": SVG,
    "evil.xml": f"<x xmlns:h='http://www.w3.org/1999/xhtml'><h:script>{RUN}</h:script></x>",
    "evil.pdf": "%PDF-1.4 <script>",
    "evil.png": f"<html><script>{RUN}</script>",
    "evil": f"<html><script>{RUN}</script>",
    "evil.txt": f"<html><script>{RUN}</script>",
    "evil.md": f"<script>{RUN}</script>",
    "evil.js": RUN,
    "evil.mjs": RUN,
    "evil.css": "* { background: url(/api/whoami-v2) }",
    "evil.json": f'"<script>{RUN}</script>"',
    "evil.wasm": "\0asm",
    "evil.swf": "FWS",
    "evil.mht": "MIME-Version: 1.0",
}
SHOWN = ["application/json", "application/octet-stream", "text/plain; charset=utf-8", "image/png"]


@pytest.fixture(scope="module")
def server(shared_server: LiveServer) -> Iterator[LiveServer]:
    api = shared_server.admin_api
    api.create_repo("boss/raw")
    operations = [CommitOperationAdd(path, text.encode()) for path, text in FILES.items()]
    api.create_commit("boss/raw", operations, commit_message="evil")
    yield shared_server


@pytest.mark.parametrize("way", ["resolve", "raw"])
@pytest.mark.parametrize("path", FILES)
def test_the_head_of_every_answer_forbids_everything(
    server: LiveServer, path: str, way: str
) -> None:
    headers = httpx.get(f"{server.url}/boss/raw/{way}/main/{path}", follow_redirects=True).headers
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] in SHOWN
    assert "Cookie" in headers["vary"]
    if path.endswith((".html", ".htm", ".xhtml", ".svg", ".xml", ".pdf")):
        assert headers["content-disposition"].startswith("attachment")


def has_run(page: Page) -> bool:
    return page.evaluate("() => top.name === 'ran' || document.cookie.includes('ran=1')")


def test_nothing_runs_by_going_there(server: LiveServer, chromium: Browser) -> None:
    asked: list[str] = []
    with open_page(chromium, server, "/boss/raw", user="boss", allow=["console: Applying"]) as page:
        page.context.on("request", lambda request: asked.append(request.url))
        for path in FILES:
            try:
                page.goto(f"/boss/raw/resolve/main/{path}")
            except Exception as e:  # a download ends its navigation
                assert "Download is starting" in str(e) or "ERR_ABORTED" in str(e), (path, e)
        page.goto("/boss/raw")
        assert not has_run(page)
    assert not [url for url in asked if url.endswith("whoami-v2")]


def test_nothing_runs_within_a_page(server: LiveServer, chromium: Browser) -> None:
    """In frames, images, objects, styles and scripts of a page that anybody could have made."""
    asked: list[str] = []
    allow = ["console:", "failed:"]  # what the browser refuses, it says
    with open_page(chromium, server, "/boss/raw", user="boss", allow=allow) as page:
        page.context.on("request", lambda request: asked.append(request.url))
        # Without any policy of ours, which would refuse nearly all of this by itself.
        page.route("**/plain", lambda route: route.fulfill(body="", content_type="text/html"))
        page.goto("/plain")
        for path in FILES:
            address = f"{server.url}/boss/raw/resolve/main/{path}"
            page.evaluate(
                """async address => {
                  const tags = [["iframe", "src"], ["img", "src"], ["object", "data"],
                    ["embed", "src"], ["script", "src"], ["link", "href"]];
                  await Promise.all(tags.map(([tag, name]) => new Promise(done => {
                    const made = document.createElement(tag);
                    if (tag === "link") made.rel = "stylesheet";
                    made[name] = address;
                    made.onload = made.onerror = done;
                    setTimeout(done, 300);
                    document.body.append(made);
                  })));
                }""",
                address,
            )
        assert not has_run(page)
    assert not [url for url in asked if url.endswith("whoami-v2")]
