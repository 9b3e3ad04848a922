"""Service accounts: what an organisation's programs may be given, and what they never can do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from paddock import clock
from paddock.hub.people.accounts import find_account
from paddock.hub.people.passwords import hash_password
from paddock.hub.sessions.sessions import Place, WrongPassword, sign_in
from paddock.hub.tables import accounts
from tests.hub.groups.test_resource_groups import Lab
from tests.live import LiveServer


@pytest.fixture
def lab(server: LiveServer) -> Lab:
    lab = Lab(server, wim="write")
    server.org("rival", "wim")
    made = lab.call("olaf", "POST", "/service-accounts", {"name": "lab-ci", "role": "write"})
    assert (made.status_code, made.json()["numTokens"]) == (200, 0)
    lab.api("olaf").create_repo("lab/tiny", private=True)
    return lab


def token(lab: Lab, days: int = 30, type_: str = "org", name: str = "lab") -> httpx.Response:
    """A token that may do everything with the repositories of the entity."""
    scoped = [{"entity": {"type": type_, "name": name}, "permissions": ["repo.write"]}]
    ends = clock.to_text(clock.now() + timedelta(days=days))
    body = {"displayName": "t", "fineGrained": {"scoped": scoped}, "expiresAt": ends}
    return lab.call("olaf", "POST", "/service-accounts/lab-ci/tokens", body)


def test_a_program_does_what_its_role_and_its_token_allow(lab: Lab) -> None:
    lab.tokens["ci"] = token(lab).json()["token"]
    program = lab.api("ci")
    program.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lab/tiny")
    program.create_repo("lab/another")
    assert program.list_repo_commits("lab/another")[0].authors == ["lab-ci"]
    [told] = lab.call("olaf", "GET", "/service-accounts").json()
    assert (told["name"], told["numTokens"], bool(told["lastUsedAt"])) == ("lab-ci", 1, True)
    change = {"role": "read"}
    assert lab.call("olaf", "PATCH", "/service-accounts/lab-ci", change).json()["role"] == "read"
    refused = _upload(lab, "ci")
    assert refused.status_code == 403


def test_its_tokens_end_and_are_for_what_it_sees(lab: Lab) -> None:
    assert token(lab, days=400).json()["error"].startswith("a service account's token ends within")
    assert token(lab, days=-1).status_code == 400
    assert token(lab, type_="org", name="rival").status_code == 403
    assert token(lab, type_="user", name="lab-ci").status_code == 400
    assert token(lab, type_="model", name="rival/secret").status_code == 404
    path = "/service-accounts/lab-ci/tokens"
    for role in ("write", "admin"):
        made = lab.call("olaf", "POST", path, {"displayName": "t", "role": role})
        assert made.status_code == 400
    assert lab.call("olaf", "GET", path).json() == []


def test_it_makes_no_tokens_no_accounts_and_nothing_of_its_own(lab: Lab) -> None:
    lab.tokens["ci"] = token(lab).json()["token"]
    url = lab.server.url
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/api/settings/tokens", {"displayName": "t", "role": "write"}),
        ("/api/organizations", {"name": "mine"}),
        ("/api/organizations/lab/service-accounts", {"name": "lab-other"}),
        ("/api/organizations/lab/members", {"user": "wim", "role": "admin"}),
        ("/api/repos/create", {"name": "own"}),
    )
    for path, body in asked:
        headers = {"Authorization": f"Bearer {lab.tokens['ci']}"}
        assert httpx.post(url + path, json=body, headers=headers).status_code == 403, path


def test_nobody_signs_in_as_a_program(lab: Lab) -> None:
    database = lab.server.hub.database
    with database.write() as conn:
        change = accounts.update().where(accounts.c.key == "lab-ci")
        conn.execute(change.values(password_hash=hash_password("correct horse")))
    with pytest.raises(WrongPassword):
        sign_in(database, "lab-ci", "correct horse", Place("192.0.2.7"))
    with pytest.raises(WrongPassword):
        sign_in(database, "lab-ci", token(lab).json()["token"], Place("192.0.2.7"))


def test_only_admins_and_only_people_are_asked(lab: Lab) -> None:
    new = {"name": "lab-other"}
    assert lab.call("wim", "POST", "/service-accounts", new).status_code == 403
    assert lab.call("wim", "GET", "/service-accounts").status_code == 403
    for path, method in (("/members/lab-ci", "DELETE"), ("/members/lab-ci/role", "PUT")):
        refused = lab.call("olaf", method, path, {"role": "admin"})
        assert refused.json()["error"].startswith("lab-ci is a service account of lab")
    headers = {"Authorization": f"Bearer {lab.tokens['wim']}"}
    url = f"{lab.server.url}/api/organizations/rival/members"
    joined = httpx.post(url, json={"user": "lab-ci", "role": "write"}, headers=headers)
    assert joined.status_code == 400
    lab.api("wim").create_repo("rival/tiny")
    url = f"{lab.server.url}/api/models/rival/tiny/collaborators/users/lab-ci"
    assert httpx.put(url, json={"role": "read"}, headers=headers).status_code == 400
    for name in ("ci", "labci", "rival-ci", "lab-", "lab--x"):
        assert lab.call("olaf", "POST", "/service-accounts", {"name": name}).status_code == 400


def test_what_is_disabled_has_no_tokens_and_gets_none(lab: Lab) -> None:
    lab.tokens["ci"] = token(lab).json()["token"]
    change = {"disabled": True}
    told = lab.call("olaf", "PATCH", "/service-accounts/lab-ci", change).json()
    assert told["disabledAt"] and told["numTokens"] == 0
    assert _upload(lab, "ci").status_code == 401
    assert token(lab).json()["error"].startswith("lab-ci is disabled")
    lab.call("olaf", "PATCH", "/service-accounts/lab-ci", {"disabled": False})
    assert token(lab).status_code == 200


def test_it_goes_with_its_organisation_and_leaves_its_name(lab: Lab) -> None:
    assert lab.call("olaf", "DELETE", "/service-accounts/lab-ci").status_code == 200
    with lab.server.hub.database.read() as conn:
        assert find_account(conn, "lab-ci") is None
    assert lab.call("olaf", "POST", "/service-accounts", {"name": "lab-ci"}).status_code == 409


def _upload(lab: Lab, who: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {lab.tokens[who]}"}
    url = f"{lab.server.url}/api/models/lab/tiny/branch/other"
    return httpx.post(url, json={}, headers=headers)
