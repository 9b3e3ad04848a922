"""git-lfs locks: by the real git-lfs, and the edges of the API by plain HTTP."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from paddock.hub.people.accounts import get_account
from paddock.hub.tables import memberships
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer

Git = Callable[..., subprocess.CompletedProcess[str]]

_numbers = itertools.count()


class Shared(NamedTuple):
    """A repository, for anna, and the token of ben."""

    hosted: Hosted
    ben: str


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as hosted:
        yield hosted


@pytest.fixture
def shared(shared_server: LiveServer) -> Iterator[Shared]:
    """A repository of an organisation in which anna and ben may write."""
    anna = shared_server.user("anna")
    number = next(_numbers)
    org = f"lab{number}"
    shared_server.org(org, "anna")
    ben_token = shared_server.user("ben")
    with shared_server.hub.database.write() as conn:
        conn.execute(
            memberships.insert().values(
                org_id=get_account(conn, org).id,
                user_id=get_account(conn, "ben").id,
                role="write",
            )
        )
    shared_server.api(anna).create_repo(f"{org}/repo")
    hosted = Hosted(shared_server, anna, f"{org}/repo")
    with hosted.http:
        yield Shared(hosted, ben_token)


def work_copy(hosted: Hosted, folder: Path, user: str, token: str) -> Git:
    """A clone whose git-lfs talks to the server; the bare remote beside it takes the pushes."""
    folder.mkdir(parents=True)
    address = hosted.server.url.replace("http://", f"http://{user}:{token}@")
    lfs_url = f"{address}/{hosted.repo_id}.git/info/lfs"
    environ = {
        **os.environ,
        "HOME": str(folder.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }

    def git(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *command], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    git("init", "-q", "-b", "main", ".")
    git("config", "user.name", user)
    git("config", "user.email", f"{user}@example.org")
    git("config", "lfs.url", lfs_url)
    git("config", f"lfs.{lfs_url}.locksverify", "true")
    git("lfs", "install", "--local")
    git("remote", "add", "origin", str(folder.parent / "bare"))
    return git


def test_git_lfs_locks_lists_and_unlocks_and_a_push_over_a_lock_is_stopped(
    shared: Shared, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "bare")], check=True)
    anna = work_copy(shared.hosted, tmp_path / "anna", "anna", shared.hosted.token)
    (tmp_path / "anna" / "model.bin").write_bytes(os.urandom(3000))
    anna("lfs", "track", "*.bin")
    anna("add", ".")
    anna("commit", "-q", "-m", "weights")
    anna("push", "-q", "origin", "main")
    assert "Locked model.bin" in anna("lfs", "lock", "model.bin").stdout
    again = anna("lfs", "lock", "model.bin", check=False)
    assert again.returncode != 0 and "locked" in (again.stdout + again.stderr).lower()

    ben = work_copy(shared.hosted, tmp_path / "ben", "ben", shared.ben)
    ben("pull", "-q", "origin", "main")
    listed = ben("lfs", "locks").stdout
    assert "model.bin" in listed and "anna" in listed
    verified = ben("lfs", "locks", "--verify").stdout
    assert not verified.startswith("O ")
    assert anna("lfs", "locks", "--verify").stdout.startswith("O ")
    (tmp_path / "ben" / "model.bin").chmod(0o644)
    (tmp_path / "ben" / "model.bin").write_bytes(os.urandom(3000))
    ben("commit", "-q", "-a", "-m", "other weights")
    pushed = ben("push", "-q", "origin", "main", check=False)
    assert pushed.returncode != 0 and "locked" in pushed.stderr.lower()
    refused = ben("lfs", "unlock", "model.bin", check=False)
    assert refused.returncode != 0
    ben("lfs", "unlock", "--force", "model.bin")
    assert ben("lfs", "locks").stdout == ""
    ben("push", "-q", "origin", "main")


def test_locks_come_in_pages_and_can_be_asked_for_by_path_and_id(hosted: Hosted) -> None:
    locks = f"/{hosted.repo_id}.git/info/lfs/locks"
    made = [hosted.http.post(locks, json={"path": f"{n}.bin"}).json()["lock"] for n in range(5)]
    first = hosted.http.get(locks, params={"limit": 2}).json()
    second = hosted.http.get(locks, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = hosted.http.get(locks, params={"limit": 2, "cursor": second["next_cursor"]}).json()
    assert first["locks"] + second["locks"] + third["locks"] == made
    assert "next_cursor" not in third
    assert hosted.http.get(locks, params={"path": "3.bin"}).json()["locks"] == [made[3]]
    assert hosted.http.get(locks, params={"id": made[4]["id"]}).json()["locks"] == [made[4]]
    assert hosted.http.get(locks, params={"id": "nonsense"}).json()["locks"] == []
    verified = hosted.http.post(locks + "/verify", json={"limit": 3}).json()
    assert (verified["ours"], verified["theirs"]) == (made[:3], [])
    rest = hosted.http.post(locks + "/verify", json={"cursor": verified["next_cursor"]}).json()
    assert rest["ours"] == made[3:]
    gone = hosted.http.post(f"{locks}/{made[0]['id']}/unlock", json={})
    assert (gone.status_code, gone.json()["lock"]) == (200, made[0])
    assert hosted.http.post(f"{locks}/{made[0]['id']}/unlock", json={}).status_code == 404


def test_locks_of_a_private_repository_do_not_exist_for_others(shared_server: LiveServer) -> None:
    with host(shared_server, private=True) as hosted:
        locks = f"/{hosted.repo_id}/info/lfs/locks"
        lock = hosted.http.post(locks, json={"path": "a.bin"}).json()["lock"]
        headers = {"Authorization": f"Bearer {shared_server.user('mallory')}"}
        with httpx.Client(base_url=shared_server.url, headers=headers) as other:
            assert other.get(locks).status_code == 404
            assert other.post(locks, json={"path": "b.bin"}).status_code == 404
            assert (
                other.post(f"{locks}/{lock['id']}/unlock", json={"force": True}).status_code == 404
            )
        with hosted.stranger() as stranger:
            answer = stranger.get(locks)
            assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]


def test_readers_see_locks_and_make_none(hosted: Hosted) -> None:
    locks = f"/{hosted.repo_id}/info/lfs/locks"
    hosted.http.post(locks, json={"path": "a.bin"})
    headers = {"Authorization": f"Bearer {hosted.server.user('reader')}"}
    with httpx.Client(base_url=hosted.server.url, headers=headers) as reader:
        assert len(reader.get(locks).json()["locks"]) == 1
        assert reader.post(locks, json={"path": "b.bin"}).status_code == 403
        assert reader.post(locks + "/verify", json={}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"path": 5}', b'{"path": ""}', b'{"path": "../x"}', b'{"path":"\\ud800"}'],
)
def test_what_cannot_be_locked_is_refused(hosted: Hosted, body: bytes) -> None:
    answer = hosted.http.post(f"/{hosted.repo_id}/info/lfs/locks", content=body)
    assert 400 <= answer.status_code < 500 and "message" in answer.json()


@pytest.mark.parametrize("limit", ["x", "-1", "1.5", "99999999999999"])
def test_a_limit_that_is_no_number_is_refused(hosted: Hosted, limit: str) -> None:
    answer = hosted.http.get(f"/{hosted.repo_id}/info/lfs/locks", params={"limit": limit})
    assert answer.status_code == 400


def test_of_many_who_lock_a_path_at_once_one_gets_it(server_on_each: LiveServer) -> None:
    with host(server_on_each) as hosted:
        locks = f"/{hosted.repo_id}/info/lfs/locks"

        def lock(_: int) -> int:
            return hosted.http.post(locks, json={"path": "a.bin"}).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(lock, range(8)))
        assert statuses == [201] + [409] * 7
