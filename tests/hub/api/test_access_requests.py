"""A gate from both sides: asking to be let in, and letting in."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

from tests.hub.http_calls import call
from tests.live import LiveServer

CARD = b"""---
license: mit
extra_gated_heading: Tell us
extra_gated_fields:
  Company: text
  Country: country
  I agree: checkbox
---
# Gated
"""
ANSWERS = {"Company": "ACME", "Country": "FR", "I agree": "true"}


@pytest.fixture(scope="module")
def owner(shared_server: LiveServer) -> HfApi:
    return shared_server.api(shared_server.user("owner"))


def gated(owner: HfApi, name: str, gate: str = "manual", card: bytes | None = None) -> str:
    repo = f"owner/{name}"
    owner.create_repo(repo)
    if card is not None:
        owner.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo)
    owner.update_repo_settings(repo, gated=gate)
    return repo


def ask(server: LiveServer, repo: str, user: str | None, **arguments: Any) -> Any:
    token = server.user(user) if user else None
    arguments = arguments or {"json": {}}
    return call(server, "POST", f"/{repo}/ask-access", token, **arguments)


def may_read(server: LiveServer, repo: str, user: str) -> bool:
    try:
        server.api(server.user(user)).auth_check(repo)
    except GatedRepoError:
        return False
    return True


def test_a_request_waits_until_somebody_accepts_it(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "manual", card=CARD)
    assert ask(shared_server, repo, "guest", json=ANSWERS).json() == {"status": "pending"}
    assert ask(shared_server, repo, "guest", json=ANSWERS).json() == {"status": "pending"}
    with pytest.raises(GatedRepoError, match="awaiting a review"):
        shared_server.api(shared_server.user("guest")).auth_check(repo)
    (request,) = owner.list_pending_access_requests(repo)
    assert (request.username, request.status) == ("guest", "pending")
    assert request.fields == {"Company": "ACME", "Country": "France", "I agree": True}
    owner.accept_access_request(repo, "guest")
    assert may_read(shared_server, repo, "guest")
    assert [one.username for one in owner.list_accepted_access_requests(repo)] == ["guest"]
    assert list(owner.list_pending_access_requests(repo)) == []


def test_what_was_decided_can_be_taken_back_at_once(
    shared_server: LiveServer, owner: HfApi
) -> None:
    repo = gated(owner, "back")
    ask(shared_server, repo, "guest")
    (request,) = owner.list_pending_access_requests(repo)
    owner.accept_access_request(repo, request_id=request.request_id)
    assert may_read(shared_server, repo, "guest")
    owner.cancel_access_request(repo, "guest")
    assert not may_read(shared_server, repo, "guest")
    assert [one.status for one in owner.list_pending_access_requests(repo)] == ["pending"]
    owner.reject_access_request(repo, "guest", rejection_reason="We do not know you")
    with pytest.raises(GatedRepoError, match="has been rejected"):
        shared_server.api(shared_server.user("guest")).auth_check(repo)
    assert ask(shared_server, repo, "guest").status_code == 403  # and cannot ask again
    assert [one.username for one in owner.list_rejected_access_requests(repo)] == ["guest"]
    owner.grant_access(repo, "guest")
    assert may_read(shared_server, repo, "guest")


def test_a_decision_is_made_once(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "once")
    ask(shared_server, repo, "guest")
    owner.accept_access_request(repo, "guest")
    shared_server.user("other")
    for decide, status in (
        (lambda: owner.accept_access_request(repo, "guest"), 404),
        (lambda: owner.accept_access_request(repo, "other"), 404),
        (lambda: owner.accept_access_request(repo, "nobody"), 404),
        (lambda: owner.accept_access_request(repo, request_id="0" * 24), 404),
        (lambda: owner.grant_access(repo, "guest"), 400),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            decide()
        assert refused.value.response.status_code == status


def test_an_automatic_gate_lets_in_whoever_answers(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "auto", "auto", CARD)
    assert not may_read(shared_server, repo, "guest")
    answer = ask(shared_server, repo, "guest", data={**ANSWERS, "Country": "Atlantis"})
    assert answer.status_code == 400 and "Country" in answer.text
    answer = ask(shared_server, repo, "guest", data=ANSWERS)
    assert answer.status_code == 303 and answer.headers["location"].endswith(f"/{repo}")
    assert may_read(shared_server, repo, "guest")


@pytest.mark.parametrize(
    "wrong",
    [{}, {**ANSWERS, "I agree": False}, {**ANSWERS, "Company": ""}, {**ANSWERS, "Company": [1, 2]}],
)
def test_every_field_must_be_answered(
    shared_server: LiveServer, owner: HfApi, wrong: dict[str, Any]
) -> None:
    if not owner.repo_exists("owner/fields"):
        gated(owner, "fields", card=CARD)
    assert ask(shared_server, "owner/fields", "guest", json=wrong).status_code == 400
    assert list(owner.list_pending_access_requests("owner/fields")) == []


def test_bad_bodies_are_refused(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "bodies", card=CARD)
    json = {"headers": {"Content-Type": "application/json"}}
    for content in (b"[]", b"nope", b'"x"', b"[" * 5000, b"\xff"):
        assert ask(shared_server, repo, "guest", content=content, **json).status_code == 400
    form = {"headers": {"Content-Type": "multipart/form-data; boundary=x"}}
    assert ask(shared_server, repo, "guest", content=b"--x\r\n", **form).status_code == 400
    many = {f"f{number}": "x" for number in range(1000)}
    assert ask(shared_server, repo, "guest", data=many).status_code == 400


def test_who_asks_may_withdraw_until_it_is_decided(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "withdraw")
    path, token = f"/api/models/{repo}/user-access-request/cancel", shared_server.user("guest")
    assert call(shared_server, "POST", path, token).status_code == 404
    ask(shared_server, repo, "guest")
    assert call(shared_server, "POST", path, token).status_code == 200
    assert list(owner.list_pending_access_requests(repo)) == []
    ask(shared_server, repo, "guest")
    owner.reject_access_request(repo, "guest", rejection_reason=None)
    assert call(shared_server, "POST", path, token).status_code == 404
    assert ask(shared_server, repo, "guest").status_code == 403


def test_strangers_readers_and_guests_do_not_manage(
    shared_server: LiveServer, owner: HfApi
) -> None:
    repo = gated(owner, "manage")
    assert ask(shared_server, repo, None).status_code == 401
    ask(shared_server, repo, "guest")
    guest = shared_server.api(shared_server.user("guest"))
    reader = shared_server.api(shared_server.user("owner", role="read"))
    for api in (guest, reader, shared_server.api()):
        for act in (
            lambda api=api: list(api.list_pending_access_requests(repo)),
            lambda api=api: api.accept_access_request(repo, "guest"),
            lambda api=api: api.grant_access(repo, "guest"),
        ):
            with pytest.raises(HfHubHTTPError) as refused:
                act()
            assert refused.value.response.status_code in {401, 403}
    for name, status in ((repo, 403), ("owner/nothing", 404)):
        path = f"/{name}/user-access-report"
        assert call(shared_server, "GET", path, shared_server.user("guest")).status_code == status


def test_a_private_repositorys_gate_is_nobodys_business(
    shared_server: LiveServer, owner: HfApi
) -> None:
    repo = gated(owner, "private")
    owner.update_repo_settings(repo, private=True)
    hidden, missing = (ask(shared_server, name, "guest") for name in (repo, "owner/missing"))
    assert hidden.status_code == missing.status_code == 404
    assert ask(shared_server, repo, None).status_code == 401


def test_what_is_not_gated_needs_no_asking(shared_server: LiveServer, owner: HfApi) -> None:
    owner.create_repo("owner/open")
    assert ask(shared_server, "owner/open", "guest").status_code == 400
    with pytest.raises(HfHubHTTPError) as refused:
        list(owner.list_pending_access_requests("owner/open"))
    assert refused.value.response.status_code == 400
    assert ask(shared_server, gated(owner, "own"), "owner").json() == {"status": "accepted"}


def test_an_address_is_shared_by_those_who_asked_and_no_others(
    shared_server: LiveServer, owner: HfApi
) -> None:
    repo = gated(owner, "mail", "auto")
    with shared_server.hub.database.write() as conn:
        from paddock.hub.people.accounts import create_user

        for name in ("asker", "given"):
            create_user(conn, name, email=f"{name}@example.org")
    ask(shared_server, repo, "asker")
    owner.grant_access(repo, "given")
    found = {one.username: one.email for one in owner.list_accepted_access_requests(repo)}
    assert found == {"asker": "asker@example.org", "given": None}


def test_the_report_names_everyone(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "report", card=CARD)
    evil = {**ANSWERS, "Company": "=HYPERLINK(1)"}
    for name, answers in (("guest", ANSWERS), ("evil", evil)):
        ask(shared_server, repo, name, json=answers)
    owner.accept_access_request(repo, "guest")
    token = owner.token if isinstance(owner.token, str) else None
    path = f"/{repo}/user-access-report"
    told = call(shared_server, "GET", path, token)
    assert {one["user"]: one["status"] for one in told.json()} == {
        "guest": "accepted", "evil": "pending",
    }  # fmt: skip
    assert "attachment" in told.headers["content-disposition"]
    table = call(shared_server, "GET", path, token, params={"format": "csv"})
    rows = list(csv.DictReader(table.text.splitlines()))
    assert [row["user"] for row in rows] == ["evil", "guest"]
    assert all(not cell.startswith("=") for row in rows for cell in row.values())
    assert call(shared_server, "GET", path, token, params={"format": "xls"}).status_code == 400


def test_requests_come_in_pages_and_are_searched(shared_server: LiveServer, owner: HfApi) -> None:
    repo = gated(owner, "pages")
    for number in range(5):
        ask(shared_server, repo, f"visitor{number}")
    token = shared_server.user("owner")
    seen, path = [], f"/api/models/{repo}/user-access-request/pending?limit=2"
    while path:
        answer = call(shared_server, "GET", path, token)
        seen += [one["user"]["user"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "").removeprefix(shared_server.url)
    assert seen == [f"visitor{number}" for number in (4, 3, 2, 1, 0)]
    path = f"/api/models/{repo}/user-access-request/pending"
    assert len(call(shared_server, "GET", f"{path}?q=TOR3", token).json()) == 1
    assert call(shared_server, "GET", f"{path}?cursor=x", token).status_code == 400
    assert call(shared_server, "GET", f"{path}s", token).status_code == 400


def test_one_of_many_decisions_counts(server_on_each: LiveServer) -> None:
    owner = server_on_each.api(server_on_each.user("owner"))
    repo = gated(owner, "race")
    assert ask(server_on_each, repo, "guest").status_code == 200

    def accept(_: int) -> int:
        try:
            owner.accept_access_request(repo, "guest")
        except HfHubHTTPError as refused:
            return refused.response.status_code
        return 200

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(accept, range(6)))
    assert outcomes == [200, 404, 404, 404, 404, 404]
    for name in ("g0", "g1"):
        server_on_each.user(name)
    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(lambda n: ask(server_on_each, repo, f"g{n % 2}"), range(6)))
    assert {answer.status_code for answer in asked} == {200}
    assert len(list(owner.list_pending_access_requests(repo))) == 2
