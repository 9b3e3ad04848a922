"""The pages of administration, and the log of a repository for its owners."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from paddock.hub.audit_log import verifying
from paddock.hub.audit_log.checkpoints import sign_head
from paddock.hub.audit_log.reading import every_entry
from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import accounts
from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import Visiting, visit

PAGES = ["", "/people", "/people?kind=org", "/storage", "/jobs", "/log", "/log.jsonl"]


@pytest.fixture(scope="module")
def boss(shared_server: LiveServer) -> Visiting:
    return visit(shared_server, shared_server.admin)


@pytest.mark.parametrize("page", PAGES)
def test_only_administrators_get_in(shared_server: LiveServer, boss: Visiting, page: str) -> None:
    assert boss.get(f"/administration{page}").status_code == 200
    assert visit(shared_server, "ada").get(f"/administration{page}").status_code == 403
    stranger = httpx.get(f"{shared_server.url}/administration{page}")
    assert stranger.status_code in {303, 401}


@pytest.mark.parametrize("act", ["people/change", "storage/quota", "jobs/retry", "jobs/cancel"])
def test_only_administrators_change_something(
    shared_server: LiveServer, boss: Visiting, act: str
) -> None:
    assert visit(shared_server, "ada").post(f"/administration/{act}").status_code == 403
    assert boss.post(f"/administration/{act}", form_key="").status_code == 403


def test_who_is_turned_off_can_do_nothing_until_they_are_turned_on_again(
    shared_server: LiveServer, boss: Visiting
) -> None:
    token = shared_server.user("mallory")
    mallory = visit(shared_server, "mallory")
    assert mallory.get("/settings/profile").status_code == 200
    refused = boss.post("/administration/people/change", name="mallory", what="disable")
    assert refused.status_code == 400
    assert "a reason is missing" in refused.text
    fields = {"name": "mallory", "what": "disable", "reason": "sends spam"}
    assert boss.post("/administration/people/change", **fields).status_code == 303
    assert call(shared_server, "GET", "/api/whoami-v2", token).status_code == 401
    assert mallory.get("/settings/profile").status_code == 303
    assert visit(shared_server, "mallory").get("/settings/profile").status_code == 303
    assert "sends spam" in boss.get("/administration/people?q=mal").text
    again = boss.post("/administration/people/change", name="mallory", what="enable")
    assert again.status_code == 303
    assert call(shared_server, "GET", "/api/whoami-v2", token).status_code == 200
    log = boss.get("/administration/log?act=admin.user").text
    assert "sends spam" in log
    assert "mallory" in log


def test_the_last_administrator_stays_one(shared_server: LiveServer, boss: Visiting) -> None:
    change = {"name": shared_server.admin, "reason": "holiday"}
    for what in ("demote", "disable"):
        answer = boss.post("/administration/people/change", what=what, **change)
        assert answer.status_code == 409
        assert "only administrator" in answer.text
    shared_server.user("deputy")
    deputy = {"name": "deputy", "what": "promote"}
    assert boss.post("/administration/people/change", **deputy).status_code == 303
    with shared_server.hub.database.read() as conn:
        query = sa.select(accounts.c.is_admin).where(accounts.c.key == "deputy")
        assert conn.scalar(query) is True
    deputy["what"] = "demote"
    assert boss.post("/administration/people/change", **deputy).status_code == 303


def test_a_quota_is_set_and_kept_to(shared_server: LiveServer, boss: Visiting) -> None:
    api = shared_server.api(shared_server.user("hoarder"))
    api.create_repo("hoarder/small")
    quota = {"name": "hoarder", "size": "1kB"}
    assert boss.post("/administration/storage/quota", **quota).status_code == 303
    with pytest.raises(Exception, match="Storage limit reached"):
        api.upload_file(
            path_or_fileobj=b"x" * 4000, path_in_repo="big.txt", repo_id="hoarder/small"
        )
    bad = boss.post("/administration/storage/quota", name="hoarder", size="much")
    assert bad.status_code == 400
    assert "is no size" in bad.text
    assert 'value="hoarder"' in bad.text


def test_a_job_is_cancelled_and_retried(shared_server: LiveServer, boss: Visiting) -> None:
    with shared_server.hub.database.write() as conn:
        enqueue(conn, "audit_log.nothing", {}, unique="one")
    page = boss.get("/administration/jobs?kind=audit_log.nothing").text
    number = page.split('name="job" value="')[1].split('"')[0]
    assert boss.post("/administration/jobs/cancel", job=number).status_code == 303
    assert "cancelled" in boss.get("/administration/jobs?kind=audit_log.nothing").text
    assert boss.post("/administration/jobs/retry", job=number).status_code == 303
    for wrong in ("0", "-1", "x", "9" * 30):
        assert boss.post("/administration/jobs/retry", job=wrong).status_code == 404
    assert boss.get("/administration/jobs?state=nowhere").status_code == 400


def test_owners_read_what_was_done_to_their_repository_and_cannot_change_it(
    shared_server: LiveServer,
) -> None:
    token = shared_server.user("keeper")
    api = shared_server.api(token)
    api.create_repo("keeper/safe", private=True)
    api.upload_file(path_or_fileobj=b"hello", path_in_repo="a.txt", repo_id="keeper/safe")
    api.update_repo_settings("keeper/safe", gated="manual")
    call(shared_server, "GET", "/keeper/safe/resolve/main/a.txt", token)
    shared_server.hub.download_log.flush(shared_server.hub.database)
    page = visit(shared_server, "keeper").get("/keeper/safe/access/log")
    assert page.status_code == 200
    for act in ("repository.create", "repository.refs", "repository.settings", "download"):
        assert f"<code>{act}</code>" in page.text
    assert "a.txt" in page.text
    assert "127.0.0.1" not in page.text
    assert visit(shared_server, "ada").get("/keeper/safe/access/log").status_code == 404
    for method in ("POST", "PUT", "DELETE"):
        answer = call(shared_server, method, "/keeper/safe/access/log", token)
        assert answer.status_code in {404, 405}


def test_downloads_of_an_open_repository_are_folded_to_one_entry_an_hour(
    shared_server: LiveServer,
) -> None:
    hub = shared_server.hub
    api = shared_server.api(token := shared_server.user("giver"))
    api.create_repo("giver/open")
    for name in ("a.txt", "b.txt"):
        api.upload_file(path_or_fileobj=b"hello", path_in_repo=name, repo_id="giver/open")
    for name in ("a.txt", "b.txt", "a.txt"):
        for reader in (None, token):
            call(shared_server, "GET", f"/giver/open/resolve/main/{name}", reader)
    hub.download_log.flush(hub.database)
    found = [
        entry
        for entry in every_entry(hub.database)
        if entry.act == "download" and entry.fields["repository"] == "models/giver/open"
    ]
    assert sorted(entry.fields.get("actor", "") for entry in found) == ["", "giver"]
    assert {entry.fields["stage"] for entry in found} == {"open"}
    assert all(len(entry.fields["revision"]) == 40 for entry in found)


def test_the_exported_log_is_what_the_command_verifies(
    shared_server: LiveServer, boss: Visiting, tmp_path: Path
) -> None:
    sign_head(shared_server.hub, {})
    path = tmp_path / "log.jsonl"
    path.write_bytes(boss.get("/administration/log.jsonl").content)
    found = verifying.verify_file(path)
    assert found.is_whole, found.problems
    assert found.checkpoints
    assert boss.get("/administration/log.jsonl?since=yesterday").status_code == 400
    assert boss.get("/administration/log?act=nothing").status_code == 400
    for query in ("who=nobody", "repository=no/where", "repository=%00/x", "repository=a/b/c/d"):
        assert "No entry is like that" in boss.get(f"/administration/log?{query}").text
