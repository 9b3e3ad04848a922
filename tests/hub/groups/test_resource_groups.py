"""Resource groups: repositories of an organisation for some of its members."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.live import LiveServer


class Lab:
    """An organisation of olaf's, and everybody's tokens."""

    def __init__(self, server: LiveServer, **roles: str) -> None:
        self.server = server
        self.tokens = {name: server.user(name) for name in ("olaf", *roles)}
        server.org("lab", "olaf")
        for name, role in roles.items():
            self.call("olaf", "POST", "/members", {"user": name, "role": role})

    def call(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        url = f"{self.server.url}/api/organizations/lab{path}"
        return httpx.request(method, url, json=body, headers=headers)

    def api(self, who: str) -> Any:
        return self.server.api(self.tokens[who])


def test_a_group_is_for_its_members_with_their_role_in_it(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, gina="no_access", rolf="read", wim="write")
    group = lab.call(
        "olaf",
        "POST",
        "/resource-groups",
        {"name": "Vision", "users": [{"user": "gina", "role": "write"}]},
    ).json()
    lab.api("olaf").create_repo("lab/grouped", private=True, resource_group_id=group["id"])
    lab.api("olaf").create_repo("lab/common", private=True)
    lab.api("gina").upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lab/grouped")
    assert [m.id for m in lab.api("gina").list_models(author="lab")] == ["lab/grouped"]
    with pytest.raises(RepositoryNotFoundError):
        lab.api("gina").repo_info("lab/common")
    for outsider in ("rolf", "wim"):
        with pytest.raises(RepositoryNotFoundError):
            lab.api(outsider).repo_info("lab/grouped")
        assert [m.id for m in lab.api(outsider).list_models(author="lab")] == ["lab/common"]
    assert lab.api("olaf").repo_info("lab/grouped").private
    lab.api("gina").create_repo("lab/hers", private=True, resource_group_id=group["id"])
    with pytest.raises(HfHubHTTPError):
        lab.api("gina").create_repo("lab/outside")
    with pytest.raises(HfHubHTTPError):
        lab.api("wim").create_repo("lab/inside", resource_group_id=group["id"])
    told = lab.api("gina").model_info("lab/grouped", expand=["resourceGroup"])
    assert told.resource_group["name"] == "Vision"
    seen = lab.call("gina", "GET", "/resource-groups").json()
    assert [repo["name"] for repo in seen[0]["repos"]] == ["lab/grouped", "lab/hers"]
    assert lab.call("wim", "GET", "/resource-groups").json() == []
    assert lab.call("wim", "GET", f"/resource-groups/{group['id']}").status_code == 404


def test_a_group_that_is_hidden_answers_like_one_that_is_not_there(
    server_on_each: LiveServer,
) -> None:
    lab = Lab(server_on_each, wim="write")
    group_id = lab.call("olaf", "POST", "/resource-groups", {"name": "Vision"}).json()["id"]
    unknown = "0" * 24
    hidden = lab.call("wim", "GET", f"/resource-groups/{group_id}")
    missing = lab.call("wim", "GET", f"/resource-groups/{unknown}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace(group_id, unknown) == missing.text


def test_who_leaves_the_organisation_leaves_its_groups(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, gina="read")
    body = {"name": "Vision", "users": [{"user": "gina", "role": "write"}]}
    group = lab.call("olaf", "POST", "/resource-groups", body).json()
    lab.api("olaf").create_repo("lab/grouped", private=True, resource_group_id=group["id"])
    assert lab.api("gina").repo_info("lab/grouped").private
    lab.call("olaf", "DELETE", "/members/gina")
    with pytest.raises(RepositoryNotFoundError):
        lab.api("gina").repo_info("lab/grouped")
    lab.call("olaf", "POST", "/members", {"user": "gina", "role": "read"})
    with pytest.raises(RepositoryNotFoundError):
        lab.api("gina").repo_info("lab/grouped")


def test_everyone_who_joins_joins_the_groups_that_want_them(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each)
    joining = {"autoJoin": {"enabled": True, "role": "read"}}
    group = lab.call("olaf", "POST", "/resource-groups", {"name": "All", **joining}).json()
    lab.tokens["nils"] = server_on_each.user("nils")
    lab.call("olaf", "POST", "/members", {"user": "nils", "role": "no_access"})
    found = lab.call("nils", "GET", f"/resource-groups/{group['id']}").json()
    assert [(user["name"], user["role"]) for user in found["users"]] == [("nils", "read")]


def test_only_admins_change_a_group(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, gina="read", wim="write")
    body = {"name": "Vision", "users": [{"user": "wim", "role": "write"}]}
    group = lab.call("olaf", "POST", "/resource-groups", body).json()
    place = f"/resource-groups/{group['id']}"
    grab = {"users": [{"user": "wim", "role": "admin"}]}
    lab.api("wim").create_repo("lab/other")
    for who in ("gina", "wim"):
        for method, path, sent in (
            ("POST", "/resource-groups", {"name": "Mine"}),
            ("POST", place + "/users", grab),
            ("PATCH", place, {"name": "Mine"}),
            ("DELETE", place, None),
            ("POST", place + "/settings", {"autoJoin": {"enabled": True, "role": "admin"}}),
            ("POST", place + "/repos", {"repos": [{"type": "model", "name": "lab/other"}]}),
        ):
            assert lab.call(who, method, path, sent).status_code in {403, 404}, (who, path)
    lab.call("olaf", "POST", place + "/users", {"users": [{"user": "wim", "role": "admin"}]})
    moved = {"repos": [{"type": "model", "name": "lab/other"}]}
    assert lab.call("wim", "POST", place + "/repos", moved).json()["repos"][0]["name"]
    taken = lab.call("wim", "DELETE", place + "/repos/models/lab/other")
    assert taken.json()["repos"] == []
    assert lab.call("wim", "PATCH", place, {"name": "Sight"}).json()["name"] == "Sight"
    assert lab.call("olaf", "DELETE", place).status_code == 200
    assert lab.api("wim").repo_info("lab/other").id == "lab/other"


def test_a_repository_that_moves_away_leaves_its_group(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, gina="read")
    body = {"name": "Vision", "users": [{"user": "gina", "role": "write"}]}
    group = lab.call("olaf", "POST", "/resource-groups", body).json()
    lab.api("olaf").create_repo("lab/grouped", private=True, resource_group_id=group["id"])
    lab.api("olaf").move_repo("lab/grouped", "olaf/own")
    with pytest.raises(RepositoryNotFoundError):
        lab.api("gina").repo_info("olaf/own")
