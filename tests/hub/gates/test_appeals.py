"""A rejection with a reason, one appeal against it, and who is told of what."""

from __future__ import annotations

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError

from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import visit

INJECTION = "We know\r\nBcc: everybody@example.org\r\n\r\n<script>alert(1)</script>"


def gated(server: LiveServer, repo: str) -> HfApi:
    owner = server.api(server.user("owner"))
    owner.create_repo(repo)
    owner.update_repo_settings(repo, gated="manual")
    return owner


def appeal(server: LiveServer, repo: str, token: str, text: str = "But I am") -> httpx.Response:
    path = f"/api/models/{repo}/user-access-request/appeal"
    return call(server, "POST", path, token, json={"text": text})


def told(server: LiveServer, token: str | None) -> list[str]:
    answer = call(server, "GET", "/api/notifications/notices", token)
    assert answer.status_code == 200, answer.text
    return [one["sentence"] for one in answer.json()["notices"]]


def test_who_is_rejected_reads_why_appeals_once_and_is_answered_for_good(
    server_on_each: LiveServer,
) -> None:
    server, repo, ann = server_on_each, "owner/appealed", server_on_each.user("ann")
    owner = gated(server, repo)
    assert appeal(server, repo, ann).status_code == 404
    call(server, "POST", f"/{repo}/ask-access", ann, json={})
    assert told(server, owner.token) == [f"ann asks for access to {repo}"]
    owner.reject_access_request(repo, "ann", rejection_reason=INJECTION)
    (sentence,) = told(server, ann)
    assert "rejected" in sentence and "\n" not in sentence and "Bcc" not in sentence
    with pytest.raises(GatedRepoError, match=f"Visit {server.url}/{repo}/ask-access to see why"):
        server.api(ann).auth_check(repo)
    page = visit(server, "ann").get(f"/{repo}/ask-access").text
    assert "Bcc: everybody" in page and "<script>alert" not in page
    assert appeal(server, repo, ann, "").status_code == 400
    assert appeal(server, repo, ann, "x" * 2001).status_code == 400
    assert appeal(server, repo, ann, "I am\r\n<b>known</b>").status_code == 200
    assert appeal(server, repo, ann).status_code == 409
    assert told(server, owner.token)[0].startswith("ann appeals against")
    appealed = f"/api/models/{repo}/user-access-request/appealed"
    (waiting,) = call(server, "GET", appealed, owner.token).json()
    assert waiting["appeal"]["text"] == "I am\n<b>known</b>" and waiting["appeal"]["open"] is True
    boss = visit(server, "owner")
    page = boss.get(f"/{repo}/access?show=appealed").text
    assert "&lt;b&gt;known" in page and "Reject for good" in page
    boss.post(f"/{repo}/access/decide", decide=f"rejected {waiting['requestId']}")
    assert call(server, "GET", appealed, owner.token).json() == []
    page = visit(server, "ann").get(f"/{repo}/ask-access").text
    assert "the rejection stays" in page and "ask-access/appeal" not in page
    assert "Bcc: everybody" in page  # the reason that was given stays, as no other was
    assert appeal(server, repo, ann).status_code == 409
    assert boss.post(
        f"/{repo}/access/decide", decide=f"rejected {waiting['requestId']}"
    ).headers["location"].endswith("done=some")  # fmt: skip


def test_an_appeal_lets_in_and_another_rejection_may_be_appealed_again(
    shared_server: LiveServer,
) -> None:
    server, repo, ben = shared_server, "owner/lenient", shared_server.user("ben")
    owner = gated(server, repo)
    call(server, "POST", f"/{repo}/ask-access", ben, json={})
    owner.reject_access_request(repo, "ben", rejection_reason=None)
    visit(server, "ben").post(f"/{repo}/ask-access/appeal", text="Look again")
    owner.accept_access_request(repo, "ben")
    assert server.api(ben).auth_check(repo) is None
    assert told(server, ben) == [f"you have access to {repo}"]
    owner.reject_access_request(repo, "ben", rejection_reason="No longer")
    assert appeal(server, repo, ben).status_code == 200
