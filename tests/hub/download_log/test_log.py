"""Who downloaded which file of which revision, where not everybody may."""

from __future__ import annotations

import csv
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from paddock import clock
from paddock.hub import noting
from paddock.hub.download_log import lists
from paddock.hub.download_log.forgetting import FORGET_DOWNLOADS
from paddock.hub.download_log.lists import Download
from paddock.hub.download_log.noting import DownloadLog
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.jobs.queue import enqueue
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.paging import Part
from paddock.hub.people.accounts import get_account
from paddock.hub.people.leaving import delete_account
from paddock.hub.types import Kind
from tests.hub.http_calls import call
from tests.live import LiveServer

REPO = "owner/closed"
MODEL = os.urandom(50_000)


@pytest.fixture(autouse=True)
def no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noting, "FLUSH_SECONDS", 3600.0)


@pytest.fixture
def owner(server_on_each: LiveServer) -> HfApi:
    return owner_of(server_on_each)


def owner_of(server: LiveServer) -> HfApi:
    """The owner of a gated repository."""
    api = server.api(server.user("owner"))
    api.create_repo(REPO)
    for path, content in (("a.txt", b"text"), ("deep/w.bin", MODEL)):
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=REPO)
    api.update_repo_settings(REPO, gated="auto")
    return api


def log(server: LiveServer, user: str | None = None) -> list[Download]:
    server.hub.download_log.flush(server.hub.database)
    with server.hub.database.read() as conn:
        repo = find_repository(conn, RepositoryName(Kind.MODEL, *REPO.split("/")))
        assert repo is not None
        return lists.list_downloads(conn, repo, Part(100), user).items


def let_in(server: LiveServer, name: str) -> str:
    token = server.user(name)
    assert call(server, "POST", f"/{REPO}/ask-access", token, json={}).status_code == 200
    return token


def test_every_way_to_a_file_is_one_row_with_its_path_and_revision(
    server_on_each: LiveServer, owner: HfApi, tmp_path: Path
) -> None:
    server, token = server_on_each, let_in(server_on_each, "ann")
    first = owner.repo_info(REPO).sha
    address = f"/{REPO}/resolve/main/a.txt"
    for headers in ({}, {"Range": "bytes=1-2"}, {"Range": "bytes=0-0"}):
        call(server, "GET", address, token, headers=headers)
    call(server, "HEAD", f"/{REPO}/resolve/main/deep/w.bin", token)
    assert [(one.user, one.path, one.commit_oid, one.way) for one in log(server)] == [
        ("ann", "a.txt", first, "file")
    ]
    server.api(token).hf_hub_download(REPO, "deep/w.bin", local_dir=tmp_path / "xet")
    assert (tmp_path / "xet/deep/w.bin").read_bytes() == MODEL
    url = server.url.replace("//", f"//x:{token}@") + f"/{REPO}"
    subprocess.run(["git", "clone", "-q", url, str(tmp_path / "git")], check=True)
    assert (tmp_path / "git/deep/w.bin").read_bytes() == MODEL
    told = {(one.path, one.commit_oid, one.way) for one in log(server)}
    assert told >= {("deep/w.bin", first, "xet"), (None, None, "git"), ("deep/w.bin", None, "lfs")}


