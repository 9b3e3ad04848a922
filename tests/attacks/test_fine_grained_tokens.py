"""A fine-grained token does what it says and nothing else: tried on every route there is."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from paddock.hub import api as hub_api
from paddock.hub.people.accounts import create_org, find_account, set_role
from paddock.hub.people.scopes import READ, WRITE
from tests.hub.real_git import git
from tests.live import LiveServer

SAFE = {"GET", "HEAD", "OPTIONS"}
REFUSALS = {400, 401, 403, 404, 405, 409, 413, 415, 422, 501}
# Routes that change nothing of anybody's, or that ask for another proof than the token.
OPEN = (
    "/oauth/", "/v1/telemetry", "/api/validate-yaml", "/xet/", "/v1/", "/xorb", "/shard", "/lfs/",
    "/git-upload-pack", "/paths-info", "/api/telemetry",
)  # fmt: skip


def every_route() -> list[tuple[str, str]]:
    found = {
        (method, route.path)
        for router in hub_api.routers()
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    return sorted(found)


def address(path: str, named: dict[str, str]) -> str:
    """The pattern filled in; ``alice`` is whoever owns what the token must not touch."""
    filled = path.replace("{kind:kind}", "models").replace("{kind:kind_prefix}", "")
    filled = filled.replace("{kind:space}", "spaces").replace("{what:space_action}", "restart")
    for name, value in named.items():
        filled = re.sub(rf"\{{{name}(:\w+)?\}}", value, filled)
    return re.sub(r"\{[^}]+\}", "1", filled)


def make_token(server: LiveServer, own: str, **scopes: Any) -> str:
    body = {"displayName": "bounded", "role": "fineGrained", "fineGrained": scopes}
    headers = {"Authorization": f"Bearer {own}"}
    answer = httpx.post(f"{server.url}/api/settings/tokens", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


@pytest.fixture(scope="module")
def own(shared_server: LiveServer) -> str:
    """Alice's own token, and what she has: a private repository, an organisation, a space."""
    token = shared_server.user("alice")
    client = shared_server.api(token)
    for name in ("private", "other", "1"):
        client.create_repo(f"alice/{name}", private=True)
    client.create_repo("alice/public")
    client.create_repo("alice/space", repo_type="space", space_sdk="static")
    shared_server.org("lab", "alice")
    client.create_repo("lab/private", private=True)
    shared_server.user("mallory")
    return token


# Whatever a route reads of them; others are ignored.
_EVERYTHING: dict[str, Any] = {
    "organization": "alice", "fromRepo": "alice/private", "toRepo": "alice/moved",
    "key": "KEY", "value": "value", "description": "d", "private": False, "gated": "auto",
    "title": "t", "comment": "c", "status": "closed", "content": "x", "user": "mallory",
    "namespace": "alice", "item": {"type": "model", "id": "alice/public"},
    "displayName": "more", "url": "https://example.org/hook", "repository": "alice/copy",
    "watched": [{"type": "user", "name": "alice"}], "resourceGroupId": None,
}  # fmt: skip
BODIES = (
    {**_EVERYTHING, "name": "private", "role": "write"},
    {**_EVERYTHING, "name": "new", "role": "admin", "fullname": "New"},
)


def test_a_token_without_permissions_changes_nothing(shared_server: LiveServer, own: str) -> None:
    headers = {"Authorization": f"Bearer {make_token(shared_server, own)}"}
    with httpx.Client(base_url=shared_server.url, headers=headers) as client:
        for method, path in every_route():
            if method in SAFE or any(part in path for part in OPEN):
                continue
            for where in addresses(path):
                for body in BODIES:
                    answer = client.request(method, where, json=body)
                    told = (method, where, answer.status_code, answer.text[:300])
                    assert answer.status_code in REFUSALS, told


def addresses(path: str) -> list[str]:
    if path.startswith("/api/organizations"):
        return [address(path, {"name": "lab", "user": "mallory", "username": "mallory"})]
    names = ("public", "private") if "{namespace" in path else ("alice",)
    return [address(path, {"namespace": "alice", "name": n, "user": "mallory"}) for n in names]


def test_a_token_without_permissions_reads_nothing_private(
    shared_server: LiveServer, own: str
) -> None:
    headers = {"Authorization": f"Bearer {make_token(shared_server, own)}"}
    with httpx.Client(base_url=shared_server.url, headers=headers, timeout=20) as client:
        for path in [path for method, path in every_route() if method == "GET"]:
            named = {"namespace": "alice", "name": "private", "rev": "main", "path": "README.md"}
            if path.startswith(("/api/organizations", "/api/users")):
                named["name"] = "lab" if "organizations" in path else "alice"
            answer = client.get(address(path, named))
            told = (path, answer.status_code, answer.text[:300])
            assert "alice/private" not in answer.text or answer.status_code >= 400, told
            assert "lab/private" not in answer.text, told
            if path.startswith(("/api/settings", "/api/notifications")):
                assert answer.status_code in {403, 404, 501}, told


