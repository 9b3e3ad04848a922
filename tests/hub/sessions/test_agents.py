"""What browsers call themselves, in words."""

from __future__ import annotations

import pytest

from paddock.hub.sessions.agents import describe


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126 Safari/537.36 Edg/126", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.5", "curl"),
        ("Something/1 " + "x" * 100, ("Something/1 " + "x" * 100)[:60]),
        (None, "A browser that does not say its name"),
        ("", "A browser that does not say its name"),
    ],
)  # fmt: skip
def test_a_browser_is_told_as_its_user_knows_it(agent: str | None, told: str) -> None:
    assert describe(agent) == told
