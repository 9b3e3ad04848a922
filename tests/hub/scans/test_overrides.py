"""An administrator may let a rejected file go, for a reason that stays; nobody else may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd

from tests.cli.at_hand import run
from tests.hub.scans.conftest import EVIL
from tests.live import LiveServer

REPO = "ann/model"
REASON = "A test of our own, looked at by two people."


@pytest.fixture
def hub(server: LiveServer) -> LiveServer:
    return filled(server)


@pytest.fixture
def hub_on_each(server_on_each: LiveServer) -> LiveServer:
    return filled(server_on_each)


def filled(server: LiveServer) -> LiveServer:
    ann = server.api(server.user("ann"))
    for name in (REPO, "ann/other"):
        ann.create_repo(name)
        files = [CommitOperationAdd(path, EVIL) for path in ("bad.txt", "folder/bad.txt")]
        ann.create_commit(name, files, commit_message="files")
    server.run_scans()
    return server


def call(
    hub: LiveServer, method: str, path: str, token: str | None = None, **how: Any
) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.request(method, f"{hub.url}{path}", headers=headers, **how)


def allow(hub: LiveServer, token: str | None, **body: str) -> httpx.Response:
    asked = {"path": "bad.txt", "reason": REASON, **body}
    return call(hub, "POST", f"/api/models/{REPO}/scan/overrides", token, json=asked)


def status(hub: LiveServer, path: str = f"/{REPO}/resolve/main/bad.txt") -> int:
    return call(hub, "GET", path).status_code


def test_it_is_for_this_content_in_this_repository(hub_on_each: LiveServer) -> None:
    hub = hub_on_each
    given = allow(hub, hub.admin_token)
    assert given.status_code == 200, given.text
    assert given.json()["allowed_by"] == "boss"
    assert status(hub) == 200
    assert status(hub, f"/{REPO}/resolve/main/folder/bad.txt") == 200  # the same bytes
    assert status(hub, "/ann/other/resolve/main/bad.txt") == 403
    report = call(hub, "GET", f"/api/models/{REPO}/scan").json()
    assert report["verdict"] == "reject"
    [first, _] = report["files"]
    assert (first["verdict"], first["isBlocked"]) == ("reject", False)
    assert first["override"]["reason"] == REASON
    page = call(hub, "GET", f"/{REPO}/blob/main/bad.txt").text
    assert "unsafe, allowed" in page
    assert REASON in page


def test_it_survives_a_rescan_and_not_other_bytes(hub: LiveServer) -> None:
    allow(hub, hub.admin_token)
    ann = hub.user("ann")
    assert call(hub, "POST", f"/api/models/{REPO}/scan", ann).status_code == 202
    hub.run_scans()
    assert status(hub) == 200
    hub.api(ann).upload_file(path_or_fileobj=EVIL + b"!", path_in_repo="bad.txt", repo_id=REPO)
    hub.run_scans()
    assert status(hub) == 403


def test_taking_it_back_leaves_a_record(hub: LiveServer) -> None:
    number = allow(hub, hub.admin_token).json()["id"]
    address = f"/api/models/{REPO}/scan/overrides/{number}"
    assert call(hub, "DELETE", address, hub.user("ann")).status_code == 403
    taken = call(hub, "DELETE", address, hub.admin_token)
    assert taken.json()["withdrawn_by"] == "boss"
    assert status(hub) == 403
    assert call(hub, "DELETE", address, hub.admin_token).status_code == 404
    [record] = call(hub, "GET", f"/api/models/{REPO}/scan").json()["overrides"]
    assert (record["reason"], record["withdrawn_by"]) == (REASON, "boss")


def test_only_an_administrator_decides(hub: LiveServer) -> None:
    with hub.hub.database.write() as conn:
        from paddock.hub.people.accounts import find_account
        from paddock.hub.people.tokens import create_token

        boss = find_account(conn, "boss")
        assert boss is not None
        plain = create_token(conn, boss, "plain", "write")
    for token, expected in (
        (None, 401),
        (hub.user("ann"), 403),
        (hub.user("eve"), 403),
        (plain, 403),
    ):
        assert allow(hub, token).status_code == expected
    assert status(hub) == 403


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"reason": " "}, 400),
        ({"reason": "a\0b c"}, 400),
        ({"path": "nowhere.txt"}, 404),
        ({"path": "folder"}, 404),
        ({"revision": "nowhere"}, 404),
        ({"path": ".gitattributes"}, 409),
    ],
)
def test_what_makes_no_sense_is_said_so(
    hub: LiveServer, body: dict[str, str], expected: int
) -> None:
    assert allow(hub, hub.admin_token, **body).status_code == expected


def test_it_is_given_on_the_command_line_too(hub: LiveServer) -> None:
    def admin(*arguments: str) -> Any:
        done = run(
            hub.data.parent, "admin", "scan", *arguments, "--json",
            PADDOCK_DATA=str(hub.data.parent), PADDOCK_DATABASE_URL=hub.hub.database.name,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert admin("show", REPO)["verdict"] == "reject"
    given = admin("allow", REPO, "bad.txt", "--reason", REASON)
    assert status(hub) == 200
    assert admin("overrides", REPO)["overrides"][0]["id"] == given["id"]
    admin("withdraw", REPO, str(given["id"]))
    assert status(hub) == 403


def test_owners_are_told_by_webhook(hub: LiveServer, tmp_path: Path) -> None:
    ann = hub.api(hub.user("ann"))
    hook = ann.create_webhook(url="http://127.0.0.1:9/", watched=[{"type": "user", "name": "ann"}],
                              domains=["repo"])  # fmt: skip
    ann.upload_file(path_or_fileobj=b"new: " + EVIL, path_in_repo="worse.txt", repo_id=REPO)
    hub.run_scans()
    log = call(hub, "GET", f"/api/settings/webhooks/{hook.id}/deliveries", hub.user("ann")).json()
    scopes = [one["event"]["scope"] if isinstance(one["event"], dict) else one["event"] for one in
              (log["deliveries"] if isinstance(log, dict) else log)]  # fmt: skip
    assert any("repo.scan" in str(scope) for scope in scopes)
