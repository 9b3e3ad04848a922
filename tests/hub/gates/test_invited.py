"""Repositories by invitation: who was let in has every way in, everybody else learns of nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paddock import clock
from paddock.hub import access, lookup
from paddock.hub.gates import standing
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import find_account, remove_member, set_role
from paddock.hub.types import Caller, Kind
from tests.databases import sqlite_url
from tests.hub.http_calls import call
from tests.live import LiveServer, live_server

SIZE = 99_000


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One that also offers the model of the first test to be talked with."""
    folder = tmp_path_factory.mktemp("server")
    with live_server(
        folder / "data", sqlite_url(folder), serve_models="opener/shared", packed_bytes=0
    ) as running:
        yield running


class Lab:
    """The owner of one repository, which is by invitation."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.server, self.token, self.repo = server, server.user(name), f"{name}/shared"
        self.api = f"/api/models/{self.repo}"
        stock = server.api(self.token)
        stock.create_repo(self.repo)
        stock.upload_file(path_or_fileobj=os.urandom(SIZE), path_in_repo="w.bin", repo_id=self.repo)
        told = call(server, "PUT", f"{self.api}/settings", self.token,
                    json={"visibility": "invited"}).json()  # fmt: skip
        assert told == {"private": True, "gated": False, "visibility": "invited"}

    def request(self, what: str, **body: Any) -> int:
        path = f"{self.api}/user-access-request/{what}"
        return call(self.server, "POST", path, self.token, json=body).status_code

    def read(self, token: str | None, **headers: str) -> int:
        path = f"/{self.repo}/resolve/main/w.bin"
        return call(self.server, "GET", path, token, headers=headers).status_code


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let those who ask how somebody stands think that it is then."""
    fake = SimpleNamespace(now=lambda: moment)
    monkeypatch.setattr(standing, "clock", fake)
    monkeypatch.setattr(access, "clock", fake)


def every_way(lab: Lab, token: str, folder: Path) -> dict[str, Callable[[], bool]]:
    """Whether each way gives the file, or tells of it; what is signed is signed now."""
    server, repo = lab.server, lab.repo
    head = call(server, "HEAD", f"/{repo}/resolve/main/w.bin", token)
    bearer = call(server, "GET", f"{lab.api}/xet-read-token/main", token).json()
    sha256 = head.headers["X-Linked-Etag"].strip('"')
    wanted = {"operation": "download", "objects": [{"oid": sha256, "size": SIZE}]}
    given = call(server, "POST", f"/{repo}.git/info/lfs/objects/batch", token, json=wanted).json()
    signed = given["objects"][0]["actions"]["download"]["href"].removeprefix(server.url)
    url = server.url.replace("//", f"//x:{token}@") + f"/{repo}"

    def clone() -> bool:
        into = folder / os.urandom(4).hex()
        done = subprocess.run(
            ["git", "clone", "-q", url, str(into)],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"},
            capture_output=True,
        )
        return done.returncode == 0

    def listed(path: str) -> bool:
        return repo in [one["id"] for one in call(server, "GET", path, token).json()]

    def ok(method: str, path: str, **more: Any) -> Callable[[], bool]:
        return lambda: call(server, method, path, token, **more).status_code in {200, 206}

    cas = bearer["casUrl"].removeprefix(server.url)
    reconstruction = f"{cas}/v2/reconstructions/{head.headers['X-Xet-Hash']}"
    xet = {"Authorization": f"Bearer {bearer['accessToken']}"}
    return {
        "file": ok("GET", f"/{repo}/resolve/main/w.bin"),
        "range": ok("GET", f"/{repo}/resolve/main/w.bin", headers={"Range": "bytes=9-99"}),
        "page": ok("GET", f"/{repo}/raw/main/w.bin"),
        "information": ok("GET", lab.api),
        "Xet token": ok("GET", f"{lab.api}/xet-read-token/main"),
        "Xet": lambda: call(server, "GET", reconstruction, headers=xet).status_code == 200,
        "LFS": ok("POST", f"/{repo}.git/info/lfs/objects/batch", json=wanted),
        "signed address": lambda: call(server, "GET", signed).status_code == 200,
        "git": clone,
        "list": lambda: listed("/api/models"),
        "search": lambda: listed("/api/models?search=shared"),
        "chat": ok("GET", f"/v1/models/{repo}"),
    }


