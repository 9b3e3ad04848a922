"""A hub that mirrors another: what is asked for appears, what may not be passed on does not."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from paddock.hub.mirror.tables import mirrors
from paddock.hub.people.accounts import find_account, set_role
from paddock.hub.people.leaving import delete_account
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server

_numbers = itertools.count(1)
LARGE = os.urandom(3_000_000)


@pytest.fixture
def ada(upstream: LiveServer) -> HfApi:
    return upstream.api(upstream.user("ada"))


def publish(
    ada: HfApi, *, licence: str | None = "mit", large: bytes = LARGE, owner: str = "ada"
) -> str:
    """A repository of Ada's on the other hub."""
    name = f"{owner}/model-{next(_numbers)}"
    ada.create_repo(name)
    card = f"---\nlicense: {licence}\n---\n" if licence else "---\ntags: [a]\n---\n"
    ada.create_commit(
        name,
        [
            CommitOperationAdd("README.md", card.encode()),
            CommitOperationAdd("config.json", b"{}"),
            CommitOperationAdd("model.bin", large),
        ],
        commit_message="first files",
    )
    return name


def reader(mirror: LiveServer) -> HfApi:
    return mirror.api(mirror.user("rita"))


def test_a_repository_appears_with_its_commits_as_they_are_there(
    ada: HfApi, mirror: LiveServer, tmp_path: Path
) -> None:
    name = publish(ada)
    ada.create_tag(name, tag="v1", tag_message="one")
    ada.create_branch(name, branch="dev")
    rita = reader(mirror)
    assert rita.model_info(name).sha == ada.model_info(name).sha
    assert [c.commit_id for c in rita.list_repo_commits(name)] == [
        c.commit_id for c in ada.list_repo_commits(name)
    ]
    assert rita.list_repo_refs(name) == ada.list_repo_refs(name)
    folder = Path(rita.snapshot_download(name, revision="v1", cache_dir=tmp_path))
    assert (folder / "model.bin").read_bytes() == LARGE


def test_a_large_file_is_kept_and_served_when_the_other_hub_is_gone(
    ada: HfApi, mirror: LiveServer, tmp_path: Path
) -> None:
    name = publish(ada)
    rita = reader(mirror)
    rita.hf_hub_download(name, "model.bin", cache_dir=tmp_path / "one")
    ada.delete_repo(name)
    path = rita.hf_hub_download(name, "model.bin", cache_dir=tmp_path / "two")
    assert Path(path).read_bytes() == LARGE
    stranger = mirror.api()
    assert stranger.model_info(name).id == name, "what is here is anybody's to read"


def test_a_pointer_there_does_not_give_what_somebody_keeps_here(
    ada: HfApi, mirror: LiveServer
) -> None:
    name, secret = publish(ada), os.urandom(2_000_000)
    digest = hashlib.sha256(secret).hexdigest()
    ada.create_commit(
        name, [CommitOperationAdd("secret.bin", secret)], commit_message="for the pointer"
    )
    ada.permanently_delete_lfs_files(
        name,
        [file for file in ada.list_lfs_files(name) if file.file_oid == digest],
        rewrite_history=False,
    )
    owner = mirror.user("owner")
    mirror.api(owner).create_repo("owner/private", private=True)
    batch = httpx.post(
        f"{mirror.url}/owner/private.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": digest, "size": len(secret)}]},
        headers={"Authorization": f"Bearer {owner}"},
    ).json()
    href = batch["objects"][0]["actions"]["upload"]["href"]
    assert httpx.put(href, content=secret).status_code == 200
    rita = mirror.user("rita")
    assert mirror.api(rita).file_exists(name, "config.json")
    headers = {"Authorization": f"Bearer {rita}"}
    for _ in range(2):
        answer = httpx.get(f"{mirror.url}/{name}/resolve/main/secret.bin", headers=headers)
        assert answer.status_code >= 400
        assert secret[:1000] not in answer.content


