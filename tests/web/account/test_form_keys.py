"""Every form of every page: without our key, or from another site, it changes nothing."""

from __future__ import annotations

import re

import httpx

from tests.live import LiveServer
from tests.web.routes import Route, every_route
from tests.web.visiting import visit

_NAMED = {
    "{kind}": "", "{namespace}/{name}": "ada/model", "{namespace}": "ada", "{name}": "ada",
    "{number:int}": "1", "{num}": "1", "{number}": "1", "{rev}": "main", "{path}": "README.md",
}  # fmt: skip


def address(route: Route) -> str:
    path = route.path
    for part, value in _NAMED.items():
        path = path.replace(part, value)
    return re.sub(r"{[^}]+}", "1", path)


def test_no_form_counts_without_the_key_of_a_page(shared_server: LiveServer) -> None:
    shared_server.api(shared_server.user("ada")).create_repo("ada/model")
    ada = visit(shared_server, "ada")
    forms = [r for r in every_route() if r.method == "POST" and r.is_page]
    assert len(forms) >= 40
    accepted = []
    with httpx.Client(base_url=shared_server.url, headers=ada._headers, timeout=60) as browser:
        for route in forms:
            path = address(route)
            without = browser.post(path, data={"typed": "ada/model", "form_key": "0" * 64})
            foreign = browser.post(
                path, data={"form_key": "x"}, headers={"Origin": "https://evil.example"}
            )
            if (without.status_code, foreign.status_code) != (403, 403):
                accepted.append((route.path, without.status_code, foreign.status_code))
    assert not accepted, "\n".join(map(str, accepted))
    assert shared_server.api(shared_server.user("ada")).model_info("ada/model").id == "ada/model"


def test_no_page_is_shown_in_a_frame_of_another_site(shared_server: LiveServer) -> None:
    ada = visit(shared_server, "ada")
    for path in ("/login", "/settings/profile", "/settings/tokens/new", "/ada/model/settings"):
        head = ada.get(path).headers
        if path != "/login":
            assert head["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in head["content-security-policy"]
            assert head["cache-control"] == "no-store"
