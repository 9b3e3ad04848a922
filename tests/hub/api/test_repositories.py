"""Repositories as the stock client makes, renames, opens, gates and deletes them."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from paddock.hub.people.accounts import find_account, set_role
from tests.live import LiveServer


def client_of(server: LiveServer, name: str, *, role: str = "write") -> HfApi:
    return server.api(server.user(name, role=role))


def join(server: LiveServer, org: str, user: str, role: str) -> HfApi:
    """A client of a user who has this role in the organisation."""
    api = client_of(server, user)
    with server.hub.database.write() as conn:
        lab, account = find_account(conn, org), find_account(conn, user)
        assert lab is not None and account is not None
        set_role(conn, lab, account, role)
    return api


def post(server: LiveServer, path: str, token: str | None, body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.post(f"{server.url}{path}", json=body, headers=headers)


def test_a_repository_begins_with_its_initial_commit(server_on_each: LiveServer) -> None:
    alice = client_of(server_on_each, "alice")
    url = alice.create_repo("First-Model")
    assert url == f"{server_on_each.url}/alice/First-Model"
    assert url.repo_id == "alice/First-Model"
    info = alice.model_info("ALICE/first-model")
    assert (info.id, info.author, info.private) == ("alice/First-Model", "alice", False)
    commits = alice.list_repo_commits("alice/First-Model")
    assert [c.title for c in commits] == ["initial commit"]
    assert commits[0].authors == ["alice"]
    assert commits[0].commit_id == info.sha
    assert [s.rfilename for s in info.siblings or []] == [".gitattributes"]


def test_the_same_name_may_be_a_model_a_dataset_and_a_space(shared_server: LiveServer) -> None:
    api = client_of(shared_server, "trio")
    api.create_repo("x")
    assert api.create_repo("x", repo_type="dataset").endswith("/datasets/trio/x")
    assert api.create_repo("x", repo_type="space", space_sdk="gradio").endswith("/spaces/trio/x")
    assert api.space_info("trio/x").sdk == "gradio"
    assert api.repo_exists("trio/x", repo_type="dataset")
    assert not api.repo_exists("trio/y", repo_type="dataset")


def test_a_second_creation_is_a_conflict_that_names_the_first(shared_server: LiveServer) -> None:
    token = shared_server.user("twice")
    api = shared_server.api(token)
    first = api.create_repo("Model")
    assert api.create_repo("mODEL", exist_ok=True) == first
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_repo("model")
    assert refused.value.response.status_code == 409
    answer = post(shared_server, "/api/repos/create", token, {"name": "model"})
    assert answer.json()["url"] == first


def test_of_many_who_take_a_name_at_once_one_gets_it(server_on_each: LiveServer) -> None:
    token = server_on_each.user("alice")

    def create(_: int) -> int:
        return post(server_on_each, "/api/repos/create", token, {"name": "m"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [200] + [409] * 7
    assert server_on_each.api(token).list_repo_files("alice/m") == [".gitattributes"]


def test_a_licence_and_files_become_part_of_the_initial_commit(shared_server: LiveServer) -> None:
    token = shared_server.user("files")
    content = base64.b64encode(b"print()\n").decode()
    body = {
        "name": "m",
        "license": "llama3.1",
        "files": [{"path": "src/a.py", "content": content, "encoding": "base64"}],
    }
    assert post(shared_server, "/api/repos/create", token, body).status_code == 200
    api = shared_server.api(token)
    assert api.list_repo_files("files/m") == [".gitattributes", "README.md", "src/a.py"]
    info = api.model_info("files/m")
    assert info.card_data is not None
    assert info.card_data.license == "llama3.1"
    assert "license:llama3.1" in (info.tags or [])
    assert len(api.list_repo_commits("files/m")) == 1


def test_private_repositories_are_asked_for_in_both_spellings(shared_server: LiveServer) -> None:
    token = shared_server.user("spellings")
    api = shared_server.api(token)
    for name, extra in [("old", {"private": True}), ("new", {"visibility": "private"})]:
        assert post(shared_server, "/api/repos/create", token, {"name": name, **extra}).is_success
        assert api.model_info(f"spellings/{name}").private is True
        api.update_repo_settings(f"spellings/{name}", private=False)
        assert api.model_info(f"spellings/{name}").private is False


def test_an_organisation_may_be_private_by_default(shared_server: LiveServer) -> None:
    token = shared_server.user("cautious")
    shared_server.org("secretive", "cautious", private_by_default=True)
    api = shared_server.api(token)
    api.create_repo("secretive/a")
    api.create_repo("secretive/b", private=False)
    assert api.model_info("secretive/a").private is True
    assert api.model_info("secretive/b").private is False


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a..b"}, 400),
        ({"name": "../x"}, 400),
        ({"name": "nul\0"}, 400),
        ({"name": "new\nline"}, 400),
        ({"name": "модель"}, 400),
        ({"name": "x" * 97}, 400),
        ({"name": "x.git"}, 400),
        ({"name": ""}, 400),
        ({}, 400),
        ({"name": 3}, 400),
        ({"name": "x", "type": "bucket"}, 400),
        ({"name": "x", "type": "space"}, 400),
        ({"name": "x", "type": "space", "sdk": "fortran"}, 400),
        ({"name": "x", "visibility": "invisible"}, 400),
        ({"name": "x", "private": "perhaps"}, 400),
        ({"name": "x", "license": "nonsense"}, 400),
        ({"name": "x", "organization": "nobody-at-all"}, 404),
        ({"name": "x", "organization": "nul\0"}, 404),
        ({"name": "x", "organization": "boss"}, 403),
        ({"name": "x", "files": [{"path": "a", "content": "!!!"}]}, 400),
        ({"name": "x", "files": [{"path": "../a", "content": ""}]}, 422),
        ([], 400),
        ("x", 400),
        (None, 400),
    ],
)
def test_a_wrong_creation_is_refused_and_leaves_nothing(
    shared_server: LiveServer, body: object, status: int
) -> None:
    token = shared_server.user("wrong")
    answer = post(shared_server, "/api/repos/create", token, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert answer.headers["x-error-message"].isascii()
    assert list(shared_server.api(token).list_models(author="wrong")) == []


def test_a_stranger_and_a_reading_token_create_nothing(shared_server: LiveServer) -> None:
    assert post(shared_server, "/api/repos/create", None, {"name": "x"}).status_code == 401
    reader = shared_server.user("reader", role="read")
    assert post(shared_server, "/api/repos/create", reader, {"name": "x"}).status_code == 403
    bad = post(shared_server, "/api/repos/create", "hf_wrong", {"name": "x"})
    assert bad.status_code == 401
    assert bad.headers["x-error-message"] == "Invalid credentials in Authorization header"


def test_exist_ok_in_a_foreign_namespace_finds_the_public_repository(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This one path of the client reads the address from HF_ENDPOINT alone.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", shared_server.url)
    client_of(shared_server, "owner1").create_repo("shared")
    guest = client_of(shared_server, "guest1")
    assert guest.create_repo("owner1/shared", exist_ok=True).repo_id == "owner1/shared"
    with pytest.raises(HfHubHTTPError, match="rights to create a model under the namespace"):
        guest.create_repo("owner1/other", exist_ok=True)


def test_a_deleted_repository_is_gone(server_on_each: LiveServer) -> None:
    api = client_of(server_on_each, "alice")
    api.create_repo("m")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="alice/m")
    with pytest.raises(RepositoryNotFoundError):  # to another user a missing repository
        client_of(server_on_each, "bob").delete_repo("alice/none")
    with pytest.raises(HfHubHTTPError) as refused:
        client_of(server_on_each, "bob").delete_repo("alice/m")
    assert refused.value.response.status_code == 403
    api.delete_repo("alice/m")
    assert not api.repo_exists("alice/m")
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo("alice/m")
    api.delete_repo("alice/m", missing_ok=True)
    api.create_repo("m")
    assert api.list_repo_files("alice/m") == [".gitattributes"]


def test_an_old_name_leads_to_the_new_one_until_it_is_taken(server_on_each: LiveServer) -> None:
    api = client_of(server_on_each, "alice")
    api.create_repo("old")
    api.upload_file(path_or_fileobj=b"first", path_in_repo="a.txt", repo_id="alice/old")
    api.move_repo("alice/old", "alice/New")
    assert api.model_info("alice/old").id == "alice/New"
    assert api.list_repo_files("alice/OLD") == [".gitattributes", "a.txt"]
    api.upload_file(path_or_fileobj=b"second", path_in_repo="b.txt", repo_id="alice/old")
    api.move_repo("alice/New", "alice/newest")
    for name in ("old", "new", "newest"):
        assert api.model_info(f"alice/{name}").id == "alice/newest"
    api.create_repo("old")
    assert api.list_repo_files("alice/old") == [".gitattributes"]
    assert api.model_info("alice/new").id == "alice/newest"
    api.move_repo("alice/newest", "alice/new")  # back to a name it had: no circle
    assert api.model_info("alice/newest").id == "alice/new"
    assert api.model_info("alice/new").id == "alice/new"


def test_a_name_taken_anew_no_longer_leads_to_who_left_it(shared_server: LiveServer) -> None:
    api = client_of(shared_server, "renter")
    api.create_repo("flat")
    api.move_repo("renter/flat", "renter/house")
    api.create_repo("flat")
    api.move_repo("renter/flat", "renter/cellar")  # the second to leave this name
    assert api.model_info("renter/flat").id == "renter/cellar"
    api.create_repo("flat")
    api.delete_repo("renter/flat")
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("renter/flat")
    assert api.repo_exists("renter/house")


def test_another_case_of_its_name_is_a_name_it_may_take(shared_server: LiveServer) -> None:
    api = client_of(shared_server, "casing")
    api.create_repo("model")
    api.move_repo("casing/model", "casing/Model")
    assert api.model_info("casing/model").id == "casing/Model"


def test_moving_needs_the_right_to_write_on_both_sides(shared_server: LiveServer) -> None:
    mover = client_of(shared_server, "mover")
    client_of(shared_server, "other")
    shared_server.org("movers-lab", "mover")
    mover.create_repo("m")
    with pytest.raises(HfHubHTTPError) as refused:
        mover.move_repo("mover/m", "other/m")
    assert refused.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError) as refused:
        client_of(shared_server, "other").move_repo("mover/m", "other/m")
    assert refused.value.response.status_code == 403
    mover.move_repo("mover/m", "movers-lab/m")
    assert mover.model_info("mover/m").id == "movers-lab/m"
    with pytest.raises(RepositoryNotFoundError):
        mover.move_repo("mover/none", "movers-lab/n")


def test_moving_onto_another_repository_is_a_conflict(shared_server: LiveServer) -> None:
    api = client_of(shared_server, "clash")
    for name in ("a", "b"):
        api.create_repo(name)
    for target in ("b", "B", "a"):
        with pytest.raises(HfHubHTTPError, match=r"A model repository called clash/.* already"):
            api.move_repo("clash/a", f"clash/{target}")
    assert api.repo_exists("clash/a")
    with pytest.raises(BadRequestError):
        api.move_repo("clash/a", "clash/.a")


def test_a_private_repository_does_not_exist_for_others(shared_server: LiveServer) -> None:
    owner = client_of(shared_server, "hider")
    owner.create_repo("p", private=True)
    stranger, guest = shared_server.api(), client_of(shared_server, "seeker")
    for api, status in [(stranger, 401), (guest, 404)]:
        for name in ("hider/p", "hider/never-was"):
            for ask in (api.model_info, api.list_repo_files, api.list_repo_refs, api.auth_check):
                with pytest.raises(RepositoryNotFoundError) as refused:
                    ask(name)
                assert refused.value.response.status_code == status
    hidden, missing = (
        httpx.get(f"{shared_server.url}/api/models/hider/{n}") for n in ("p", "never-was")
    )
    same = {"hider/p": "X", "hider/never-was": "X"}
    texts = [hidden.json()["error"], missing.json()["error"]]
    assert len({t.replace(n, x) for t, (n, x) in zip(texts, same.items(), strict=True)}) == 1
    assert owner.model_info("hider/p").private
    assert client_of(shared_server, "hider", role="read").model_info("hider/p").private


def test_the_old_name_of_a_private_repository_is_not_a_way_to_find_it(
    shared_server: LiveServer,
) -> None:
    owner = client_of(shared_server, "cover")
    owner.create_repo("before", private=True)
    owner.move_repo("cover/before", "cover/after")
    assert owner.model_info("cover/before").id == "cover/after"
    answer = httpx.get(f"{shared_server.url}/api/models/cover/before")
    assert answer.status_code == 401
    assert "after" not in answer.text


def test_roles_in_an_organisation_decide_who_writes(shared_server: LiveServer) -> None:
    founder = client_of(shared_server, "founder")
    shared_server.org("team", "founder")
    founder.create_repo("team/base", private=True)
    writer = join(shared_server, "team", "writer", "write")
    helper = join(shared_server, "team", "helper", "contributor")
    viewer = join(shared_server, "team", "viewer", "read")

    writer.auth_check("team/base", write=True)
    writer.create_repo("team/by-writer")
    helper.create_repo("team/by-helper")
    helper.auth_check("team/by-helper", write=True)
    founder.auth_check("team/by-helper", write=True)
    for api, repo in [(helper, "team/base"), (helper, "team/by-writer"), (viewer, "team/base")]:
        assert api.model_info(repo).id == repo
        api.auth_check(repo)
        with pytest.raises(HfHubHTTPError) as refused:
            api.auth_check(repo, write=True)
        assert refused.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError) as refused:
        viewer.create_repo("team/by-viewer")
    assert refused.value.response.status_code == 403


def test_a_token_that_may_only_read_changes_nothing(shared_server: LiveServer) -> None:
    client_of(shared_server, "frozen").create_repo("m")
    reader = client_of(shared_server, "frozen", role="read")
    reader.auth_check("frozen/m")
    changes = [
        lambda: reader.auth_check("frozen/m", write=True),
        lambda: reader.delete_repo("frozen/m"),
        lambda: reader.move_repo("frozen/m", "frozen/n"),
        lambda: reader.update_repo_settings("frozen/m", private=True),
        lambda: reader.create_repo("n"),
    ]
    for change in changes:
        with pytest.raises(HfHubHTTPError) as refused:
            change()
        assert refused.value.response.status_code == 403
    assert reader.model_info("frozen/m").private is False


def test_an_administrator_does_everything_with_an_admin_token_only(
    shared_server: LiveServer,
) -> None:
    client_of(shared_server, "citizen").create_repo("p", private=True)
    assert shared_server.admin_api.model_info("citizen/p").private
    with pytest.raises(RepositoryNotFoundError):
        client_of(shared_server, shared_server.admin, role="write").model_info("citizen/p")
    with pytest.raises(RepositoryNotFoundError):  # the role alone makes nobody an administrator
        client_of(shared_server, "climber", role="admin").model_info("citizen/p")
    shared_server.admin_api.delete_repo("citizen/p")


def test_a_gated_repository_shows_itself_and_keeps_its_contents(shared_server: LiveServer) -> None:
    owner = client_of(shared_server, "gatekeeper")
    owner.create_repo("g")
    owner.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="gatekeeper/g")
    owner.update_repo_settings("gatekeeper/g", gated="manual")
    assert owner.model_info("gatekeeper/g").gated == "manual"
    stranger, guest = shared_server.api(), client_of(shared_server, "visitor")
    for api, status in [(stranger, 401), (guest, 403)]:
        assert api.model_info("gatekeeper/g").gated == "manual"
        assert api.list_repo_files("gatekeeper/g") == [".gitattributes", "a.txt"]
        with pytest.raises(GatedRepoError) as refused:
            api.auth_check("gatekeeper/g")
        assert refused.value.response.status_code == status
    assert refused.value.server_message == (
        "Access to model gatekeeper/g is restricted and you are not in the authorized list. "
        f"Visit {shared_server.url}/gatekeeper/g to ask for access."
    )
    owner.auth_check("gatekeeper/g")
    client_of(shared_server, "gatekeeper", role="read").auth_check("gatekeeper/g")
    with pytest.raises(HfHubHTTPError) as refused_write:
        guest.auth_check("gatekeeper/g", write=True)
    assert refused_write.value.response.status_code == 403


def test_somebody_is_let_in_by_name(shared_server: LiveServer) -> None:
    owner, guest = client_of(shared_server, "host"), client_of(shared_server, "friend")
    owner.create_repo("g")
    with pytest.raises(BadRequestError, match="not gated"):
        owner.grant_access("host/g", "friend")
    owner.update_repo_settings("host/g", gated="auto")
    with pytest.raises(HfHubHTTPError) as refused:
        guest.grant_access("host/g", "friend")
    assert refused.value.response.status_code == 403
    owner.grant_access("host/g", "Friend")
    guest.auth_check("host/g")
    for again, status in [("friend", 400), ("nobody-here", 404)]:
        with pytest.raises(HfHubHTTPError) as refused:
            owner.grant_access("host/g", again)
        assert refused.value.response.status_code == status
    owner.update_repo_settings("host/g", private=True)  # the gate is not the door
    with pytest.raises(RepositoryNotFoundError):
        guest.auth_check("host/g")
    owner.update_repo_settings("host/g", private=False, gated=False)
    assert owner.model_info("host/g").gated is False
    shared_server.api().auth_check("host/g")


@pytest.mark.parametrize(
    "body", [{"gated": "sometimes"}, {"gated": True}, {"private": 1}, {"visibility": "x"}, []]
)
def test_wrong_settings_are_refused(shared_server: LiveServer, body: object) -> None:
    token = shared_server.user("settler")
    shared_server.api(token).create_repo("m", exist_ok=True)
    answer = httpx.put(
        f"{shared_server.url}/api/models/settler/m/settings",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 400, answer.text


def test_names_without_a_namespace_are_unknown_repositories(shared_server: LiveServer) -> None:
    api = client_of(shared_server, "plain")
    for ask in (
        lambda: api.model_info("gpt2"),
        lambda: api.model_info("gpt2", revision="main"),
        lambda: api.list_repo_files("gpt2"),
        lambda: api.list_repo_commits("gpt2"),
        lambda: api.dataset_info("squad"),
    ):
        with pytest.raises(RepositoryNotFoundError) as refused:
            ask()
        assert refused.value.response.status_code == 404
    stranger = httpx.get(f"{shared_server.url}/api/models/gpt2")
    assert (stranger.status_code, stranger.headers["x-error-code"]) == (401, "RepoNotFound")
    unknown = httpx.get(f"{shared_server.url}/api/models/plain/x/no-such-route")
    assert (unknown.status_code, unknown.headers.get("x-error-code")) == (404, None)
