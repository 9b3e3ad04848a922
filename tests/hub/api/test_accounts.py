"""Users and organisations, as the stock client asks about them."""

from __future__ import annotations

import httpx
import pytest
from huggingface_hub.errors import HfHubHTTPError

from tests.hub.http_calls import call
from tests.live import LiveServer


@pytest.fixture(scope="module")
def people(shared_server: LiveServer) -> LiveServer:
    ann = shared_server.api(shared_server.user("ann"))
    shared_server.user("ben")
    shared_server.org("club", "ann")
    ann.create_repo("open")
    ann.create_repo("closed", private=True)
    ann.create_repo("rows", repo_type="dataset")
    ann.create_repo("club/shared", private=True)
    return shared_server


def test_a_users_overview_counts_what_the_caller_may_see(people: LiveServer) -> None:
    overview = people.api().get_user_overview("ANN")
    assert (overview.username, overview.fullname, overview.user_type) == ("ann", "ann", "user")
    assert (overview.num_models, overview.num_datasets, overview.num_spaces) == (1, 1, 0)
    assert (overview.num_likes, overview.num_followers, overview.num_upvotes) == (0, 0, 0)
    assert (overview.num_discussions, overview.is_following) == (0, False)
    assert [org.name for org in overview.orgs] == ["club"]
    assert people.api(people.user("ann")).get_user_overview("ann").num_models == 2


def test_discussions_are_counted_where_the_caller_may_look(people: LiveServer) -> None:
    ben = people.api(people.user("ben"))
    ben.create_discussion("ann/open", title="Hello there")
    ann = people.api(people.user("ann"))
    ann.create_discussion("ann/closed", title="A secret matter")
    assert people.api().get_user_overview("ben").num_discussions == 1
    assert people.api().get_user_overview("ann").num_discussions == 0
    assert ann.get_user_overview("ann").num_discussions == 1


def test_an_organisation_has_an_overview_and_members(people: LiveServer) -> None:
    overview = people.api().get_organization_overview("Club")
    assert (overview.name, overview.num_users, overview.num_models) == ("club", 1, 0)
    assert (overview.num_followers, overview.is_following) == (0, False)
    members = list(people.api().list_organization_members("club"))
    assert [member.username for member in members] == ["ann"]
    assert list(people.api().list_organization_followers("club")) == []


def test_a_user_is_no_organisation_and_nobody_is_neither(people: LiveServer) -> None:
    api = people.api()
    for ask in (
        lambda: api.get_user_overview("club"),
        lambda: api.get_organization_overview("ann"),
        lambda: api.get_user_overview("nobody"),
        lambda: list(api.list_organization_members("nobody")),
        lambda: list(api.list_user_followers("nobody")),
        lambda: list(api.list_user_following("club")),
        lambda: api.list_liked_repos("nobody"),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            ask()
        assert refused.value.response.status_code == 404
    assert list(api.list_user_followers("ann")) == []
    assert list(api.list_user_following("ann")) == []
    assert api.list_liked_repos("ann").total == 0
    assert httpx.get(f"{people.url}/api/users/a%00b/overview").status_code in {400, 404}


def test_users_follow_users_and_organisations(people: LiveServer) -> None:
    ben = people.user("ben")
    for _ in range(2):
        for path in ("/api/users/ann/follow", "/api/organizations/club/follow"):
            assert call(people, "POST", path, ben).json()["numFollowers"] == 1
    api = people.api(ben)
    assert [user.username for user in api.list_user_followers("ann")] == ["ben"]
    assert [user.username for user in api.list_organization_followers("club")] == ["ben"]
    assert [user.username for user in api.list_user_following("ben")] == ["ann"]
    assert api.get_user_overview("ann").is_following is True
    assert api.get_organization_overview("club").is_following is True
    mine = api.get_user_overview("ben")
    assert (mine.num_following, mine.num_followers) == (1, 0)
    for _ in range(2):
        assert call(people, "DELETE", "/api/users/ann/follow", ben).json()["numFollowers"] == 0
    assert list(api.list_user_followers("ann")) == []
    for path, token, status in (
        ("/api/users/ben/follow", ben, 400),
        ("/api/users/club/follow", ben, 404),
        ("/api/users/ann/follow", None, 401),
        ("/api/users/ann/follow", people.user("ben", role="read"), 403),
    ):
        assert call(people, "POST", path, token).status_code == status, path


def test_followers_come_in_pages(people: LiveServer) -> None:
    people.user("star")
    for number in range(5):
        call(people, "POST", "/api/users/star/follow", people.user(f"fan{number}"))
    seen, path = [], "/api/users/star/followers?limit=2"
    while path:
        answer = call(people, "GET", path)
        seen += [one["user"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "").removeprefix(people.url)
    assert seen == [f"fan{number}" for number in (4, 3, 2, 1, 0)]


def test_storage_is_told_to_those_it_concerns(people: LiveServer) -> None:
    ann = people.api(people.user("ann"))
    own = {(repo.id, repo.type, repo.visibility) for repo in ann.list_user_repos()}
    assert own == {
        ("ann/open", "model", "public"),
        ("ann/closed", "model", "private"),
        ("ann/rows", "dataset", "public"),
    }
    assert all(repo.storage > 0 for repo in ann.list_user_repos())
    assert [repo.id for repo in ann.list_user_repos(namespace="club")] == ["club/shared"]
    with pytest.raises(HfHubHTTPError) as refused:
        list(people.api(people.user("ben")).list_user_repos(namespace="club"))
    assert refused.value.response.status_code == 403
    assert httpx.get(f"{people.url}/api/settings/repositories").status_code == 401
