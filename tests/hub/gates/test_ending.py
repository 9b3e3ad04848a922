"""Access that was given until a day: none after it, by whatever way, until it is renewed."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi

from paddock import clock
from paddock.hub.tables import access_grants
from tests.hub.http_calls import call
from tests.live import LiveServer

REPO, REQUESTS = "owner/gated", "/api/models/owner/gated/user-access-request"
SOON = timedelta(hours=1)


@pytest.fixture
def owner(server_on_each: LiveServer) -> HfApi:
    return owner_of(server_on_each)


def owner_of(server: LiveServer) -> HfApi:
    """The owner of a gated repository."""
    api = server.api(server.user("owner"))
    api.create_repo(REPO)
    api.upload_file(path_or_fileobj=os.urandom(99_000), path_in_repo="w.bin", repo_id=REPO)
    api.update_repo_settings(REPO, gated="manual")
    return api


def as_if_over(server: LiveServer) -> None:
    """As if the hour were over."""
    with server.hub.database.write() as conn:
        past = clock.now() - timedelta(seconds=1)
        conn.execute(access_grants.update().values(expires_at=past))


def ways(server: LiveServer, repo: str, token: str, xet: dict[str, str], folder: Path) -> list[int]:
    """What resolve, a Xet token that was given before, a new one, and git answer."""
    found = [call(server, "GET", f"/{repo}/resolve/main/w.bin", token).status_code]
    bearer = {"Authorization": f"Bearer {xet['accessToken']}"}
    cas = f"{xet['casUrl']}/v2/reconstructions/{xet['hash']}"
    found.append(httpx.get(cas, headers=bearer, timeout=60).status_code)
    found.append(call(server, "GET", f"/api/models/{repo}/xet-read-token/main", token).status_code)
    url = server.url.replace("//", f"//x:{token}@") + f"/{repo}"
    done = subprocess.run(
        ["git", "clone", "-q", url, str(folder)],
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"},
        capture_output=True,
    )
    return [*found, 200 if done.returncode == 0 else 403]


def test_it_ends_by_every_way_and_comes_back_when_renewed(
    server_on_each: LiveServer, owner: HfApi, tmp_path: Path
) -> None:
    server, token, boss = server_on_each, server_on_each.user("ann"), owner.token
    until = (clock.now() + SOON).isoformat()
    assert call(server, "POST", f"{REQUESTS}/grant", boss, json={"user": "ann", "expiresAt": until})
    told = call(server, "GET", f"/api/models/{REPO}/xet-read-token/main", token).json()
    head = call(server, "HEAD", f"/{REPO}/resolve/main/w.bin", token)
    xet = {**told, "hash": head.headers["X-Xet-Hash"]}
    assert ways(server, REPO, token, xet, tmp_path / "a") == [200, 200, 200, 200]
    as_if_over(server)
    assert ways(server, REPO, token, xet, tmp_path / "b") == [403, 403, 403, 403]
    refused = call(server, "GET", f"/{REPO}/resolve/main/w.bin", token)
    assert refused.headers["X-Error-Code"] == "GatedRepo"
    assert "your access has ended" in refused.json()["error"]
    lists = {
        status: [
            one["user"]["user"] for one in call(server, "GET", f"{REQUESTS}/{status}", boss).json()
        ]
        for status in ("accepted", "expired")
    }
    assert lists == {"accepted": [], "expired": ["ann"]}
    report = call(server, "GET", f"/{REPO}/user-access-report", boss).json()
    assert [row["status"] for row in report] == ["expired"]
    renewed = call(
        server, "POST", f"{REQUESTS}/renew", boss, json={"user": "ann", "expiresAt": None}
    )
    assert renewed.status_code == 200
    assert ways(server, REPO, token, xet, tmp_path / "c") == [200, 200, 200, 200]


def test_who_has_no_access_any_more_asks_again_or_is_let_in_again(
    server_on_each: LiveServer, owner: HfApi
) -> None:
    server, token = server_on_each, server_on_each.user("ben")
    until = (clock.now() + SOON).isoformat()
    for again in range(2):
        given = call(
            server, "POST", f"{REQUESTS}/grant", owner.token,
            json={"user": "ben", "expiresAt": until},
        )  # fmt: skip
        assert given.status_code == 200, again
        as_if_over(server)
    assert call(server, "POST", f"/{REPO}/ask-access", token, json={}).json() == {
        "status": "pending"
    }
    (request,) = owner.list_pending_access_requests(REPO)
    assert request.username == "ben"
    owner.accept_access_request(REPO, "ben")
    assert server.api(token).auth_check(REPO) is None


def test_no_access_is_given_that_has_ended_already(server: LiveServer) -> None:
    token = owner_of(server).token
    server.user("cleo")
    for seconds in (-1, 0):
        past = (clock.now() + timedelta(seconds=seconds)).isoformat()
        body = {"user": "cleo", "expiresAt": past}
        assert call(server, "POST", f"{REQUESTS}/grant", token, json=body).status_code == 400
        body["status"] = "rejected"
        assert call(server, "POST", f"{REQUESTS}/handle", token, json=body).status_code == 400