def test_a_range_of_a_file_that_is_not_here_yet(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    reader(mirror).model_info(name)
    answer = httpx.get(
        f"{mirror.url}/{name}/resolve/main/model.bin", headers={"Range": "bytes=2500000-2500099"}
    )
    assert answer.status_code == 206
    assert answer.content == LARGE[2_500_000:2_500_100]


def test_new_commits_follow(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    rita = reader(mirror)
    rita.model_info(name)
    ada.upload_file(path_or_fileobj=b"new", path_in_repo="new.txt", repo_id=name)
    ada.create_branch(name, branch="later")
    assert rita.file_exists(name, "new.txt")
    ada.super_squash_history(name)
    ada.delete_branch(name, branch="later")
    assert len(rita.list_repo_commits(name)) == 1
    assert [b.name for b in rita.list_repo_refs(name).branches] == ["main"]


@pytest.mark.parametrize("licence", [None, "unknown"])
def test_what_names_no_licence_is_not_passed_on(
    licence: str | None, ada: HfApi, mirror: LiveServer
) -> None:
    name = publish(ada, licence=licence)
    with pytest.raises(HfHubHTTPError, match="licence") as refused:
        reader(mirror).model_info(name)
    assert refused.value.response.status_code == 403


def test_a_gate_there_is_a_gate_here(
    ada: HfApi, upstream: LiveServer, mirror: LiveServer, tmp_path: Path
) -> None:
    name = publish(ada)
    ada.update_repo_settings(name, gated="auto")
    ada.grant_access(name, "reader")
    rita = reader(mirror)
    assert rita.model_info(name).gated == "manual"
    with pytest.raises(GatedRepoError):
        rita.hf_hub_download(name, "config.json", cache_dir=tmp_path)
    mirror.admin_api.grant_access(name, "rita")
    assert rita.hf_hub_download(name, "config.json", cache_dir=tmp_path)


def test_a_gate_that_we_did_not_pass_there_is_told(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    ada.update_repo_settings(name, gated="manual")
    with pytest.raises(HfHubHTTPError, match="does not let us read"):
        reader(mirror).model_info(name)


def test_what_we_may_not_see_there_does_not_exist_here(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    ada.update_repo_settings(name, private=True)
    with pytest.raises(RepositoryNotFoundError):
        reader(mirror).model_info(name)


@pytest.mark.parametrize("licence", [None, "mit"])
def test_what_is_private_there_is_hidden_here_though_we_may_see_it(
    licence: str | None, ada: HfApi, upstream: LiveServer, mirror: LiveServer
) -> None:
    org = f"lab-{licence}"
    upstream.org(org, "ada")
    with upstream.hub.database.write() as conn:  # so the mirror sees what is private there
        lab, account = find_account(conn, org), find_account(conn, "reader")
        assert lab is not None
        assert account is not None
        set_role(conn, lab, account, "read")
    name = publish(ada, licence=licence, owner=org)
    if licence is not None:
        reader(mirror).model_info(name)  # it was public, and was mirrored
    ada.update_repo_settings(name, private=True)
    for _ in range(2):
        with pytest.raises(RepositoryNotFoundError):
            reader(mirror).model_info(name)
    if licence is not None:
        ada.create_commit(
            name,
            [CommitOperationAdd("README.md", b"---\ntags: [a]\n---\n")],
            commit_message="No licence any more",
        )
        with pytest.raises(RepositoryNotFoundError):
            reader(mirror).model_info(name)


def test_a_name_that_is_kept_here_is_not_filled_from_there(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    mirror.user("ada")
    with mirror.hub.database.write() as conn:
        gone = find_account(conn, "ada")
        assert gone is not None
        delete_account(conn, gone)
    with pytest.raises(RepositoryNotFoundError):
        reader(mirror).model_info(name)


def test_a_name_that_somebody_has_here_never_comes_from_there(
    ada: HfApi, mirror: LiveServer
) -> None:
    name = publish(ada)
    mirror.user("ada")
    with pytest.raises(RepositoryNotFoundError):
        reader(mirror).model_info(name)


def test_a_stranger_starts_no_mirror(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    with pytest.raises(RepositoryNotFoundError):
        mirror.api().model_info(name)


def test_nobody_writes_to_a_mirror(ada: HfApi, mirror: LiveServer) -> None:
    name = publish(ada)
    rita = reader(mirror)
    rita.model_info(name)
    with pytest.raises(HfHubHTTPError) as refused:
        rita.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=name)
    assert refused.value.response.status_code == 403


def test_git_clones_a_mirror_with_its_large_files(
    ada: HfApi, mirror: LiveServer, tmp_path: Path
) -> None:
    name = publish(ada)
    address = mirror.url.replace("http://", f"http://rita:{mirror.user('rita')}@")
    subprocess.run(["git", "clone", "-q", f"{address}/{name}", tmp_path / "clone"], check=True)
    git = ["git", "-C", str(tmp_path / "clone")]
    subprocess.run([*git, "lfs", "install", "--local"], check=True, capture_output=True)
    subprocess.run([*git, "lfs", "pull"], check=True, capture_output=True)
    assert (tmp_path / "clone" / "model.bin").read_bytes() == LARGE


def test_many_who_ask_at_once_start_one_mirror(ada: HfApi, mirror: LiveServer) -> None:
    name, rita = publish(ada), reader(mirror)
    with ThreadPoolExecutor(8) as threads:
        shas = list(threads.map(lambda _: rita.model_info(name).sha, range(8)))
    assert set(shas) == {ada.model_info(name).sha}


def test_when_the_other_hub_does_not_answer_what_is_here_is_served(
    upstream: LiveServer, ada: HfApi, tmp_path: Path
) -> None:
    name = publish(ada)
    port = free_port()
    with live_server(
        tmp_path / "data", sqlite_url(tmp_path), upstream=upstream.url, upstream_refresh_seconds=0
    ) as mirror:
        rita = reader(mirror)
        sha = rita.model_info(name).sha
        dead = dataclasses.replace(mirror.hub.mirror.upstream, url=f"http://127.0.0.1:{port}")
        mirror.hub.mirror.upstream = dead
        with mirror.hub.database.write() as conn:
            conn.execute(mirrors.update().values(upstream=dead.url))
        assert rita.model_info(name).sha == sha
        answer = httpx.get(
            f"{mirror.url}/api/models/ada/another",
            headers={"Authorization": f"Bearer {mirror.user('rita')}"},
        )
        assert answer.status_code == 503
        assert "does not answer" in answer.json()["error"]
        dead.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
