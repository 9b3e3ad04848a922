"""Organisations as their admins run them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from starlette.testclient import TestClient

from paddock.web.app import create_app
from tests.hub.http_calls import call
from tests.live import LiveServer


def roles(server: LiveServer, org: str) -> dict[str, str]:
    path, found = f"/api/organizations/{org}/members?limit=2", {}
    while path:
        answer = call(server, "GET", path)
        found |= {one["user"]: one["role"] for one in answer.json()}
        path = answer.links.get("next", {}).get("url", "").removeprefix(server.url)
    return found


def test_a_user_makes_an_organisation_and_gives_roles_in_it(shared_server: LiveServer) -> None:
    ann, ben, eve = (shared_server.user(name) for name in ("ann", "ben", "eve"))
    made = call(
        shared_server, "POST", "/api/organizations", ann,
        json={"name": "lab", "fullname": "The Lab", "details": "We melt things"},
    )  # fmt: skip
    assert made.status_code == 200 and made.json()["details"] == "We melt things"
    assert (
        call(shared_server, "POST", "/api/organizations", ann, json={"name": "LAB"}).status_code
        == 409
    )
    members = "/api/organizations/lab/members"
    for user, role in (("ben", "write"), ("eve", "read")):
        body = {"user": user, "role": role}
        assert call(shared_server, "POST", members, ann, json=body).status_code == 200
    assert roles(shared_server, "lab") == {"ann": "admin", "ben": "write", "eve": "read"}
    shared_server.api(ben).create_repo("lab/by-ben")
    assert call(shared_server, "PUT", f"{members}/ben/role", ann, json={"role": "read"}).is_success
    refused = call(
        shared_server, "POST", "/api/repos/create", ben, json={"name": "x", "organization": "lab"}
    )
    assert refused.status_code == 403
    mine = call(shared_server, "GET", "/api/organizations", eve).json()
    assert [(one["name"], one["roleInOrg"]) for one in mine] == [("lab", "read")]
    for token, user in ((eve, "ben"), (ben, "eve")):
        assert call(shared_server, "DELETE", f"{members}/{user}", token).status_code == 403
    assert call(shared_server, "DELETE", f"{members}/eve", eve).status_code == 200  # she leaves
    assert call(shared_server, "DELETE", f"{members}/ben", ann).status_code == 200
    assert roles(shared_server, "lab") == {"ann": "admin"}


def test_only_admins_of_it_change_an_organisation(shared_server: LiveServer) -> None:
    owner, member = shared_server.user("ada"), shared_server.user("bob")
    shared_server.org("works", "ada")
    members = "/api/organizations/works/members"
    body = {"user": "bob", "role": "write"}
    assert call(shared_server, "POST", members, owner, json=body).is_success
    reader = shared_server.user("ada", role="read")
    for token, status in (
        (None, 401),
        (reader, 403),
        (member, 403),
        (shared_server.user("cy"), 403),
    ):
        for method, path, json in (
            ("POST", members, {"user": "cy"}),
            ("PUT", f"{members}/ada/role", {"role": "read"}),
            ("DELETE", f"{members}/ada", None),
            ("PATCH", "/api/organizations/works/settings/profile", {"details": "mine"}),
            ("PUT", "/api/organizations/works/avatar", None),
        ):
            answer = call(shared_server, method, path, token, json=json)
            assert answer.status_code == status, (method, path, answer.text)
    assert call(shared_server, "DELETE", f"{members}/bob", shared_server.admin_token).is_success


def test_bad_requests_are_refused(shared_server: LiveServer) -> None:
    owner = shared_server.user("abe")
    shared_server.user("bea")
    shared_server.org("guild", "abe")
    members = "/api/organizations/guild/members"
    for method, path, json, status in (
        ("POST", members, {"user": "nobody"}, 404),
        ("POST", members, {"user": "guild"}, 404),
        ("POST", members, {"user": "abe"}, 409),
        ("POST", members, {"user": "bea", "role": "king"}, 400),
        ("PUT", f"{members}/bea/role", {"role": "write"}, 404),
        ("DELETE", f"{members}/bea", None, 404),
        ("DELETE", f"{members}/abe", None, 409),
        ("PUT", f"{members}/abe/role", {"role": "read"}, 409),
        ("POST", "/api/organizations", {"name": "api"}, 400),
        ("POST", "/api/organizations", {"name": "../x"}, 400),
        ("POST", "/api/organizations", {}, 400),
    ):
        answer = call(shared_server, method, path, owner, json=json)
        assert answer.status_code == status, (method, path, answer.text)
    assert roles(shared_server, "guild") == {"abe": "admin"}


def test_an_administrator_may_keep_organisations_to_administrators(server: LiveServer) -> None:
    app = create_app(replace(server.hub, organizations_by="admins"))
    client = TestClient(app)
    for token, status in ((server.user("ann"), 403), (server.admin_token, 200)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post("/api/organizations", json={"name": "lab"}, headers=headers)
        assert answer.status_code == status


def test_two_admins_who_leave_at_once_do_not_both_go(server_on_each: LiveServer) -> None:
    tokens = [server_on_each.user(name) for name in ("ann", "ben")]
    server_on_each.org("duo", "ann")
    body = {"user": "ben", "role": "admin"}
    assert call(
        server_on_each, "POST", "/api/organizations/duo/members", tokens[0], json=body
    ).is_success

    def leave(name: str, token: str) -> int:
        path = f"/api/organizations/duo/members/{name}"
        return call(server_on_each, "DELETE", path, token).status_code

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(leave, ("ann", "ben"), tokens))
    assert outcomes == [200, 409] and len(roles(server_on_each, "duo")) == 1