def a_client(server: LiveServer, own: str, *scoped: Any, **more: Any) -> HfApi:
    return server.api(make_token(server, own, scoped=list(scoped), **more))


def on(kind: str, name: str, *permissions: str) -> dict[str, Any]:
    return {"entity": {"type": kind, "name": name}, "permissions": list(permissions)}


def test_a_token_of_one_repository_reaches_that_one(shared_server: LiveServer, own: str) -> None:
    reader = a_client(shared_server, own, on("model", "alice/private", READ))
    assert reader.repo_info("alice/private").private
    assert [m.id for m in reader.list_models(author="alice") if m.private] == ["alice/private"]
    with pytest.raises(RepositoryNotFoundError):
        reader.repo_info("alice/other")
    with pytest.raises(HfHubHTTPError) as refused:
        reader.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="alice/private")
    assert refused.value.response.status_code == 403


def test_a_writing_token_of_one_repository_writes_there_and_only_there(
    shared_server: LiveServer, own: str
) -> None:
    writer = a_client(shared_server, own, on("model", "alice/other", READ, WRITE))
    writer.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="alice/other")
    writer.create_branch("alice/other", branch="work")
    for attempt in (
        lambda: writer.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="alice/public"),
        lambda: writer.create_repo("alice/fresh"),
        lambda: writer.move_repo("alice/other", "lab/taken"),
        lambda: writer.create_branch("alice/public", branch="work"),
        lambda: writer.delete_repo("alice/public"),
        lambda: writer.create_commit(
            "alice/public", [CommitOperationAdd("y", b"y")], commit_message="y", create_pr=True
        ),
        lambda: writer.create_discussion("alice/public", "t"),
        lambda: writer.create_collection("mine"),
        lambda: writer.create_webhook(url="https://example.org", watched=["alice"]),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            attempt()
        assert refused.value.response.status_code in {401, 403, 404}


def test_contents_are_less_than_the_repository(shared_server: LiveServer, own: str) -> None:
    editor = a_client(shared_server, own, on("user", "alice", READ, "repo.content.write"))
    editor.upload_file(path_or_fileobj=b"x", path_in_repo="e", repo_id="alice/public")
    for attempt in (
        lambda: editor.update_repo_settings("alice/public", private=True),
        lambda: editor.delete_repo("alice/public"),
        lambda: editor.move_repo("alice/public", "alice/elsewhere"),
        lambda: editor.create_repo("alice/fresh"),
        lambda: editor.add_space_secret("alice/space", "KEY", "x"),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            attempt()
        assert refused.value.response.status_code == 403


def test_a_token_of_a_user_does_not_reach_their_organisations(
    shared_server: LiveServer, own: str
) -> None:
    personal = a_client(shared_server, own, on("user", "alice", READ, WRITE))
    assert personal.create_repo("alice/made-by-token").repo_id == "alice/made-by-token"
    with pytest.raises(HfHubHTTPError):
        personal.create_repo("lab/made-by-token")
    with pytest.raises(RepositoryNotFoundError):
        personal.repo_info("lab/private")
    of_org = a_client(shared_server, own, on("org", "lab", READ, WRITE))
    assert of_org.repo_info("lab/private").private
    with pytest.raises(RepositoryNotFoundError):
        of_org.repo_info("alice/private")


def test_a_token_never_does_more_than_its_user(shared_server: LiveServer, own: str) -> None:
    with shared_server.hub.database.write() as conn:
        alice = find_account(conn, "alice")
        boss = find_account(conn, "boss")
        assert alice is not None
        assert boss is not None
        org = create_org(conn, "guests", owner=boss)
        set_role(conn, org, alice, "write")
    bounded = a_client(shared_server, own, on("org", "guests", READ, WRITE))
    bounded.create_repo("guests/theirs", private=True)
    with shared_server.hub.database.write() as conn:
        set_role(conn, org, alice, "read")
    assert bounded.repo_info("guests/theirs").private
    with pytest.raises(HfHubHTTPError):
        bounded.delete_repo("guests/theirs")


def test_scopes_are_made_for_what_their_user_sees(shared_server: LiveServer, own: str) -> None:
    mallory = shared_server.user("mallory")
    for entity, status in (
        ({"type": "model", "name": "alice/private"}, 404),
        ({"type": "org", "name": "lab"}, 403),
        ({"type": "user", "name": "alice"}, 403),
        ({"type": "planet", "name": "mars"}, 400),
    ):
        scoped = [{"entity": entity, "permissions": [READ]}]
        body = {"displayName": "x", "role": "fineGrained", "fineGrained": {"scoped": scoped}}
        answer = httpx.post(
            f"{shared_server.url}/api/settings/tokens",
            json=body,
            headers={"Authorization": f"Bearer {mallory}"},
        )
        assert answer.status_code == status, answer.text
    told = shared_server.api(
        make_token(shared_server, own, scoped=[on("model", "alice/private", READ, "moon.write")])
    ).whoami()["auth"]["accessToken"]
    assert told["role"] == "fineGrained"
    assert told["fineGrained"]["scoped"][0]["entity"]["name"] == "alice/private"
    assert told["fineGrained"]["scoped"][0]["permissions"] == ["moon.write", READ]


def test_gated_repositories_need_a_word_of_their_own(shared_server: LiveServer, own: str) -> None:
    owner = shared_server.api(shared_server.user("olga"))
    owner.create_repo("olga/gated")
    owner.update_repo_settings("olga/gated", gated="auto")
    owner.grant_access("olga/gated", "alice")
    shared_server.api(own).auth_check("olga/gated")
    with pytest.raises(HfHubHTTPError):
        a_client(shared_server, own, on("user", "alice", READ)).auth_check("olga/gated")
    a_client(shared_server, own, canReadGatedRepos=True).auth_check("olga/gated")


def test_discussing_is_a_permission_of_its_own(shared_server: LiveServer, own: str) -> None:
    talker = a_client(shared_server, own, **{"global": ["discussion.write"]})
    found = talker.create_discussion("alice/public", "hello", description="there")
    assert found.author == "alice"
    with pytest.raises(HfHubHTTPError):
        talker.create_discussion("alice/private", "hello")
    with pytest.raises(HfHubHTTPError):
        talker.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="alice/public")


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"x:{token}".encode()).decode()}


