"""Likes: counted once for each user, and telling nobody of what they may not see."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub.errors import RepositoryNotFoundError

from tests.hub.http_calls import call
from tests.live import LiveServer


def like(server: LiveServer, repo: str, token: str | None, method: str = "POST") -> int:
    return call(server, method, f"/api/models/{repo}/like", token).status_code


def test_a_user_likes_a_model_once_and_takes_it_back(shared_server: LiveServer) -> None:
    ann, ben = (shared_server.user(name) for name in ("lia", "lib"))
    shared_server.api(ann).create_repo("lia/liked")
    for _ in range(2):
        assert like(shared_server, "lia/liked", ben) == 200
    assert like(shared_server, "LIA/Liked", ann) == 200
    api = shared_server.api(ben)
    assert api.model_info("lia/liked").likes == 2
    assert [user.username for user in api.list_repo_likers("lia/liked")] == ["lia", "lib"]
    assert api.list_liked_repos("lib").models == ["lia/liked"]
    assert shared_server.api().get_user_overview("lib").num_likes == 1
    for _ in range(2):
        api.unlike("lia/liked")
    assert api.model_info("lia/liked").likes == 1
    assert api.list_liked_repos().total == 0


def test_models_are_listed_by_likes(shared_server: LiveServer) -> None:
    owner = shared_server.user("lic")
    api = shared_server.api(owner)
    for name in ("few", "many", "none"):
        api.create_repo(f"lic/{name}")
    for name, fans in (("few", 1), ("many", 3)):
        for fan in range(fans):
            assert like(shared_server, f"lic/{name}", shared_server.user(f"fan{fan}")) == 200
    listed = [model.id for model in api.list_models(author="lic", sort="likes")]
    assert listed == ["lic/many", "lic/few", "lic/none"]


def test_strangers_and_readers_do_not_like(shared_server: LiveServer) -> None:
    shared_server.api(shared_server.user("lid")).create_repo("lid/public")
    reader = shared_server.user("lie", role="read")
    assert like(shared_server, "lid/public", None) == 401
    assert like(shared_server, "lid/public", reader) == 403
    assert like(shared_server, "lid/nothing", None) == 401
    with pytest.raises(RepositoryNotFoundError):
        shared_server.api(shared_server.user("lie")).unlike("lid/nothing")


def test_likes_of_what_became_private_are_told_to_nobody_else(shared_server: LiveServer) -> None:
    owner, fan, other = (shared_server.user(name) for name in ("lif", "lig", "lih"))
    api = shared_server.api(owner)
    api.create_repo("lif/secret", repo_type="dataset")
    assert call(shared_server, "POST", "/api/datasets/lif/secret/like", fan).status_code == 200
    assert call(shared_server, "POST", "/api/datasets/lif/secret/like", owner).status_code == 200
    api.update_repo_settings("lif/secret", repo_type="dataset", private=True)
    assert shared_server.api(other).list_liked_repos("lif").total == 0
    assert shared_server.api(other).get_user_overview("lif").num_likes == 0
    assert api.list_liked_repos("lif").datasets == ["lif/secret"]
    assert like(shared_server, "lif/secret", fan) == 404
    with pytest.raises(RepositoryNotFoundError):
        list(shared_server.api(other).list_repo_likers("lif/secret", repo_type="dataset"))


def test_a_renamed_model_keeps_its_likes_and_a_deleted_one_ends_them(
    shared_server: LiveServer,
) -> None:
    token = shared_server.user("lii")
    api = shared_server.api(token)
    api.create_repo("lii/before")
    assert like(shared_server, "lii/before", token) == 200
    api.move_repo("lii/before", "lii/after")
    assert api.list_liked_repos().models == ["lii/after"]
    api.delete_repo("lii/after")
    assert api.list_liked_repos().total == 0


def test_lists_come_in_pages(shared_server: LiveServer) -> None:
    token = shared_server.user("lij")
    api = shared_server.api(token)
    names = [f"lij/m{number}" for number in range(5)]
    for name in names:
        api.create_repo(name)
        assert like(shared_server, name, token) == 200
    seen, path = [], "/api/users/lij/likes?limit=2"
    while path:
        answer = call(shared_server, "GET", path)
        seen += [one["repo"]["name"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "").removeprefix(shared_server.url)
    assert seen == names[::-1]
    for cursor in ("x", "e30=", "WzEsMl0=", "A" * 5000, "WyJcdWQ4MDAiLDFd"):
        answer = call(shared_server, "GET", f"/api/users/lij/likes?cursor={cursor}")
        assert answer.status_code == 400


def test_the_count_is_true_however_many_like_at_once(server_on_each: LiveServer) -> None:
    server_on_each.api(server_on_each.user("ann")).create_repo("ann/m")
    fans = [server_on_each.user(f"fan{number}") for number in range(8)]

    def toggle(number: int) -> None:
        for method in ("POST", "POST", "DELETE", "DELETE", "POST", "DELETE")[: 3 + number % 4]:
            assert like(server_on_each, "ann/m", fans[number // 2], method) == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(toggle, range(16)))
    api = server_on_each.api()
    assert api.model_info("ann/m").likes == len(list(api.list_repo_likers("ann/m")))