def test_what_pages_and_diffs_show_is_one_row_for_each_file(
    server_on_each: LiveServer, owner: HfApi
) -> None:
    server = server_on_each
    put = {"a.txt": b"other\n", "rows.csv": b"n\n1\n", "logo.bin": bytes(99)}
    operations = [CommitOperationAdd(path, content) for path, content in put.items()]
    first = owner.repo_info(REPO).sha
    made = owner.create_commit(REPO, operations, commit_message="all of them", create_pr=True)
    second = made.oid
    token = let_in(server, "ann")
    headers = {"Accept": "text/html"}
    for page, told in {
        f"commit/{second}": {("a.txt", second, "diff"), ("rows.csv", second, "diff")},
        f"compare/{first}..{second}": set(),  # the same within the same hour
        f"compare/{second}..{first}": {("a.txt", first, "diff"), ("rows.csv", second, "diff")},
        f"viewer?file=rows.csv&revision={second}": {("rows.csv", second, "file")},
        f"blame/{second}/a.txt": {("a.txt", second, "file")},
    }.items():
        before = {(one.path, one.commit_oid, one.way) for one in log(server)}
        assert call(server, "GET", f"/{REPO}/{page}", token, headers=headers).status_code == 200
        after = {(one.path, one.commit_oid, one.way) for one in log(server, "ann")}
        assert after - before == told - before, page
        assert told <= after
    for name, page in (("ben", "/discussions/1/files"), ("cleo", "/api/models{}/discussions/1")):
        address = page.format(f"/{REPO}") if "{}" in page else f"/{REPO}{page}"
        asked = {"diff": "true"} if "api" in page else {}
        call(server, "GET", address, server.user(name), params=asked)
        assert log(server, name) == []  # who was not let in saw no lines
        call(server, "GET", address, let_in(server, name), params=asked)
        told = {(one.path, one.commit_oid, one.way) for one in log(server, name)}
        assert told == {("a.txt", second, "diff"), ("rows.csv", second, "diff")}


def test_what_everybody_may_have_is_nobodys_business_nor_is_anything_for_no_days(
    server: LiveServer,
) -> None:
    owner, token = owner_of(server), let_in(server, "ann")
    owner.update_repo_settings(REPO, gated=False)
    call(server, "GET", f"/{REPO}/resolve/main/a.txt", token)
    assert log(server) == []
    owner.update_repo_settings(REPO, gated="auto")
    object.__setattr__(server.hub, "download_log", DownloadLog(0))
    call(server, "GET", f"/{REPO}/resolve/main/a.txt", token)
    assert log(server) == []


def test_who_is_deleted_leaves_rows_without_a_name(
    server_on_each: LiveServer, owner: HfApi
) -> None:
    server = server_on_each
    for name in ("ann", "ben"):
        call(server, "GET", f"/{REPO}/resolve/main/a.txt", let_in(server, name))
    assert {one.user for one in log(server)} == {"ann", "ben"}
    call(server, "GET", f"/{REPO}/resolve/main/deep/w.bin", server.user("ann"))
    with server.hub.database.write() as conn:  # one download is not even written yet
        delete_account(conn, get_account(conn, "ann"))
    assert sorted((one.user or "", one.path) for one in log(server)) == [
        ("", "a.txt"), ("", "deep/w.bin"), ("ben", "a.txt"),
    ]  # fmt: skip
    assert [one.path for one in log(server, "BEN")] == ["a.txt"]
    assert log(server, "no\0body") == []
    owner.delete_repo(REPO)
    with server.hub.database.read() as conn:
        assert conn.execute(file_downloads.select()).first() is None


def test_rows_go_when_their_time_is_over(server_on_each: LiveServer, owner: HfApi) -> None:
    server = server_on_each
    call(server, "GET", f"/{REPO}/resolve/main/a.txt", owner.token)
    (row,) = log(server)
    for days, left in ((364, 1), (366, 0)):
        with server.hub.database.write() as conn:
            moment = clock.now() - timedelta(days=days)
            conn.execute(file_downloads.update().values(happened_at=moment))
            enqueue(conn, FORGET_DOWNLOADS, {}, unique=FORGET_DOWNLOADS)
        server.run_jobs()
        assert len(log(server)) == left
    assert row.path == "a.txt"


def test_a_table_of_them_holds_no_formula() -> None:
    evil = Download(clock.now(), "ann", "=cmd|' /C calc'!A0", None, "file")
    rows = list(csv.reader(b"".join(lists.as_csv([evil])).decode().splitlines()))
    assert rows[0] == list(lists.COLUMNS)
    assert rows[1][2].startswith("'=")
