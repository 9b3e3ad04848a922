"""git brings no rejected file to a stranger, and says which one and what to do instead."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from paddock.hub.git_http import stored_packs
from tests.hub.scans.conftest import EVIL
from tests.live import LiveServer

REPO = "boss/cloned"
LARGE = EVIL + bytes(2 << 20)
_ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
}


def git(*arguments: str | Path, token: str | None = None) -> subprocess.CompletedProcess[str]:
    config = [] if token is None else ["-c", f"http.extraHeader=Authorization: Bearer {token}"]
    return subprocess.run(
        ["git", *config, *map(str, arguments)],
        env=_ENVIRONMENT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def hub(server: LiveServer) -> LiveServer:
    return filled(server)


@pytest.fixture
def hub_on_each(server_on_each: LiveServer) -> LiveServer:
    return filled(server_on_each)


def filled(server: LiveServer) -> LiveServer:
    api = server.admin_api
    api.create_repo(REPO)
    files = {"good.txt": b"good", "bad.txt": EVIL, "large.bin": LARGE}
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(REPO, operations, commit_message="files")
    server.run_scans()
    return server


def test_a_clone_that_would_hold_it_is_refused_with_what_to_do(
    hub: LiveServer, tmp_path: Path
) -> None:
    for protocol in ("0", "2"):
        done = git(
            "-c", f"protocol.version={protocol}", "clone", f"{hub.url}/{REPO}", tmp_path / protocol
        )
        assert done.returncode != 0
        assert "bad.txt" in done.stderr
        assert "was rejected by this hub's scan" in done.stderr
        assert "--filter=blob:none" in done.stderr
    own = git("clone", f"{hub.url}/{REPO}", tmp_path / "own", token=hub.admin_token)
    assert own.returncode == 0, own.stderr
    assert (tmp_path / "own/bad.txt").read_bytes() == EVIL


def test_the_other_files_come_by_a_partial_clone_and_it_does_not(
    hub: LiveServer, tmp_path: Path
) -> None:
    here = tmp_path / "clone"
    done = git("clone", "--filter=blob:none", "--no-checkout", f"{hub.url}/{REPO}", here)
    assert done.returncode == 0, done.stderr
    assert git("-C", here, "checkout", "HEAD", "--", "good.txt", "large.bin").returncode == 0
    assert (here / "good.txt").read_bytes() == b"good"
    assert b"git-lfs" in (here / "large.bin").read_bytes()
    refused = git("-C", here, "checkout", "HEAD", "--", "bad.txt")
    assert refused.returncode != 0
    assert "rejected" in refused.stderr
    assert EVIL not in (here / "bad.txt").read_bytes()  # git makes an empty file first


def test_git_lfs_is_refused_its_bytes(hub: LiveServer, tmp_path: Path) -> None:
    here = tmp_path / "clone"
    git("clone", "--filter=blob:none", "--no-checkout", f"{hub.url}/{REPO}", here)
    git("-C", here, "checkout", "HEAD", "--", "large.bin")
    done = git("-C", here, "lfs", "pull", "--include", "large.bin")
    assert "rejected by this hub's scan" in done.stderr + done.stdout
    assert b"git-lfs" in (here / "large.bin").read_bytes()


def test_a_deleted_file_is_still_in_the_history(hub: LiveServer, tmp_path: Path) -> None:
    hub.admin_api.create_commit(REPO, [CommitOperationDelete("bad.txt")], commit_message="away")
    assert git("clone", f"{hub.url}/{REPO}", tmp_path / "whole").returncode != 0
    shallow = git("clone", "--depth=1", f"{hub.url}/{REPO}", tmp_path / "shallow")
    assert shallow.returncode == 0, shallow.stderr


def test_a_pull_request_of_a_stranger_stops_no_clone_of_main(
    hub: LiveServer, tmp_path: Path
) -> None:
    api = hub.admin_api
    api.create_repo("boss/clean")
    api.upload_file(path_or_fileobj=b"good", path_in_repo="good.txt", repo_id="boss/clean")
    eve = hub.api(hub.user("eve"))
    bad = [CommitOperationAdd("bad.txt", EVIL)]
    eve.create_commit("boss/clean", bad, commit_message="pr", create_pr=True)
    hub.run_scans()
    done = git("clone", f"{hub.url}/boss/clean", tmp_path / "clone")
    assert done.returncode == 0, done.stderr
    assert git("-C", tmp_path / "clone", "fetch", "origin", "refs/pr/1").returncode != 0


def test_bytes_that_were_rejected_elsewhere_are_refused_before_their_scan(
    hub_on_each: LiveServer, tmp_path: Path
) -> None:
    hub = hub_on_each
    api = hub.admin_api
    api.create_repo("boss/again")
    api.upload_file(path_or_fileobj=EVIL, path_in_repo="other.md", repo_id="boss/again")
    assert git("clone", f"{hub.url}/boss/again", tmp_path / "clone").returncode != 0


def test_a_kept_pack_serves_no_rejected_file(
    hub: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_packs, "MIN_STORED_OBJECTS", 1)
    api = hub.admin_api
    api.create_repo("boss/packed")
    files = [CommitOperationAdd(f"{number}.txt", b"%d" % number) for number in range(30)]
    bad = CommitOperationAdd("bad.txt", b"later: " + EVIL)
    api.create_commit("boss/packed", [*files, bad], commit_message="files")
    hub.run_jobs()
    assert git("clone", f"{hub.url}/boss/packed", tmp_path / "before").returncode == 0
    hub.run_scans()
    after = git("clone", f"{hub.url}/boss/packed", tmp_path / "after")
    assert after.returncode != 0
    assert "bad.txt" in after.stderr


def test_a_link_out_of_the_repository_is_cloned_by_nobody_else(
    hub: LiveServer, tmp_path: Path
) -> None:
    hub.admin_api.create_repo("boss/links")
    here = tmp_path / "mine"
    git("clone", f"{hub.url}/boss/links", here, token=hub.admin_token)
    (here / "inside").symlink_to("README.md")
    (here / "inside too").symlink_to("..data/current")  # dots of a name lead nowhere
    (here / "outside").symlink_to("../../etc/passwd")
    git("-C", here, "add", ".")
    (tmp_path / "target").write_text("x" * 5000)  # no system makes a link of this
    oid = git("-C", here, "hash-object", "-w", tmp_path / "target").stdout.strip()
    git("-C", here, "update-index", "--add", "--cacheinfo", f"120000,{oid},too long")
    who = ("-c", "user.name=boss", "-c", "user.email=boss@example.org")
    git("-C", here, *who, "commit", "-m", "links")
    assert git("-C", here, "push", token=hub.admin_token).returncode == 0
    assert git("clone", "-n", f"{hub.url}/boss/links", tmp_path / "before").returncode == 0
    hub.run_scans()
    done = git("clone", f"{hub.url}/boss/links", tmp_path / "after")
    assert done.returncode != 0
    assert "'outside'" in done.stderr or "'too long'" in done.stderr
    names = ["inside", "inside too", "outside", "too long"]
    listed = hub.api().get_paths_info("boss/links", names, expand=True)
    told = [entry.security.status for entry in listed]
    assert told == ["safe", "safe", "unsafe", "unsafe"]
