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
from paddock.hub.scans import copies, scanner, scanning
from paddock.hub.scans.requests import SCAN_MISSING
from paddock.hub.scans.tables import file_scans, repository_scans
from tests.hub.scans.conftest import CONTRADICTS, CRASH, EVIL, Watched
from tests.live import LiveServer

REPO = "boss/scanned"


@pytest.fixture
def api(server_on_each: LiveServer) -> HfApi:
    server_on_each.admin_api.create_repo(REPO)
    return server_on_each.admin_api


def commit(api: HfApi, files: dict[str, bytes], revision: str = "main") -> str:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    return api.create_commit(REPO, operations, commit_message="c", revision=revision).oid


def statuses(api: HfApi, revision: str = "main") -> dict[str, str]:
    listed = api.list_repo_tree(REPO, recursive=True, expand=True, revision=revision)
    return {e.path: e.security.status for e in listed if hasattr(e, "security")}  # type: ignore[union-attr]


def test_files_wait_for_their_scan_and_then_have_a_verdict(
    api: HfApi, server_on_each: LiveServer
) -> None:
    commit(api, {"a.txt": b"fine", "deep/b.bin": bytes(2 << 20), "c.md": EVIL, "e": b""})
    waiting = {path: "queued" for path in (".gitattributes", "a.txt", "c.md", "deep/b.bin", "e")}
    assert statuses(api) == waiting
    assert api.model_info(REPO, securityStatus=True).security_repo_status == {
        "scansDone": False,
        "filesWithIssues": [],
    }
    server_on_each.run_scans()
    assert statuses(api) == {**dict.fromkeys(waiting, "safe"), "c.md": "unsafe"}
    assert api.model_info(REPO, securityStatus=True).security_repo_status == {
        "scansDone": True,
        "filesWithIssues": [{"path": "c.md", "level": "unsafe"}],
    }
    (entry,) = api.get_paths_info(REPO, ["c.md"], expand=True)
    assert entry.security is not None  # type: ignore[union-attr]
    assert not entry.security.safe  # type: ignore[union-attr]
    assert "it says EVIL" in entry.security.pickle_import_scan["message"]  # type: ignore


def test_every_ref_and_its_history_is_looked_at_and_nothing_twice(
    api: HfApi, server_on_each: LiveServer, scanned: Watched
) -> None:
    first = commit(api, {"old.txt": b"of the past", "kept.txt": b"kept"})
    api.create_commit(REPO, [CommitOperationDelete("old.txt")], commit_message="away")
    api.create_branch(REPO, branch="side")
    commit(api, {"side.txt": b"on a branch"}, revision="side")
    pull = api.create_commit(
        REPO, [CommitOperationAdd("pull.txt", b"in a pull request")], commit_message="p",
        create_pr=True,
    )  # fmt: skip
    server_on_each.run_scans()
    names = [".gitattributes", "kept.txt", "old.txt", "pull.txt", "side.txt"]
    assert sorted(scanned.names) == names
    assert statuses(api, first)["old.txt"] == "safe"
    assert statuses(api, f"refs/pr/{pull.pr_num}")["pull.txt"] == "safe"
    commit(api, {"new.txt": b"new", "copy/kept.txt": b"kept", "kept too.txt": b"kept"})
    server_on_each.run_scans()
    assert sorted(scanned.names) == sorted([*names, "new.txt", "kept too.txt"])