def test_a_writing_token_brings_large_files_and_pushes(
    shared_server: LiveServer, own: str, tmp_path: Path
) -> None:
    scope = on("model", "alice/other", READ, "repo.content.write")
    token = make_token(shared_server, own, scoped=[scope])
    by_xet = shared_server.api(token)
    by_xet.upload_file(
        path_or_fileobj=os.urandom(20_000), path_in_repo="xet.bin", repo_id="alice/other"
    )
    content = os.urandom(1000)
    wanted = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    batch = httpx.post(
        f"{shared_server.url}/alice/other.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [wanted]},
        headers=basic(token),
    )
    assert batch.status_code == 200, batch.text
    href = batch.json()["objects"][0]["actions"]["upload"]["href"]
    assert httpx.put(href, content=content).status_code == 200
    where = f"{shared_server.url}/alice/other.git".replace("://", f"://x:{token}@")
    git(tmp_path, "clone", "-q", where, "c")
    (tmp_path / "c" / "pushed.txt").write_text("x")
    git(tmp_path / "c", "add", "pushed.txt")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git(tmp_path / "c", *who, "commit", "-qm", "by git")
    git(tmp_path / "c", "push", "-q", "origin", "HEAD:main")
    assert by_xet.file_exists("alice/other", "pushed.txt")
    reading = make_token(shared_server, own, scoped=[on("model", "alice/other", READ)])
    refused = httpx.get(
        f"{shared_server.url}/alice/other.git/info/refs?service=git-receive-pack",
        headers=basic(reading),
    )
    assert refused.status_code == 403


def test_files_are_copied_from_where_a_token_reads_to_where_it_writes(
    shared_server: LiveServer, own: str
) -> None:
    full = shared_server.api(own)
    content = os.urandom(20_000)
    full.upload_file(path_or_fileobj=content, path_in_repo="c.bin", repo_id="alice/public")
    sha256 = hashlib.sha256(content).hexdigest()
    body = {"target": {"type": "model", "name": "alice/other"}, "files": [{"sha256": sha256}]}
    for scope, status in (
        (on("model", "alice/other", READ, "repo.content.write"), 200),
        (on("model", "alice/other", READ), 403),
        (on("model", "alice/private", READ, WRITE), 404),  # the target is not seen at all
    ):
        token = make_token(shared_server, own, scoped=[scope])
        answer = httpx.post(
            f"{shared_server.url}/api/models/alice/public/lfs-files/duplicate",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == status, answer.text


def test_a_token_without_permissions_withdraws_no_request(
    shared_server: LiveServer, own: str
) -> None:
    owner = shared_server.api(shared_server.user("oscar"))
    owner.create_repo("oscar/gated")
    owner.update_repo_settings("oscar/gated", gated="manual")
    asked = httpx.post(
        f"{shared_server.url}/oscar/gated/ask-access",
        json={},
        headers={"Authorization": f"Bearer {own}"},
    )
    assert asked.status_code == 200, asked.text
    cancel = f"{shared_server.url}/api/models/oscar/gated/user-access-request/cancel"
    for token, status in (
        (make_token(shared_server, own), 403),
        (make_token(shared_server, own, **{"global": ["discussion.write"]}), 200),
    ):
        answer = httpx.post(cancel, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, answer.text
