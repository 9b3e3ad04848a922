"""Failures as answers: what a header can hold, and where a moved repository's address leads."""

from __future__ import annotations

import httpx
import pytest

from paddock.web.errors import error_response
from tests.live import LiveServer


@pytest.mark.parametrize("character", ["\0", "\x01", "\x1b", "\x7f", "\n", "\r\n", "é", "\u2028"])
def test_a_message_of_any_characters_fits_into_a_header(character: str) -> None:
    answer = error_response(400, f"before{character}after")
    told = answer.headers["X-Error-Message"]
    assert told.isascii()
    assert told.isprintable()
    assert told.startswith("before")


@pytest.mark.parametrize("repo_id", ["ls/ls", "pi/models"])
def test_a_moved_name_that_looks_like_the_address_before_it(
    shared_server: LiveServer, repo_id: str
) -> None:
    user = repo_id.split("/")[0]
    hf = shared_server.api(shared_server.user(user))
    hf.create_repo(repo_id)
    hf.move_repo(repo_id, f"{user}/elsewhere")
    answer = httpx.get(f"{shared_server.url}/api/models/{repo_id}/refs")
    assert answer.headers["Location"] == f"/api/models/{user}/elsewhere/refs"