def test_a_newer_scanner_looks_at_everything_again(
    api: HfApi, server_on_each: LiveServer, scanned: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(api, {"a.txt": b"a"})
    server_on_each.run_scans()
    monkeypatch.setattr(scanner, "version", lambda: "newer")
    with server_on_each.hub.database.write() as conn:
        enqueue(conn, SCAN_MISSING, {})
    server_on_each.run_scans()
    assert sorted(scanned.names) == [".gitattributes", ".gitattributes", "a.txt", "a.txt"]
    with server_on_each.hub.database.read() as conn:
        assert set(conn.execute(sa.select(file_scans.c.scanner)).scalars()) == {"newer"}
        assert conn.execute(sa.select(repository_scans.c.is_current)).scalar_one()


def test_repositories_of_an_older_paddock_are_found(
    api: HfApi, server_on_each: LiveServer, scanned: Watched
) -> None:
    commit(api, {"a.txt": EVIL})
    with server_on_each.hub.database.write() as conn:
        conn.execute(sa.text("DELETE FROM jobs WHERE kind LIKE 'scans.%'"))
        enqueue(conn, SCAN_MISSING, {})
    server_on_each.run_scans()
    assert statuses(api)["a.txt"] == "unsafe"


def test_a_file_that_kills_the_scanner_is_refused_and_the_others_are_not(
    api: HfApi, server_on_each: LiveServer
) -> None:
    commit(api, {"a.txt": b"fine", "boom.bin": CRASH, "z.txt": b"fine too"})
    server_on_each.run_scans()
    assert statuses(api) == {
        ".gitattributes": "safe", "a.txt": "safe", "boom.bin": "unsafe", "z.txt": "safe"
    }  # fmt: skip
    jobs = server_on_each.hub.database
    with jobs.read() as conn:
        waiting = conn.execute(
            sa.text("SELECT count(*) FROM jobs WHERE kind = 'scans.file' AND state = 'waiting'")
        )
        assert waiting.scalar_one() == 1  # it is tried again, an hour later
        failed = sa.text("SELECT count(*) FROM jobs WHERE kind LIKE 'scans.%' AND state = 'failed'")
        assert conn.execute(failed).scalar_one() == 0


def test_what_cannot_be_copied_is_unscanned_and_never_safe(
    api: HfApi, server_on_each: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ScanRules(copy_bytes=1 << 20)
    object.__setattr__(server_on_each.hub, "scans", small)
    commit(api, {"large.bin": bytes(2 << 20), "small.txt": b"s"})  # by Xet: no one piece on disk
    server_on_each.run_scans()
    assert statuses(api)["large.bin"] == "unscanned"
    assert statuses(api)["small.txt"] == "safe"
    report = api_report(server_on_each)
    assert report["verdict"] is None
    [told] = [file for file in report["files"] if file["path"] == "large.bin"]
    assert "would have to be copied" in told["note"]
    object.__setattr__(server_on_each.hub, "scans", ScanRules())
    ask_again(server_on_each)
    server_on_each.run_scans()
    assert statuses(api)["large.bin"] == "safe"


def test_a_long_file_has_a_job_of_its_own_and_others_do_not_wait(
    api: HfApi, server_on_each: LiveServer, monkeypatch: pytest.MonkeyPatch, scanned: Watched
) -> None:
    monkeypatch.setattr(scanning, "LONG_BYTES", 1 << 20)
    commit(api, {"long.bin": EVIL + bytes(2 << 20), "short.txt": b"s"})
    scanning.scan_repository(server_on_each.hub, {"repo_id": 1})
    assert statuses(api)["short.txt"] == "safe"
    assert statuses(api)["long.bin"] == "queued"
    server_on_each.run_scans()
    assert statuses(api)["long.bin"] == "unsafe"


def test_a_repository_gives_its_turn_to_the_next_and_comes_back(
    api: HfApi, server_on_each: LiveServer, monkeypatch: pytest.MonkeyPatch, scanned: Watched
) -> None:
    monkeypatch.setattr(scanning, "SLICE_SECONDS", -1.0)
    commit(api, {"a.txt": b"a", "b.txt": b"b"})
    scanning.scan_repository(server_on_each.hub, {"repo_id": 1})
    assert scanned.names == []
    monkeypatch.setattr(scanning, "SLICE_SECONDS", 60.0)
    server_on_each.run_scans()
    assert set(statuses(api).values()) == {"safe"}


def test_a_push_during_a_scan_is_not_lost(
    api: HfApi, server_on_each: LiveServer, scanned: Watched
) -> None:
    scanned.gate.clear()
    commit(api, {"a.txt": b"a"})
    scan = threading.Thread(target=server_on_each.run_scans)
    scan.start()
    commit(api, {"b.txt": EVIL})
    scanned.gate.set()
    scan.join()
    server_on_each.run_scans()
    assert statuses(api)["b.txt"] == "unsafe"


def test_a_repository_that_goes_away_takes_its_scan_with_it(
    api: HfApi, server_on_each: LiveServer, scanned: Watched
) -> None:
    scanned.gate.clear()
    commit(api, {"a.txt": EVIL})
    scan = threading.Thread(target=server_on_each.run_scans)
    scan.start()
    api.delete_repo(REPO)
    scanned.gate.set()
    scan.join()
    server_on_each.run_scans()


def test_contradictions_are_of_the_revision_that_has_them(
    api: HfApi, server_on_each: LiveServer
) -> None:
    commit(api, {"model.index.json": CONTRADICTS, "other.json": b"{}"})
    server_on_each.run_scans()
    assert statuses(api)["model.index.json"] == "unsafe"
    refused = httpx.get(f"{server_on_each.url}/{REPO}/resolve/main/model.index.json")
    assert refused.status_code == 403
    assert "malformed: a file breaks its own format" in refused.text
    commit(api, {"model.index.json": b"{}"})
    server_on_each.run_scans()
    assert statuses(api)["model.index.json"] == "safe"
    assert api_report(server_on_each)["across"] == []


def test_without_room_for_a_copy_the_job_is_tried_again(
    api: HfApi, server_on_each: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_SMALL_BYTES", 0)
    monkeypatch.setattr(copies, "_LEFT_FREE_BYTES", 1 << 60)
    commit(api, {"large.bin": bytes(2 << 20)})
    server_on_each.run_scans()
    assert statuses(api)["large.bin"] == "queued"


def api_report(server: LiveServer) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {server.admin_token}"}
    return httpx.get(f"{server.url}/api/models/{REPO}/scan", headers=headers).json()  # type: ignore


def ask_again(server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {server.admin_token}"}
    answer = httpx.post(f"{server.url}/api/models/{REPO}/scan", headers=headers)
    assert answer.status_code == 202
