"""What a caller may not see does not exist: tried on every address there is, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from huggingface_hub import CommitOperationAdd

from paddock.hub.api import lfs_locks, lfs_objects
from paddock.web.app import _routers
from tests.attacks.test_fine_grained_tokens import address, make_token
from tests.live import LiveServer

BODY: dict[str, Any] = {
    "key": "KEY", "value": "v", "private": False, "title": "title", "comment": "c",
    "status": "closed", "content": "x", "user": "mallory", "repository": "mallory/copy",
    "paths": ["a.txt"], "files": [{"path": "a", "size": 1, "sample": "", "sha256": "a" * 64}],
    "deletions": {"sha": ["a" * 64]}, "target": {"type": "model", "name": "mallory/own"},
    "tag": "v1", "resourceGroupId": None, "operation": "download", "path": "x",
    "objects": [{"oid": "a" * 64, "size": 1}], "issuer": "https://x", "claims": {"sub": "x"},
}  # fmt: skip
ITS_OWN = ("date", "x-request-id", "ratelimit", "ratelimit-policy", "content-length", "set-cookie")
_FORM_KEY = re.compile(r'name="form_key" value="[^"]+"')


def addresses() -> list[tuple[str, str]]:
    """Method and pattern of everything that is about one repository."""
    nested = (lfs_objects.router, lfs_locks.router)
    found = {
        (method, route.path)
        for router in (*_routers(), *nested)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
        if "{namespace:" in route.path and "{name:" in route.path
    }
    return sorted(found)


@pytest.fixture(scope="module")
def commit(shared_server: LiveServer) -> str:
    """A private repository with files, a discussion and a former name; one of its commits."""
    alice = shared_server.api(shared_server.user("alice"))
    shared_server.user("friend")
    shared_server.org("friends", "friend")
    for kind, more in (("model", {}), ("space", {"space_sdk": "static"})):
        alice.create_repo("alice/before", private=True, repo_type=kind, **more)
        alice.move_repo("alice/before", "alice/secret", repo_type=kind)
        alice.create_commit(
            "alice/secret", [CommitOperationAdd("a.txt", b"x")], commit_message="m", repo_type=kind
        )
        alice.create_discussion("alice/secret", title="hidden", repo_type=kind)
        alice.create_repo("alice/shared", repo_type=kind, **more)
        _invite(shared_server, f"/api/{kind}s/alice/shared", alice.token)
    shared_server.api(shared_server.user("mallory")).create_repo("mallory/own")
    return alice.list_repo_commits("alice/secret")[0].commit_id


def _invite(server: LiveServer, path: str, token: Any) -> None:
    """Let others in, by name and by their organisation: mallory is none of them."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        assert client.put(f"{path}/settings", json={"visibility": "invited"}).is_success
        for name in ("friend", "friends"):
            asked = client.post(f"{path}/user-access-request/grant", json={"user": name})
            assert asked.is_success, asked.text


@pytest.fixture(params=["stranger", "other user", "reading token", "bounded token of the owner"])
def client(request: pytest.FixtureRequest, shared_server: LiveServer) -> Iterator[httpx.Client]:
    tokens = {
        "stranger": lambda: None,
        "other user": lambda: shared_server.user("mallory"),
        "reading token": lambda: shared_server.user("mallory", role="read"),
        "bounded token of the owner": lambda: make_token(
            shared_server, shared_server.user("alice")
        ),
    }
    token = tokens[request.param]()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=shared_server.url, headers=headers, timeout=60) as made:
        yield made


def ask(client: httpx.Client, method: str, path: str, name: str, rev: str) -> tuple[Any, ...]:
    """An answer without the repository's name and what is new in every answer."""
    suffix = ".git" if "/info/" in path or "/git-" in path else ""
    named = {
        "namespace": "alice", "name": name + suffix, "rev": rev, "path": "a.txt", "num": "1",
        "status": "pending",
    }  # fmt: skip
    where = address(path, named)
    headers = {}
    if path.endswith("/info/refs"):
        where += "?service=git-upload-pack"
    if "/git-" in path:
        headers["content-type"] = f"application/x-{path.rpartition('/')[2]}-request"
    body = None if method in {"GET", "HEAD"} else BODY
    answer = client.request(method, where, json=body, headers=headers)
    told = tuple(
        (key, value.replace(name, "NAME"))
        for key, value in answer.headers.items()
        if key not in ITS_OWN
    )
    return answer.status_code, told, _FORM_KEY.sub("", answer.text.replace(name, "NAME"))


def test_private_moved_and_missing_repositories_are_answered_alike(
    client: httpx.Client, commit: str
) -> None:
    assert len(addresses()) > 80
    for method, path in addresses():
        for rev in ("main", commit) if "{rev:" in path else ("main",):
            missing = ask(client, method, path, "nobody", rev)
            for name in ("secret", "before", "shared"):
                assert ask(client, method, path, name, rev) == missing, (method, path, rev, name)
            assert missing[0] in {302, 303, *range(400, 500), 501}, (method, path, missing)
