"""Many at once: decided by a list of names, let in by a table."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub import HfApi

from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import visit

PEOPLE = ("ann", "ben", "cleo")


@pytest.fixture(scope="module")
def owner(shared_server: LiveServer) -> HfApi:
    for name in PEOPLE:
        shared_server.user(name)
    return shared_server.api(shared_server.user("owner"))


def gated(owner: HfApi, repo: str) -> str:
    owner.create_repo(repo)
    owner.update_repo_settings(repo, gated="manual")
    return f"/api/models/{repo}/user-access-request"


def let_in(owner: HfApi, repo: str) -> dict[str, Any]:
    found = owner.list_accepted_access_requests(repo)
    return {one.username: one for one in found}


def test_names_are_decided_about_at_once(shared_server: LiveServer, owner: HfApi) -> None:
    server, repo = shared_server, "owner/batch"
    path = gated(owner, repo)
    for name in PEOPLE:
        call(server, "POST", f"/{repo}/ask-access", server.user(name), json={})
    body: dict[str, Any] = {"status": "accepted", "users": ["Ann", "ben", "nobody", "x' OR '1"]}
    done = call(server, "POST", f"{path}/batch", owner.token, json=body)
    assert done.json() == {"changed": 2, "passedOver": 2}
    assert set(let_in(owner, repo)) == {"ann", "ben"}
    (request,) = owner.list_pending_access_requests(repo)
    body = {"status": "rejected", "requestIds": [request.request_id], "rejectionReason": "No"}
    done = call(server, "POST", f"{path}/batch", owner.token, json=body)
    assert done.json() == {"changed": 1, "passedOver": 0}
    for wrong in (
        {"status": "accepted"},
        {"status": "crowned", "users": ["ann"]},
        {"status": "accepted", "users": ["ann"], "requestIds": ["0"]},
        {"status": "accepted", "users": [f"u{n}" for n in range(101)]},
    ):
        assert call(server, "POST", f"{path}/batch", owner.token, json=wrong).is_client_error
    refused = call(server, "POST", f"{path}/batch", server.user("ann"), json=body)
    assert refused.status_code == 403


def test_a_table_lets_in_all_or_nobody(shared_server: LiveServer, owner: HfApi) -> None:
    server, repo = shared_server, "owner/table"
    path = gated(owner, repo)
    for table, said in (
        ("user,expires\nann,\nnobody-here,\nben,soon\n", "'soon' is not a day"),
        ("ann\nnobody-here\n", "line 2"),
        ("ann,1999-01-01", "is over"),
        ("ann\nAnn", "named twice"),
        ('ann,"2999', "is not CSV"),
        ("ann,2999-01-01,more", "a name and a day"),
        ("user,expires\n", "names nobody"),
        ("\n".join(f"u{n}" for n in range(1002)), "too long"),
        ("ann\0", "line 1"),
    ):
        answer = call(server, "POST", f"{path}/import", owner.token, json={"table": table})
        assert answer.status_code == 400 and said in answer.text, (table[:50], answer.text)
    assert call(
        server, "POST", f"{path}/import", owner.token, json={"table": "x" * 100_001}
    ).is_client_error  # fmt: skip
    assert let_in(owner, repo) == {}
    table = '\ufeffUser,Expires\r\n"ann",2999-12-31\r\n\r\nben\r\n'
    done = call(server, "POST", f"{path}/import", owner.token, json={"table": table})
    assert done.json() == {"granted": 2, "renewed": 0}
    boss = visit(server, "owner")
    sent = boss.post(f"/{repo}/access/import", table="ben,2998-01-01\ncleo")
    assert sent.headers["location"].endswith("done=imported")
    page = boss.get(f"/{repo}/access?show=accepted").text
    assert "2999-12-31" in page and "2998-01-01" in page
    assert set(let_in(owner, repo)) == set(PEOPLE)
    wrong = boss.post(f"/{repo}/access/import", table="<b>nobody</b>")
    assert wrong.status_code == 400 and "<b>nobody" not in wrong.text
