"""Service accounts on pages: made, given tokens that end, disabled, deleted with their owner."""

from __future__ import annotations

import re

import httpx

from paddock.hub.people.accounts import find_account
from tests.live import LiveServer
from tests.web.visiting import visit


def test_a_program_gets_an_account_a_token_and_an_end(shared_server: LiveServer) -> None:
    sam = visit(shared_server, "sam")
    sam.post("/organizations/new", name="depot")
    sam.post("/new", kind="model", owner="depot", name="parts", visibility="private")
    accounts = "/organizations/depot/service-accounts"
    for name, status in (("robot", 400), ("depot-<b>", 400), ("depot-", 400)):
        answer = sam.post(accounts, account=name, role="write")
        assert answer.status_code == status and "<b>" not in answer.text.split("<main")[1]
    assert sam.post(accounts, account="depot-ci", role="admin").status_code == 400
    made = sam.post(accounts, account="depot-ci", full_name="Builds", role="write")
    page = f"{accounts}/depot-ci"
    assert made.headers["location"] == f"{page}?done=made"
    for shown in ("/organizations/depot/members", "/depot-ci"):
        assert "service account" in sam.get(shown).text

    wanted = {"name": "builds", "on:depot": "write"}
    assert sam.post(f"{page}/tokens", **wanted, days="").status_code == 400
    assert sam.post(f"{page}/tokens", **{**wanted, "on:": "manage"}, days="30").status_code == 400
    found = re.search(r"hf_\w{34}", sam.post(f"{page}/tokens", **wanted, days="30").text)
    assert found is not None
    program = shared_server.api(found[0])
    program.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="depot/parts")
    assert program.whoami()["name"] == "depot-ci"
    assert "never" not in sam.get(page).text.split("Its tokens")[1].split("</table>")[0]

    assert sam.post(f"{page}/disable").headers["location"] == f"{page}?done=disabled"
    headers = {"Authorization": f"Bearer {found[0]}"}
    whoami = f"{shared_server.url}/api/whoami-v2"
    assert httpx.get(whoami, headers=headers).status_code == 401
    assert sam.post(f"{page}/tokens", **wanted, days="30").status_code == 409
    sam.post(f"{page}/enable")
    assert sam.post(f"{page}/tokens", **wanted, days="30").status_code == 200

    other = visit(shared_server, "tess")
    sam.post("/organizations/depot/members/add", who="tess", role="write")
    for path in ("", "/depot-ci"):
        assert other.get(accounts + path).status_code == 403
    assert other.post(f"{page}/disable").status_code == 403
    sam.post("/organizations/depot/settings/delete", typed="depot", with_repositories="1")
    with shared_server.hub.database.read() as conn:
        assert find_account(conn, "depot-ci") is None
