"""A hub that shares weights only after their scan; bundles; and files that come late."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd

from paddock.hub.bundles.exporting import RejectedInHistory, export_repositories
from paddock.hub.names import RepositoryName
from paddock.hub.scans.requests import scan_arrived
from paddock.hub.types import Kind
from paddock.signing.keys import SigningKey, own_signing_key
from tests.databases import sqlite_url
from tests.hub.scans.conftest import EVIL
from tests.live import LiveServer, live_server

REPO = "boss/strict"
LARGE = b"weights" + bytes(2 << 20)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[LiveServer]:
    with live_server(tmp_path / "data", sqlite_url(tmp_path), unscanned="refuse") as server:
        server.admin_api.create_repo(REPO)
        commit(
            server, {"model.bin": LARGE, "tiny.pkl": b"p", "README.md": b"---\nlicense: mit\n---"}
        )
        yield server


def commit(server: LiveServer, files: dict[str, bytes], repo: str = REPO) -> None:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    server.admin_api.create_commit(repo, operations, commit_message="files")


def status(server: LiveServer, path: str, token: str | None = None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.url}/{REPO}/{path}", headers=headers).status_code


def test_weights_wait_for_their_scan_and_other_files_do_not(strict: LiveServer) -> None:
    for path in ("model.bin", "tiny.pkl"):
        answer = httpx.get(f"{strict.url}/{REPO}/resolve/main/{path}")
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "FileUnscanned")
        assert status(strict, f"resolve/main/{path}", strict.admin_token) == 200
    assert status(strict, "resolve/main/README.md") == 200
    eve = {"Authorization": f"Bearer {strict.user('eve')}"}
    body = {"repository": "eve/copied"}
    copied = httpx.post(f"{strict.url}/api/models/{REPO}/duplicate", json=body, headers=eve)
    assert copied.status_code == 403
    strict.run_scans()
    assert status(strict, "resolve/main/model.bin") == 200
    assert status(strict, "resolve/main/tiny.pkl") == 200
    copied = httpx.post(f"{strict.url}/api/models/{REPO}/duplicate", json=body, headers=eve)
    assert copied.status_code == 200


def test_a_clone_waits_too_and_git_says_why(strict: LiveServer, tmp_path: Path) -> None:
    def clone() -> subprocess.CompletedProcess[str]:
        address = f"{strict.url}/{REPO}"
        return subprocess.run(
            ["git", "clone", address, tmp_path / "clone"],
            env={"PATH": "/usr/bin:/bin", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    before = clone()
    assert before.returncode != 0
    assert "waits for its scan" in before.stderr
    strict.run_scans()
    assert clone().returncode == 0


def test_an_administrator_may_let_it_go_unscanned(strict: LiveServer) -> None:
    answer = httpx.post(
        f"{strict.url}/api/models/{REPO}/scan/overrides",
        headers={"Authorization": f"Bearer {strict.admin_token}"},
        json={"path": "model.bin", "reason": "made here, an hour ago"},
    )
    assert answer.status_code == 200
    assert status(strict, "resolve/main/model.bin") == 200


def test_a_bundle_holds_no_rejected_file(server: LiveServer, tmp_path: Path) -> None:
    key = own_key(tmp_path)
    name = RepositoryName(Kind.MODEL, "boss", "strict")
    server.admin_api.create_repo(REPO)
    commit(server, {"large.bin": EVIL + LARGE, "good.txt": b"good"})
    server.run_scans()
    done = export_repositories(server.hub, [name], tmp_path / "a.tar", key, lambda _: None)
    assert (len(done.withheld), len(done.bundle.large_files)) == (1, 0)
    assert EVIL not in (tmp_path / "a.tar").read_bytes()
    commit(server, {"small.txt": EVIL})
    server.run_scans()
    with pytest.raises(RejectedInHistory, match=r"small\.txt"):
        export_repositories(server.hub, [name], tmp_path / "b.tar", key, lambda _: None)
    assert not (tmp_path / "b.tar").exists()


def own_key(folder: Path) -> SigningKey:
    return own_signing_key(folder / "keys")


def test_bytes_that_come_after_their_commit_are_looked_at(server: LiveServer) -> None:
    """As in a mirror, whose large files come when somebody asks for them."""
    large = EVIL + LARGE
    server.admin_api.create_repo(REPO)
    commit(server, {"large.bin": large})
    with server.hub.database.write() as conn:
        from paddock.hub.tables import repository_large_files

        links = repository_large_files
        held = conn.execute(links.select()).mappings().one()
        conn.execute(links.delete())
    server.run_scans()
    (entry,) = server.admin_api.get_paths_info(REPO, ["large.bin"], expand=True)
    assert entry.security.status == "unscanned"
    with server.hub.database.write() as conn:
        conn.execute(links.insert().values(dict(held)))
        scan_arrived(conn, held["repo_id"], held["sha256"], len(large))
    server.run_scans()
    assert status(server, "resolve/main/large.bin") == 403
