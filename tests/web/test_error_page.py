"""What a person sees who follows a dead link; programs keep their JSON."""

from __future__ import annotations

import httpx
import pytest

from tests.live import LiveServer

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nobody/nothing", 401),
        ("/datasets/nobody/nothing", 401),
        ("/boss/shown/tree/nowhere", 404),
        ("/boss/shown/resolve/main/absent.txt", 404),
        ("/no/such/page/at/all", 404),
    ],
)
def test_a_browser_gets_a_page_with_the_same_status(
    shared_server: LiveServer, path: str, status: int
) -> None:
    shared_server.admin_api.create_repo("boss/shown", exist_ok=True)
    page = httpx.get(shared_server.url + path, headers=BROWSER)
    program = httpx.get(shared_server.url + path)
    assert page.status_code == program.status_code == status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Error-Message"] == program.headers["X-Error-Message"]
    assert page.headers.get("X-Error-Code") == program.headers.get("X-Error-Code")
    assert "<h1>" in page.text
    assert set(program.json()) >= {"error"}


def test_what_was_asked_for_is_text_on_the_page(shared_server: LiveServer) -> None:
    path = "/boss/%3Cscript%3Ealert(1)%3C%2Fscript%3E"
    page = httpx.get(shared_server.url + path, headers=BROWSER)
    assert page.status_code >= 400
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    "path", ["/api/models/nobody/nothing", "/nobody/nothing.git/info/lfs/locks"]
)
def test_the_api_answers_a_browser_in_json(shared_server: LiveServer, path: str) -> None:
    answer = httpx.get(shared_server.url + path, headers=BROWSER)
    assert answer.status_code in {401, 404}
    assert "error" in answer.json()
