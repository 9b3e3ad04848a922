"""Collaborators: people and teams with a role on one repository, whoever it belongs to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from paddock import clock
from tests.live import LiveServer

MODEL = "/api/models/ada/tiny"


class People:
    """Ada with a private model of hers, and others."""

    def __init__(self, server: LiveServer, *names: str) -> None:
        self.server = server
        self.tokens = {name: server.user(name) for name in ("ada", *names)}
        self.api("ada").create_repo("ada/tiny", private=True)
        self.api("ada").upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny")

    def api(self, who: str) -> Any:
        return self.server.api(self.tokens[who])

    def call(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        url = f"{self.server.url}{path}"
        return httpx.request(method, url, json=body, headers=headers)

    def let(self, who: str, role: str, **others: Any) -> httpx.Response:
        body = {"role": role, **others}
        return self.call("ada", "PUT", f"{MODEL}/collaborators/users/{who}", body)


def test_a_reader_reads_one_private_repository_and_no_other(server_on_each: LiveServer) -> None:
    people = People(server_on_each, "ben", "cleo")
    people.api("ada").create_repo("ada/other", private=True)
    assert people.let("ben", "read").json()["user"]["name"] == "ben"
    ben = people.api("ben")
    assert people.call("ben", "GET", "/ada/tiny/resolve/main/x").content == b"x"
    assert [model.id for model in ben.list_models(author="ada")] == ["ada/tiny"]
    for hidden, who in (("ada/other", "ben"), ("ada/tiny", "cleo")):
        with pytest.raises(RepositoryNotFoundError):
            people.api(who).repo_info(hidden)
    with pytest.raises(HfHubHTTPError, match="403"):
        ben.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id="ada/tiny")


def test_a_writer_changes_files_but_not_the_repository_itself(server: LiveServer) -> None:
    people = People(server, "ben", "cleo")
    people.let("ben", "write")
    ben = people.api("ben")
    ben.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id="ada/tiny")
    refused = (
        ("PUT", "/settings", {"private": False}),
        ("PUT", "/collaborators/users/cleo", {"role": "admin"}),
        ("GET", "/collaborators", None),
        ("DELETE", "/collaborators/users/ada", None),
    )
    for method, path, body in refused:
        assert people.call("ben", method, MODEL + path, body).status_code == 403, path
    with pytest.raises(HfHubHTTPError, match="403"):
        ben.delete_repo("ada/tiny")
    with pytest.raises(HfHubHTTPError, match="403"):
        ben.move_repo("ada/tiny", "ben/tiny")


def test_an_admin_of_one_repository_gives_roles_on_it(server_on_each: LiveServer) -> None:
    people = People(server_on_each, "ben", "cleo")
    people.let("ben", "admin")
    path = f"{MODEL}/collaborators/users/cleo"
    assert people.call("ben", "PUT", path, {"role": "read"}).status_code == 200
    assert people.api("cleo").repo_info("ada/tiny").private
    told = people.call("ada", "GET", f"{MODEL}/collaborators").json()
    assert [(one["user"]["name"], one["role"], one["addedBy"]) for one in told] == [
        ("ben", "admin", "ada"),
        ("cleo", "read", "ben"),
    ]


def test_what_ends_counts_no_more_from_that_moment_on(
    server_on_each: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(server_on_each, "ben")
    now = clock.now()
    people.let("ben", "write", expiresAt=clock.to_text(now + timedelta(hours=1)))
    assert people.api("ben").repo_info("ada/tiny").private
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=2))
    with pytest.raises(RepositoryNotFoundError):
        people.api("ben").repo_info("ada/tiny")
    assert list(people.api("ben").list_models(author="ada")) == []
    [told] = people.call("ada", "GET", f"{MODEL}/collaborators").json()
    assert told["isOver"]
    past = people.let("ben", "write", expiresAt=clock.to_text(now))
    assert (past.status_code, past.json()["error"][:30]) == (400, "the role would have ended alre")


def test_whoever_has_a_role_may_give_it_back(server: LiveServer) -> None:
    people = People(server, "ben", "cleo")
    people.let("ben", "read")
    own = f"{MODEL}/collaborators/users/ben"
    assert people.call("cleo", "DELETE", own).status_code == 404
    assert people.call("ben", "DELETE", own).status_code == 200
    with pytest.raises(RepositoryNotFoundError):
        people.api("ben").repo_info("ada/tiny")
    assert people.call("ada", "DELETE", own).json()["error"].startswith("ben is no collaborator")


def test_a_named_reader_answers_no_gate(server: LiveServer) -> None:
    people = People(server, "ben", "cleo")
    people.api("ada").update_repo_settings("ada/tiny", private=False, gated="manual")
    people.let("ben", "read")
    file = "/ada/tiny/resolve/main/x"
    assert [people.call(who, "GET", file).status_code for who in ("ben", "cleo")] == [200, 403]


def test_another_owner_ends_every_role(server: LiveServer) -> None:
    people = People(server, "ben")
    server.org("lab", "ada")
    people.let("ben", "write")
    people.api("ada").move_repo("ada/tiny", "lab/tiny")
    with pytest.raises(RepositoryNotFoundError):
        people.api("ben").repo_info("lab/tiny")


def test_what_cannot_be_given_is_said(server: LiveServer) -> None:
    people = People(server, "ben")
    server.org("lab", "ben")
    wrong = {
        "ada": "ada/tiny is ada's own",
        "lab": "lab is an organization",
        "nobody": "there is no account named 'nobody'",
    }
    for who, sentence in wrong.items():
        assert people.let(who, "read").json()["error"].startswith(sentence)
    assert people.let("ben", "owner").json()["error"].startswith("no role is named 'owner'")
    with_scope = {"global": [], "scoped": [_on_model()]}
    body = {"displayName": "t", "role": "fineGrained", "fineGrained": with_scope}
    made = people.call("ada", "POST", "/api/settings/tokens", body).json()
    people.tokens["robot"] = made["token"]
    path = f"{MODEL}/collaborators/users/ben"
    refused = people.call("robot", "PUT", path, {"role": "write"})
    assert refused.json()["error"].startswith("fine-grained tokens cannot give roles")
    assert people.call("robot", "GET", f"{MODEL}/collaborators").json() == []


def test_a_token_reaches_no_further_than_its_permissions(server: LiveServer) -> None:
    people = People(server, "ben")
    people.let("ben", "write")
    made = people.call(
        "ben",
        "POST",
        "/api/settings/tokens",
        {"displayName": "t", "role": "fineGrained", "fineGrained": {"scoped": [_on_ben()]}},
    ).json()
    with pytest.raises(RepositoryNotFoundError):
        server.api(made["token"]).repo_info("ada/tiny")


def test_a_new_collaborator_is_told(server: LiveServer) -> None:
    people = People(server, "ben")
    people.let("ben", "write")
    told = people.call("ben", "GET", "/api/notifications/notices").json()
    assert "ada made you a collaborator: you may write to it" in str(told)


def _on_model() -> dict[str, Any]:
    return {"entity": {"type": "model", "name": "ada/tiny"}, "permissions": ["repo.write"]}


def _on_ben() -> dict[str, Any]:
    return {"entity": {"type": "user", "name": "ben"}, "permissions": ["repo.write"]}
