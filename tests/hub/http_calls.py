"""Requests that the stock client has no method for, as a signed-in user sends them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.live import LiveServer


def call(
    server: LiveServer, method: str, path: str, token: str | None = None, **arguments: Any
) -> httpx.Response:
    """One request; an answer of 5xx is a failure of the test wherever it happens."""
    headers = {**arguments.pop("headers", {})}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    answer = httpx.request(method, server.url + path, headers=headers, timeout=60, **arguments)
    assert answer.status_code < 500, answer.text
    return answer
