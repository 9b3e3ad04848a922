"""Who am I, as the stock client asks it first of all."""

from __future__ import annotations

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from paddock.hub.people.accounts import create_user
from tests.live import LiveServer


def test_a_user_is_told_who_they_are_and_where_they_belong(shared_server: LiveServer) -> None:
    with shared_server.hub.database.write() as conn:
        create_user(conn, "Ada", full_name="Ada Lovelace", email="ada@example.org")
    shared_server.user("ada")
    shared_server.org("engines", "ada")
    me = shared_server.api(shared_server.user("ada", role="read")).whoami()
    assert (me["type"], me["name"], me["fullname"]) == ("user", "Ada", "Ada Lovelace")
    assert (me["email"], me["emailVerified"]) == ("ada@example.org", False)
    assert len(me["id"]) == 24
    assert [(org["name"], org["roleInOrg"]) for org in me["orgs"]] == [("engines", "admin")]
    assert me["auth"]["type"] == "access_token"
    assert me["auth"]["accessToken"]["role"] == "read"
    assert me["auth"]["accessToken"]["displayName"] == "test-read"


def test_strangers_and_wrong_tokens_are_nobody(shared_server: LiveServer) -> None:
    assert httpx.get(f"{shared_server.url}/api/whoami-v2").status_code == 401
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(endpoint=shared_server.url, token="hf_wrong").whoami()


@pytest.mark.parametrize(
    "path", ["/api/whoami-v2", "/api/models", "/api/models/a/b", "/api/users/boss/overview"]
)
def test_a_wrong_token_is_wrong_everywhere(shared_server: LiveServer, path: str) -> None:
    for header in ("Bearer hf_wrong", "Bearer", "Bearer \xff", "Basic !!!", "Basic dTp4"):
        headers = {"Authorization": header.encode("latin-1")}
        answer = httpx.get(f"{shared_server.url}{path}", headers=headers)
        assert answer.status_code == 401, header
        message = answer.headers["x-error-message"]
        assert message == "Invalid credentials in Authorization header"


def test_a_token_counts_as_a_basic_password_too(shared_server: LiveServer) -> None:
    token = shared_server.user("basic")
    answer = httpx.get(f"{shared_server.url}/api/whoami-v2", auth=("anything", token))
    assert answer.json()["name"] == "basic"
