"""Every file that a ref leads to is looked at, once, whatever happens to the scanner."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from paddock.hub.context import ScanRules
from paddock.hub.jobs.queue import enqueue
from paddock.hub.scans import comparing, copies, scanner, scanning
from paddock.hub.scans.requests import SCAN_MISSING
from paddock.hub.scans.tables import file_scans, repository_scans
from tests.hub.scans.conftest import CONTRADICTS, CRASH, EVIL, Watched
from tests.live import LiveServer

REPO = "boss/scanned"


@pytest.fixture
def api(server: LiveServer) -> HfApi:
    server.admin_api.create_repo(REPO)
    return server.admin_api


@pytest.fixture
def api_on_each(server_on_each: LiveServer) -> HfApi:
    server_on_each.admin_api.create_repo(REPO)
    return server_on_each.admin_api


def commit(api: HfApi, files: dict[str, bytes], revision: str = "main") -> str:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    return api.create_commit(REPO, operations, commit_message="c", revision=revision).oid


def statuses(api: HfApi, revision: str = "main") -> dict[str, str]:
    listed = api.list_repo_tree(REPO, recursive=True, expand=True, revision=revision)
    return {e.path: e.security.status for e in listed if hasattr(e, "security")}


def test_files_wait_for_their_scan_and_then_have_a_verdict(
    api_on_each: HfApi, server_on_each: LiveServer
) -> None:
    commit(api_on_each, {"a.txt": b"fine", "deep/b.bin": bytes(2 << 20), "c.md": EVIL, "e": b""})
    waiting = {path: "queued" for path in (".gitattributes", "a.txt", "c.md", "deep/b.bin", "e")}
    assert statuses(api_on_each) == waiting
    assert api_on_each.model_info(REPO, securityStatus=True).security_repo_status == {
        "scansDone": False,
        "filesWithIssues": [],
    }
    server_on_each.run_scans()
    assert statuses(api_on_each) == {**dict.fromkeys(waiting, "safe"), "c.md": "unsafe"}
    assert api_on_each.model_info(REPO, securityStatus=True).security_repo_status == {
        "scansDone": True,
        "filesWithIssues": [{"path": "c.md", "level": "unsafe"}],
    }
    (entry,) = api_on_each.get_paths_info(REPO, ["c.md"], expand=True)
    assert entry.security is not None
    assert not entry.security.safe
    assert "it says EVIL" in entry.security.pickle_import_scan["message"]


def test_every_ref_and_its_history_is_looked_at_and_nothing_twice(
    api_on_each: HfApi, server_on_each: LiveServer, scanned: Watched
) -> None:
    first = commit(api_on_each, {"old.txt": b"of the past", "kept.txt": b"kept"})
    api_on_each.create_commit(REPO, [CommitOperationDelete("old.txt")], commit_message="away")
    api_on_each.create_branch(REPO, branch="side")
    commit(api_on_each, {"side.txt": b"on a branch"}, revision="side")
    pull = api_on_each.create_commit(
        REPO, [CommitOperationAdd("pull.txt", b"in a pull request")], commit_message="p",
        create_pr=True,
    )  # fmt: skip
    server_on_each.run_scans()
    names = [".gitattributes", "kept.txt", "old.txt", "pull.txt", "side.txt"]
    assert sorted(scanned.names) == names
    assert statuses(api_on_each, first)["old.txt"] == "safe"
    assert statuses(api_on_each, f"refs/pr/{pull.pr_num}")["pull.txt"] == "safe"
    commit(api_on_each, {"new.txt": b"new", "copy/kept.txt": b"kept", "kept too.txt": b"kept"})
    server_on_each.run_scans()
    assert sorted(scanned.names) == sorted([*names, "new.txt", "kept too.txt"])


def test_a_newer_scanner_looks_at_everything_again(
    api: HfApi, server: LiveServer, scanned: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(api, {"a.txt": b"a"})
    server.run_scans()
    monkeypatch.setattr(scanner, "version", lambda: "newer")
    with server.hub.database.write() as conn:
        enqueue(conn, SCAN_MISSING, {})
    server.run_scans()
    assert sorted(scanned.names) == [".gitattributes", ".gitattributes", "a.txt", "a.txt"]
    with server.hub.database.read() as conn:
        assert set(conn.execute(sa.select(file_scans.c.scanner)).scalars()) == {"newer"}
        assert conn.execute(sa.select(repository_scans.c.is_current)).scalar_one()


def test_repositories_of_an_older_paddock_are_found(
    api_on_each: HfApi, server_on_each: LiveServer, scanned: Watched
) -> None:
    commit(api_on_each, {"a.txt": EVIL})
    with server_on_each.hub.database.write() as conn:
        conn.execute(sa.text("DELETE FROM jobs WHERE kind LIKE 'scans.%'"))
        enqueue(conn, SCAN_MISSING, {})
    server_on_each.run_scans()
    assert statuses(api_on_each)["a.txt"] == "unsafe"


def test_a_file_that_kills_the_scanner_is_refused_and_the_others_are_not(
    api: HfApi, server: LiveServer
) -> None:
    commit(api, {"a.txt": b"fine", "boom.bin": CRASH, "z.txt": b"fine too"})
    server.run_scans()
    assert statuses(api) == {
        ".gitattributes": "safe", "a.txt": "safe", "boom.bin": "unsafe", "z.txt": "safe"
    }  # fmt: skip
    jobs = server.hub.database
    with jobs.read() as conn:
        waiting = conn.execute(
            sa.text("SELECT count(*) FROM jobs WHERE kind = 'scans.file' AND state = 'waiting'")
        )
        assert waiting.scalar_one() == 1  # it is tried again, in a while
        failed = sa.text("SELECT count(*) FROM jobs WHERE kind LIKE 'scans.%' AND state = 'failed'")
        assert conn.execute(failed).scalar_one() == 0


def test_asking_again_looks_at_what_did_not_finish(
    api: HfApi, server: LiveServer, monkeypatch: pytest.MonkeyPatch, scanned: Watched
) -> None:
    commit(api, {"boom.bin": CRASH, "fine.txt": b"fine"})
    server.run_scans()
    assert statuses(api)["boom.bin"] == "unsafe"
    monkeypatch.setattr("tests.hub.scans.conftest.CRASH", b"nothing crashes any more")
    scanned.names.clear()
    server.run_scans()
    assert scanned.names == []
    ask_again(server)
    server.run_scans()
    assert scanned.names == ["boom.bin"]
    assert statuses(api)["boom.bin"] == "safe"
    assert httpx.get(f"{server.url}/{REPO}/resolve/main/boom.bin").content == CRASH


def test_what_a_secret_is_hears_nobody_but_its_owners(api: HfApi, server: LiveServer) -> None:
    commit(api, {"notes.txt": b"SECRET"})
    server.run_scans()
    address = f"{server.url}/api/models/{REPO}/scan"
    mine = api_report(server)["files"][0]["reasons"][0]
    assert (mine["code"], mine["message"]) == ("secret", "it holds hf_abc")
    for told in (httpx.get(address).text, httpx.get(f"{server.url}/{REPO}").text):
        assert "secret" in told
        assert "hf_abc" not in told
    expanded = f"{server.url}/api/models/{REPO}/tree/main?expand=true"
    assert "hf_abc" not in httpx.get(expanded).text


def test_what_cannot_be_copied_is_unscanned_and_never_safe(
    api: HfApi, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ScanRules(copy_bytes=1 << 20)
    object.__setattr__(server.hub, "scans", small)
    commit(api, {"large.bin": bytes(2 << 20), "small.txt": b"s"})  # by Xet: no one piece on disk
    server.run_scans()
    assert statuses(api)["large.bin"] == "unscanned"
    assert statuses(api)["small.txt"] == "safe"
    report = api_report(server)
    assert report["verdict"] is None
    [told] = [file for file in report["files"] if file["path"] == "large.bin"]
    assert "would have to be copied" in told["note"]
    object.__setattr__(server.hub, "scans", ScanRules())
    ask_again(server)
    server.run_scans()
    assert statuses(api)["large.bin"] == "safe"


def test_a_long_file_has_a_job_of_its_own_and_others_do_not_wait(
    api: HfApi, server: LiveServer, monkeypatch: pytest.MonkeyPatch, scanned: Watched
) -> None:
    monkeypatch.setattr(scanning, "LONG_BYTES", 1 << 20)
    commit(api, {"long.bin": EVIL + bytes(2 << 20), "short.txt": b"s"})
    scanning.scan_repository(server.hub, {"repo_id": 1})
    assert statuses(api)["short.txt"] == "safe"
    assert statuses(api)["long.bin"] == "queued"
    server.run_scans()
    assert statuses(api)["long.bin"] == "unsafe"


def test_a_repository_gives_its_turn_to_the_next_and_comes_back(
    api: HfApi, server: LiveServer, monkeypatch: pytest.MonkeyPatch, scanned: Watched
) -> None:
    monkeypatch.setattr(scanning, "SLICE_SECONDS", -1.0)
    commit(api, {"a.txt": b"a", "b.txt": b"b"})
    scanning.scan_repository(server.hub, {"repo_id": 1})
    assert scanned.names == []
    monkeypatch.setattr(scanning, "SLICE_SECONDS", 60.0)
    server.run_scans()
    assert set(statuses(api).values()) == {"safe"}


def test_a_push_during_a_scan_is_not_lost(api: HfApi, server: LiveServer, scanned: Watched) -> None:
    scanned.gate.clear()
    commit(api, {"a.txt": b"a"})
    scan = threading.Thread(target=server.run_scans)
    scan.start()
    commit(api, {"b.txt": EVIL})
    scanned.gate.set()
    scan.join()
    server.run_scans()
    assert statuses(api)["b.txt"] == "unsafe"


def test_a_repository_that_goes_away_takes_its_scan_with_it(
    api: HfApi, server: LiveServer, scanned: Watched
) -> None:
    scanned.gate.clear()
    commit(api, {"a.txt": EVIL})
    scan = threading.Thread(target=server.run_scans)
    scan.start()
    api.delete_repo(REPO)
    scanned.gate.set()
    scan.join()
    server.run_scans()


def test_contradictions_are_of_the_revision_that_has_them(
    api_on_each: HfApi, server_on_each: LiveServer
) -> None:
    commit(api_on_each, {"model.index.json": CONTRADICTS, "other.json": b"{}"})
    server_on_each.run_scans()
    assert statuses(api_on_each)["model.index.json"] == "unsafe"
    refused = httpx.get(f"{server_on_each.url}/{REPO}/resolve/main/model.index.json")
    assert refused.status_code == 403
    assert "malformed: a file breaks its own format" in refused.text
    commit(api_on_each, {"model.index.json": b"{}"})
    server_on_each.run_scans()
    assert statuses(api_on_each)["model.index.json"] == "safe"
    assert api_report(server_on_each)["across"] == []


def test_what_was_not_compared_is_said(
    api: HfApi, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MAX_FILES", 2)
    commit(api, {"config.json": b"{}", "deep/a.json": b"{}", "deep/b.json": b"{}"})
    server.run_scans()
    [across] = api_report(server)["across"]
    assert (across["code"], across["place"]) == ("compared_partly", "deep/b.json")
    assert statuses(api)["deep/b.json"] == "suspicious"  # nobody held it against the others


def test_without_room_for_a_copy_the_job_is_tried_again(
    api: HfApi, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_SMALL_BYTES", 0)
    monkeypatch.setattr(copies, "_LEFT_FREE_BYTES", 1 << 60)
    commit(api, {"large.bin": bytes(2 << 20)})
    server.run_scans()
    assert statuses(api)["large.bin"] == "queued"


def api_report(server: LiveServer) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {server.admin_token}"}
    return httpx.get(f"{server.url}/api/models/{REPO}/scan", headers=headers).json()


def ask_again(server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {server.admin_token}"}
    answer = httpx.post(f"{server.url}/api/models/{REPO}/scan", headers=headers)
    assert answer.status_code == 202
