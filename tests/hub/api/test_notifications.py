"""Who learns of a discussion, and what they can do with the news."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from paddock.hub.people import accounts
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture
def hosted(server_on_each: LiveServer) -> Iterator[Hosted]:
    with host(server_on_each) as made:
        yield made


class Person:
    """A user's inbox over plain HTTP."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.name, self.server = name, server
        self.token = server.user(name)
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=server.url, headers=headers, timeout=60)

    def inbox(self, query: str = "") -> dict[str, Any]:
        answer = self.http.get(f"/api/notifications{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def told(self, query: str = "") -> list[int]:
        return [one["discussion"]["num"] for one in self.inbox(query)["notifications"]]


@pytest.fixture
def people(server_on_each: LiveServer) -> Iterator[dict[str, Person]]:
    made = {name: Person(server_on_each, name) for name in ("ann", "ben", "cat")}
    yield made
    for person in made.values():
        person.http.close()


def test_those_concerned_are_told_and_nobody_else(
    hosted: Hosted, people: dict[str, Person]
) -> None:
    ann, ben, cat = people.values()
    owner = Person(hosted.server, hosted.repo_id.split("/")[0])
    api = hosted.server.api
    api(ann.token).create_discussion(hosted.repo_id, "A question", description="ask @ben, `@cat`")
    assert (owner.told(), ann.told(), ben.told(), cat.told()) == ([1], [], [1], [])
    one = ben.inbox()["notifications"][0]
    assert one["repo"] == {"name": hosted.repo_id, "type": "model"}
    assert (one["type"], one["read"], one["mention"]) == ("repo", False, True)
    assert [p["user"] for p in one["discussion"]["participating"]] == ["ann"]
    api(ben.token).comment_discussion(hosted.repo_id, 1, "I know")
    assert ann.told() == [1]
    assert ann.inbox()["notifications"][0]["mention"] is False
    assert owner.inbox()["count"] == {"view": 1, "unread": 1, "all": 1}
    api(ann.token).create_pull_request(hosted.repo_id, "A proposal")
    assert owner.told() == [2, 1]
    assert owner.told("?mention=mentions") == []
    assert ben.told("?mention=mentions") == [1]
    assert ann.told("?mention=participating") == [1]
    owner.http.close()


def test_news_are_filtered_marked_and_forgotten(hosted: Hosted, people: dict[str, Person]) -> None:
    ann = people["ann"]
    owner = Person(hosted.server, hosted.repo_id.split("/")[0])
    for number in range(3):
        hosted.server.api(ann.token).create_discussion(hosted.repo_id, f"Question {number}")
    found = owner.inbox()["notifications"]
    ids = [one["discussion"]["id"] for one in found]
    mark = "/api/discussions/mark-as-read"
    assert owner.http.post(mark, json={"discussionIds": ids[:1]}).status_code == 200
    assert owner.told("?readStatus=unread") == [2, 1]
    assert owner.inbox("?readStatus=unread")["count"] == {"view": 2, "unread": 2, "all": 3}
    owner.http.post(mark, json={"discussionIds": ids[:1], "read": False})
    assert owner.told("?readStatus=unread") == [3, 2, 1]
    until = found[1]["updatedAt"].replace("Z", "999Z")  # answers have milliseconds, rows more
    assert owner.told(f"?lastUpdate={until}") == [2, 1]
    owner.http.post(f"{mark}?applyToAll=true&lastUpdate={until}", json={})
    assert owner.told("?readStatus=unread") == [3]
    assert owner.told(f"?repoType=model&repoName={hosted.repo_id.upper()}") == [3, 2, 1]
    for nothing in ("?repoType=dataset", "?repoName=a/b", "?paperId=1", "?repoType=kernel"):
        assert owner.told(nothing) == []
    assert ann.inbox()["notifications"] == []
    ann.http.post(mark, json={"discussionIds": ids})  # not hers
    assert owner.told("?readStatus=unread") == [3]
    owner.http.request("DELETE", "/api/notifications", json={"discussionIds": ids[:1]})
    assert owner.told() == [2, 1]
    owner.http.request("DELETE", "/api/notifications?applyToAll=true")
    assert owner.inbox()["count"] == {"view": 0, "unread": 0, "all": 0}
    for query in (
        "?p=-1",
        "?readStatus=x",
        "?mention=x",
        "?lastUpdate=x",
        "?lastUpdate=0001-01-01T00:00:00%2B12:00",
    ):
        assert owner.http.get(f"/api/notifications{query}").status_code == 400
    bad = {"discussionIds": ["x" * 24]}
    assert owner.http.post(mark, json=bad).status_code == 400
    owner.http.close()


def test_what_can_no_longer_be_seen_is_not_told(
    server_on_each: LiveServer, people: dict[str, Person]
) -> None:
    ann, ben, cat = people.values()
    server_on_each.org("club", "ann")
    database = server_on_each.hub.database
    with database.write() as conn:
        org, member = (accounts.get_account(conn, name) for name in ("club", "ben"))
        accounts.set_role(conn, org, member, "write")
    hf = server_on_each.api(ann.token)
    hf.create_repo("club/secret", private=True)
    hf.create_discussion("club/secret", "Among us", description="@ben @cat @ann")
    assert (ben.told(), cat.told(), ann.told()) == ([1], [], [])
    with database.write() as conn:
        accounts.remove_member(conn, org, member)
    assert ben.inbox() == {
        "notifications": [],
        "count": {"view": 0, "unread": 0, "all": 0},
        "start": 0,
    }
    ben.http.post("/api/discussions/mark-as-read?applyToAll=true", json={})
    hf.update_repo_settings("club/secret", private=False)
    assert ben.inbox()["count"]["unread"] == 1


def test_watching_is_a_choice(hosted: Hosted, people: dict[str, Person]) -> None:
    ann, ben, _ = people.values()
    owner = Person(hosted.server, hosted.repo_id.split("/")[0])
    repo_id = hosted.http.get(hosted.api).json()["_id"]
    with hosted.server.hub.database.read() as conn:
        owner_id = accounts.get_account(conn, owner.name).public_id
    watch = "/api/settings/watch"
    namespace = {"id": owner_id, "type": "user"}
    repository = {"id": repo_id, "type": "repo"}
    assert [one["name"] for one in owner.http.get(watch).json()] == [owner.name]
    changed = ben.http.patch(watch, json={"add": [repository]})
    assert changed.status_code == 200
    assert {"id": repo_id, "type": "repo", "name": hosted.repo_id} in changed.json()
    owner.http.patch(watch, json={"delete": [namespace]})
    assert owner.http.get(watch).json() == []
    api = hosted.server.api(ann.token)
    api.create_discussion(hosted.repo_id, "The first")
    assert (owner.told(), ben.told()) == ([], [1])
    ben.http.patch(watch, json={"add": [namespace], "delete": [repository]})
    owner.http.patch(watch, json={"add": [repository]})
    api.create_discussion(hosted.repo_id, "The second")
    assert (owner.told(), ben.told()) == ([2], [1])
    hosted.hf.update_repo_settings(hosted.repo_id, private=True)
    for body in ({"add": [repository]}, {"add": [{"id": "0" * 24, "type": "org"}]}):
        assert ann.http.patch(watch, json=body).status_code == 404
    assert ann.http.patch(watch, json={"add": [{"id": "\0", "type": "repo"}]}).status_code == 404
    assert ann.http.patch(watch, json={"add": [repository] * 501}).status_code == 400
    owner.http.close()


def test_strangers_have_no_inbox(hosted: Hosted) -> None:
    with hosted.stranger() as stranger:
        assert stranger.get("/api/notifications").status_code == 401
        assert stranger.post("/api/discussions/mark-as-read", json={}).status_code == 401
        assert stranger.get("/api/settings/watch").status_code == 401
        assert stranger.patch("/api/settings/watch", json={}).status_code == 401
