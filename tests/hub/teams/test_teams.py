"""Teams: members of an organisation under a name, who get roles and are called together."""

from __future__ import annotations

import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.hub.groups.test_resource_groups import Lab
from tests.live import LiveServer


def with_team(lab: Lab, **roles: str) -> None:
    """A team named vision, with these members."""
    assert lab.call("olaf", "POST", "/teams", {"name": "vision"}).status_code == 200
    for name, role in roles.items():
        put(lab, "olaf", name, role)


def put(lab: Lab, who: str, name: str, role: str = "member") -> httpx.Response:
    return lab.call(who, "PUT", f"/teams/vision/members/{name}", {"role": role})


def on_repository(lab: Lab, name: str, role: str) -> httpx.Response:
    url = f"{lab.server.url}/api/models/lab/{name}/collaborators/teams/vision"
    headers = {"Authorization": f"Bearer {lab.tokens['olaf']}"}
    return httpx.put(url, json={"role": role}, headers=headers)


def test_a_team_has_its_role_on_a_repository(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, tia="no_access", rolf="read")
    with_team(lab, tia="member")
    for name in ("seen", "hidden"):
        lab.api("olaf").create_repo(f"lab/{name}", private=True)
    assert on_repository(lab, "seen", "write").json()["team"] == {"name": "vision"}
    tia = lab.api("tia")
    tia.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lab/seen")
    assert [model.id for model in tia.list_models(author="lab")] == ["lab/seen"]
    with pytest.raises(RepositoryNotFoundError):
        tia.repo_info("lab/hidden")
    with pytest.raises(HfHubHTTPError, match="403"):
        lab.api("rolf").upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lab/seen")
    assert lab.call("olaf", "DELETE", "/teams/vision").status_code == 200
    with pytest.raises(RepositoryNotFoundError):
        tia.repo_info("lab/seen")


def test_a_team_has_its_role_in_a_resource_group(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, tia="no_access", wim="write")
    with_team(lab, tia="member")
    group = lab.call("olaf", "POST", "/resource-groups", {"name": "Vision"}).json()["id"]
    place = f"/resource-groups/{group}"
    lab.api("olaf").create_repo("lab/grouped", private=True, resource_group_id=group)
    told = lab.call("olaf", "PUT", f"{place}/teams/vision", {"role": "write"}).json()
    assert told["teams"] == [{"name": "vision", "role": "write"}]
    lab.api("tia").upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lab/grouped")
    lab.api("tia").create_repo("lab/theirs", private=True, resource_group_id=group)
    seen = {model.id for model in lab.api("tia").list_models(author="lab")}
    assert seen == {"lab/grouped", "lab/theirs"}
    assert lab.call("tia", "GET", place).status_code == 200
    with pytest.raises(RepositoryNotFoundError):
        lab.api("wim").repo_info("lab/grouped")
    assert lab.call("olaf", "DELETE", f"{place}/teams/vision").json()["teams"] == []
    with pytest.raises(RepositoryNotFoundError):
        lab.api("tia").repo_info("lab/grouped")


def test_a_maintainer_says_who_is_in_the_team_and_not_who_maintains_it(
    server: LiveServer,
) -> None:
    lab = Lab(server, mia="read", tia="read", rolf="read")
    with_team(lab, mia="maintainer")
    assert put(lab, "tia", "rolf").status_code == 403
    assert [one["name"] for one in put(lab, "mia", "tia").json()["users"]] == ["mia", "tia"]
    assert put(lab, "mia", "tia", "maintainer").status_code == 403
    assert put(lab, "mia", "mia", "member").status_code == 403
    assert lab.call("mia", "DELETE", "/teams/vision").status_code == 403
    assert lab.call("mia", "PATCH", "/teams/vision", {"name": "sight"}).status_code == 403
    assert lab.call("mia", "DELETE", "/teams/vision/members/tia").json()["numUsers"] == 1
    assert lab.call("mia", "DELETE", "/teams/vision/members/mia").json()["numUsers"] == 0


def test_who_leaves_the_organisation_leaves_its_teams(server_on_each: LiveServer) -> None:
    lab = Lab(server_on_each, tia="read")
    with_team(lab, tia="member")
    lab.call("tia", "DELETE", "/members/tia")
    assert lab.call("olaf", "GET", "/teams/vision").json()["users"] == []
    lab.call("olaf", "POST", "/members", {"user": "tia", "role": "no_access"})
    assert lab.call("tia", "GET", "/teams").json()[0]["numUsers"] == 0


def test_teams_are_for_members_to_see(server: LiveServer) -> None:
    lab = Lab(server, tia="read")
    with_team(lab)
    lab.tokens["otto"] = server.user("otto")
    assert lab.call("otto", "GET", "/teams").status_code == 403
    hidden = lab.call("otto", "GET", "/teams/vision")
    missing = lab.call("otto", "GET", "/teams/nothing")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace("vision", "nothing") == missing.text
    assert put(lab, "olaf", "otto").json()["error"].startswith("otto is not a member")
    for name in ("", "a b", "-a", "a/b", "x" * 43):
        assert lab.call("olaf", "POST", "/teams", {"name": name}).status_code == 400
    assert lab.call("olaf", "POST", "/teams", {"name": "VISION"}).status_code == 409


def test_a_team_is_called_by_those_of_its_organisation(server: LiveServer) -> None:
    lab = Lab(server, tia="read")
    with_team(lab, tia="member")
    lab.tokens["otto"] = server.user("otto")
    lab.api("otto").create_repo("otto/open")
    lab.api("otto").create_repo("otto/closed", private=True)

    def called(who: str, repo: str) -> bool:
        lab.api(who).create_discussion(repo, "Hello", description="Look, @lab/vision.")
        headers = {"Authorization": f"Bearer {lab.tokens['tia']}"}
        answer = httpx.get(f"{server.url}/api/notifications?mention=mentions", headers=headers)
        return bool(answer.json()["notifications"])

    assert not called("otto", "otto/open")
    assert not called("otto", "otto/closed")
    assert called("olaf", "otto/open")