def test_an_invitation_opens_every_way_and_its_end_closes_each_at_once(
    shared_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, ann = Lab(shared_server, "opener"), shared_server.user("ann")
    assert (lab.read(None), lab.read(ann)) == (401, 404)
    ends = clock.now() + timedelta(hours=1)
    assert lab.request("grant", user="ann", expiresAt=ends.isoformat()) == 200
    ways = every_way(lab, ann, tmp_path)
    assert [way for way, is_open in ways.items() if not is_open()] == []
    at(monkeypatch, ends)
    assert [way for way, is_open in ways.items() if is_open()] == []
    assert lab.read(ann, Range="bytes=100-") == 404  # the next piece of a download that had begun
    assert lab.request("renew", user="ann", expiresAt=None) == 200
    assert [way for way, is_open in ways.items() if not is_open()] == []


def test_a_clock_that_jumps_takes_back_no_decision(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, bob, now = Lab(shared_server, "keeper"), shared_server.user("bob"), clock.now()
    ends = (now + timedelta(days=2)).isoformat()
    assert lab.request("grant", user="bob", expiresAt=ends) == 200
    for days, wanted in ((0, 200), (3, 404), (1, 200)):
        at(monkeypatch, now + timedelta(days=days))
        assert lab.read(bob) == wanted
    assert lab.request("handle", user="bob", status="reset") == 200
    for days in (-1000, 1, 3, 1000):
        at(monkeypatch, now + timedelta(days=days))
        assert lab.read(bob) == 404


def test_an_organisation_is_let_in_with_each_who_is_a_member(shared_server: LiveServer) -> None:
    server, lab = shared_server, Lab(shared_server, "host")
    cleo, dan, boss = (server.user(name) for name in ("cleo", "dan", "guild-boss"))
    server.org("guild", "guild-boss")

    def join(name: str, role: str | None) -> None:
        with server.hub.database.write() as conn:
            guild, user = find_account(conn, "guild"), find_account(conn, name)
            assert guild is not None
            assert user is not None
            if role is None:
                remove_member(conn, guild, user)
            else:
                set_role(conn, guild, user, role)

    join("cleo", "read")
    join("dan", "no_access")
    assert lab.request("grant", user="guild") == 200
    assert lab.request("grant", user="guild") == 400  # has access already
    assert [lab.read(token) for token in (boss, cleo, dan)] == [200, 200, 404]
    (told,) = call(server, "GET", f"{lab.api}/user-access-request/accepted", lab.token).json()
    assert (told["user"]["user"], told["user"]["type"]) == ("guild", "org")
    page = call(server, "GET", f"/{lab.repo}", cleo).text
    join("cleo", None)
    join("dan", "contributor")
    assert [lab.read(token) for token in (boss, cleo, dan)] == [200, 404, 200]
    assert "guild" in page
    with server.hub.database.read() as conn:
        account = find_account(conn, "dan")
        repo = lookup.find_repository(conn, RepositoryName(Kind.MODEL, "host", "shared"))
        assert repo is not None
        recipient = access.recipient_of(conn, Caller(account, None), repo)
        guild = find_account(conn, "guild")
        assert recipient is not None
        assert guild is not None
        assert recipient.holder_id == guild.id
    assert lab.request("handle", user="guild", status="reset") == 200
    assert [lab.read(token) for token in (boss, dan)] == [404, 404]


def test_whom_the_owners_rejected_stays_out_whoever_else_is_let_in(
    shared_server: LiveServer,
) -> None:
    server, lab, eve = shared_server, Lab(shared_server, "strict"), shared_server.user("eve")
    server.org("eves", "eve")
    assert lab.request("grant", user="eve") == 200
    assert lab.request("handle", user="eve", status="rejected") == 200
    assert lab.request("grant", user="eves") == 200
    assert lab.read(eve) == 404
    assert lab.request("handle", user="eve", status="reset") == 200
    assert lab.read(eve) == 200


def test_private_closes_it_to_all_and_a_gate_lets_the_invited_in(
    shared_server: LiveServer,
) -> None:
    lab, fay = Lab(shared_server, "changer"), shared_server.user("fay")
    gus = shared_server.user("gus")
    assert lab.request("grant", user="fay") == 200
    stock = shared_server.api(lab.token)
    stock.update_repo_settings(lab.repo, private=True)
    assert (lab.read(fay), lab.read(gus)) == (404, 404)
    stock.update_repo_settings(lab.repo, private=False, gated="manual")
    assert (lab.read(fay), lab.read(gus)) == (200, 403)


@pytest.mark.parametrize("visibility", ["secret", "INVITED", ""])
def test_there_is_no_other_visibility(shared_server: LiveServer, visibility: str) -> None:
    token = shared_server.user("hal")
    shared_server.api(token).create_repo("hal/x", exist_ok=True)
    body = {"visibility": visibility}
    assert (
        call(shared_server, "PUT", "/api/models/hal/x/settings", token, json=body).status_code
        == 400
    )
