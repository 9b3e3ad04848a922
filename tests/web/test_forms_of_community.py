"""No form of talking, liking, following, watching or collecting counts unless it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from paddock.web.collections.routes import ROUTERS as COLLECTIONS
from paddock.web.discussions.routes import ROUTERS as DISCUSSIONS
from paddock.web.social.routes import ROUTERS as SOCIAL
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer
from tests.web.visitors import Visitor, visitors

FIELDS = {
    "text": "foreign", "title": "foreign title", "status": "closed", "wanted": "1", "all": "1",
    "target": "new", "name": "foreign/model", "note": "foreign", "position": "0", "read": "1",
}  # fmt: skip


class World(NamedTuple):
    """A repository, and a collection with it, of somebody who is signed in."""

    hosted: Hosted
    owner: Visitor
    slug: str
    item: str
    comment: str

    def state(self) -> object:
        """Everything that the forms could change."""
        at = self.hosted.api
        discussion = self.hosted.http.get(f"{at}/discussions/1").json()
        listed = self.hosted.http.get(f"{at}/discussions").json()["count"]
        found = self.hosted.http.get(f"/api/collections/{self.slug}").json()
        likes = self.hosted.http.get(at).json()["likes"]
        inbox = self.hosted.http.get("/api/notifications").json()
        watched = self.hosted.http.get("/api/settings/watch").json()
        collections = self.hosted.http.get("/api/collections").json()
        return discussion, listed, found, likes, inbox, watched, len(collections)

    def path(self, pattern: str) -> str:
        names = {
            "/{kind:kind_prefix}{namespace:segment}/{name:segment}": f"/{self.hosted.repo_id}",
            "{num:segment}": "1", "{comment_id:segment}": self.comment, "{slug:slug}": self.slug,
            "{item_id:segment}": self.item, "{name:segment}": f"{self.owner.name}-f",
        }  # fmt: skip
        for name, value in names.items():
            pattern = pattern.replace(name, value)
        assert "{" not in pattern, pattern
        return pattern


@pytest.fixture(scope="module")
def world(shared_server: LiveServer) -> Iterator[World]:
    with host(shared_server) as hosted:
        name = hosted.repo_id.split("/")[0]
        friend = shared_server.api(shared_server.user(f"{name}-f"))
        friend.create_discussion(hosted.repo_id, "A question", description="@" + name)
        hosted.hf.comment_discussion(hosted.repo_id, 1, "an answer")
        friend.comment_discussion(hosted.repo_id, 1, "thanks")
        found = hosted.hf.create_collection("Mine", exists_ok=True)
        found = hosted.hf.add_collection_item(found.slug, hosted.repo_id, "model")
        events = hosted.http.get(f"{hosted.api}/discussions/1").json()["events"]
        with visitors(shared_server, name) as (owner,):
            item = found.items[0].item_object_id
            yield World(hosted, owner, found.slug, item, events[1]["id"])


def posts() -> list[str]:
    routers = (*DISCUSSIONS, *SOCIAL, *COLLECTIONS)
    return sorted({r.path for router in routers for r in router.routes if "POST" in r.methods})


def test_there_are_the_forms_that_this_file_is_about() -> None:
    assert len(posts()) >= 22


def test_a_form_that_is_not_ours_changes_nothing(world: World) -> None:
    browser, before, key = world.owner.browser, world.state(), {"form_key": world.owner.key}
    taken = []
    for path in map(world.path, posts()):
        refused = [
            browser.post(path, data=FIELDS),
            browser.post(path, data={**FIELDS, "form_key": "0" * 64}),
            browser.post(path, data={**FIELDS, **key}, headers={"Origin": "https://evil.example"}),
            browser.post(path, data={**FIELDS, **key}, headers={"Origin": "null"}),
            browser.post(path, data={**FIELDS, **key}, headers={"Sec-Fetch-Site": "cross-site"}),
        ]
        taken += [(path, answer) for answer in refused if answer.status_code != 403]
    assert taken == []
    assert world.state() == before


def test_to_follow_a_link_changes_nothing(world: World) -> None:
    before = world.state()
    for path in map(world.path, posts()):
        got = world.owner.browser.get(path, params={**FIELDS, "form_key": world.owner.key})
        assert got.status_code in {200, 400, 404, 405}, path
    assert world.state() == before


def test_who_is_not_signed_in_changes_nothing(world: World) -> None:
    before = world.state()
    with world.hosted.stranger() as stranger:
        page = stranger.get("/login").text
        key = page.partition('name="form_key" value="')[2].partition('"')[0]
        for path in map(world.path, posts()):
            answer = stranger.post(path, data={**FIELDS, "form_key": key})
            assert answer.status_code == 401, path
    assert world.state() == before
