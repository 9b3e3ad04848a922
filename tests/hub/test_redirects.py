"""Old names of repositories: they lead where they led, and nobody gets behind them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from paddock.hub.people.accounts import find_account, set_role
from tests.live import LiveServer


def give_role(server: LiveServer, org: str, user: str, role: str) -> None:
    with server.hub.database.write() as conn:
        found, member = find_account(conn, org), find_account(conn, user)
        assert found is not None
        assert member is not None
        set_role(conn, found, member, role)


def a_release(api: HfApi, repo: str, text: str) -> str:
    api.create_repo(repo)
    done = api.upload_file(path_or_fileobj=text.encode(), path_in_repo="a.txt", repo_id=repo)
    return str(done.oid)


def test_a_pinned_download_outlives_the_name_it_was_written_with(
    server_on_each: LiveServer, tmp_path: Path
) -> None:
    api = server_on_each.api(server_on_each.user("alice"))
    commit = a_release(api, "alice/model", "the first")
    api.move_repo("alice/model", "alice/elsewhere")
    other = a_release(api, "alice/model", "another")
    pinned = {"endpoint": server_on_each.url, "revision": commit, "token": False}
    path = hf_hub_download("alice/model", "a.txt", **pinned, cache_dir=tmp_path / "one")
    assert Path(path).read_text() == "the first"
    folder = snapshot_download("alice/model", **pinned, cache_dir=tmp_path / "many")
    assert (Path(folder) / "a.txt").read_text() == "the first"
    latest = {**pinned, "revision": other}
    path = hf_hub_download("alice/model", "a.txt", **latest, cache_dir=tmp_path / "two")
    assert Path(path).read_text() == "another"
    api.delete_repo("alice/model")
    path = hf_hub_download("alice/model", "a.txt", **pinned, cache_dir=tmp_path / "three")
    assert Path(path).read_text() == "the first"


def test_a_commit_leads_nowhere_for_those_who_may_not_see_it(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("bella"))
    commit = a_release(api, "bella/model", "soon secret")
    api.move_repo("bella/model", "bella/hidden")
    api.update_repo_settings("bella/hidden", private=True)
    a_release(api, "bella/model", "public")
    with pytest.raises(RevisionNotFoundError):
        shared_server.api().repo_info("bella/model", revision=commit)
    assert api.repo_info("bella/model", revision=commit).id == "bella/hidden"


def test_a_commit_of_a_repository_that_never_had_the_name_is_not_found(
    shared_server: LiveServer,
) -> None:
    api = shared_server.api(shared_server.user("chloe"))
    commit = a_release(api, "chloe/one", "one")
    a_release(api, "chloe/two", "two")
    with pytest.raises(RevisionNotFoundError):
        api.repo_info("chloe/two", revision=commit)


def test_only_the_owner_takes_a_name_that_still_leads_somewhere(
    server_on_each: LiveServer,
) -> None:
    owner = server_on_each.api(server_on_each.user("dana"))
    rival = server_on_each.api(server_on_each.user("rival"))
    server_on_each.org("lab", "dana")
    for role in ("contributor", "write"):
        give_role(server_on_each, "lab", "rival", role)
        name = f"lab/model-{role}"
        a_release(owner, name, "trusted")
        owner.move_repo(name, f"dana/model-{role}")
        for take in (
            lambda name=name: rival.create_repo(name),
            lambda name=name, role=role: rival.move_repo(f"rival/own-{role}", name),
        ):
            rival.create_repo(f"rival/own-{role}", exist_ok=True)
            with pytest.raises(HfHubHTTPError) as refused:
                take()
            assert refused.value.response.status_code == 403
        stranger = server_on_each.api()
        assert stranger.repo_info(name).id == f"dana/model-{role}"
    owner.create_repo("lab/model-write")
    assert server_on_each.api().repo_info("lab/model-write").id == "lab/model-write"


def test_another_spelling_of_the_old_name_leads_there_too(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("edda"))
    commit = a_release(api, "edda/Model", "x")
    api.move_repo("edda/Model", "edda/new")
    a_release(api, "edda/model", "y")
    found = httpx.get(
        f"{shared_server.url}/EDDA/MODEL/resolve/{commit}/a.txt", follow_redirects=True
    )
    assert found.text == "x"


def test_a_moved_private_repository_is_not_told_of(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("fiona"))
    api.create_repo("fiona/secret", private=True)
    api.move_repo("fiona/secret", "fiona/other")
    with pytest.raises(RepositoryNotFoundError):
        shared_server.api().repo_info("fiona/secret")
