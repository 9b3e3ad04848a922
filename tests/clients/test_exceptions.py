"""Every malformed or forbidden request, and the stock client's own exception for it.

Over plain http: the client guesses nothing there and decides on ``X-Error-Code`` alone.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.live import LiveServer

PUBLIC, PRIVATE, GATED = "owner/open", "owner/closed", "owner/gate"
NO_COMMIT = "0" * 40


class Clients(NamedTuple):
    """The same hub, seen by five callers."""

    owner: HfApi
    reader: HfApi  # the owner's token that may only read
    other: HfApi
    stranger: HfApi
    impostor: HfApi  # a token that is none
    folder: Path  # where downloads of this test go


@pytest.fixture(scope="module")
def apis(shared_server: LiveServer) -> Iterator[tuple[HfApi, ...]]:
    server = shared_server
    owner = server.api(server.user("owner"))
    for repo_id, private in ((PUBLIC, False), (PRIVATE, True), (GATED, False)):
        owner.create_repo(repo_id, private=private)
        owner.upload_file(path_or_fileobj=b"text", path_in_repo="a.txt", repo_id=repo_id)
    owner.update_repo_settings(GATED, gated="manual")
    reader = server.api(server.user("owner", role="read"))
    other = server.api(server.user("other"))
    yield owner, reader, other, server.api(), server.api("hf_" + "x" * 37)


@pytest.fixture
def clients(apis: tuple[HfApi, ...], tmp_path: Path) -> Clients:
    return Clients(*apis, tmp_path)


Request = Callable[[Clients], object]


def download(api: HfApi, at: Clients, repo_id: str, name: str = "a.txt", **more: str) -> object:
    return api.hf_hub_download(repo_id, name, cache_dir=at.folder, **more)


def add(api: HfApi, repo_id: str, path: str = "b.txt", **more: str) -> object:
    return api.create_commit(repo_id, [CommitOperationAdd(path, b"b")], commit_message="m", **more)


def head(api: HfApi, repo_id: str, name: str, **more: str) -> object:
    url = hf_hub_url(repo_id, name, endpoint=api.endpoint, **more)
    return get_hf_file_metadata(url, token=api.token)


TABLE: dict[str, tuple[type[Exception], int | None, Request]] = {
    # What is not there, and what one may not know of.
    "info of nothing": (RepositoryNotFoundError, 404, lambda c: c.owner.model_info("owner/none")),
    "info of nothing, stranger": (
        RepositoryNotFoundError, 401, lambda c: c.stranger.model_info("owner/none")),
    "info of a private one": (RepositoryNotFoundError, 404, lambda c: c.other.model_info(PRIVATE)),
    "info of a private one, stranger": (
        RepositoryNotFoundError, 401, lambda c: c.stranger.model_info(PRIVATE)),
    "another kind": (RepositoryNotFoundError, 404, lambda c: c.owner.dataset_info(PUBLIC)),
    "one-part name": (RepositoryNotFoundError, 404, lambda c: c.owner.model_info("gpt2")),
    "one-part name, tree": (
        RepositoryNotFoundError, 404, lambda c: list(c.owner.list_repo_tree("gpt2"))),
    "tree of a private one": (
        RepositoryNotFoundError, 404, lambda c: list(c.other.list_repo_tree(PRIVATE))),
    "commits of a private one": (
        RepositoryNotFoundError, 401, lambda c: c.stranger.list_repo_commits(PRIVATE)),
    "refs of a private one": (
        RepositoryNotFoundError, 404, lambda c: c.other.list_repo_refs(PRIVATE)),
    "paths of a private one": (
        RepositoryNotFoundError, 404, lambda c: c.other.get_paths_info(PRIVATE, ["a.txt"])),
    "file of a private one": (
        RepositoryNotFoundError, 404, lambda c: head(c.other, PRIVATE, "a.txt")),
    "file of a private one, stranger": (
        RepositoryNotFoundError, 401, lambda c: head(c.stranger, PRIVATE, "a.txt")),
    "commit to a private one": (RepositoryNotFoundError, 404, lambda c: add(c.other, PRIVATE)),
    "branch on a private one": (
        RepositoryNotFoundError, 404, lambda c: c.other.create_branch(PRIVATE, branch="x")),
    "delete a private one": (
        RepositoryNotFoundError, 404, lambda c: c.other.delete_repo(PRIVATE)),
    "access to a private one": (
        RepositoryNotFoundError, 404, lambda c: c.other.auth_check(PRIVATE)),
    "no revision": (
        RevisionNotFoundError, 404, lambda c: c.owner.model_info(PUBLIC, revision="none")),
    "no commit": (
        RevisionNotFoundError, 404, lambda c: c.owner.model_info(PUBLIC, revision=NO_COMMIT)),
    "no revision, tree": (
        RevisionNotFoundError, 404, lambda c: list(c.owner.list_repo_tree(PUBLIC, revision="no"))),
    "no revision, file": (
        RevisionNotFoundError, 404, lambda c: head(c.owner, PUBLIC, "a.txt", revision="none")),
    "no revision, commit": (
        RevisionNotFoundError, 404, lambda c: add(c.owner, PUBLIC, revision="none")),
    "no revision, branch": (
        RevisionNotFoundError, 404,
        lambda c: c.owner.create_branch(PUBLIC, branch="x", revision="none")),
    "no revision, tag": (
        RevisionNotFoundError, 404, lambda c: c.owner.create_tag(PUBLIC, tag="x", revision="none")),
    "no tag": (RevisionNotFoundError, 404, lambda c: c.owner.delete_tag(PUBLIC, tag="none")),
    "a revision with a line end": (
        RevisionNotFoundError, 404, lambda c: c.owner.model_info(PUBLIC, revision="a\nb")),
    "a revision of strange letters": (
        RevisionNotFoundError, 404,
        lambda c: c.owner.model_info(PUBLIC, revision="\u202e\U0001f600")),
    "no file": (RemoteEntryNotFoundError, 404, lambda c: download(c.owner, c, PUBLIC, "none.txt")),
    "no file, stranger": (
        RemoteEntryNotFoundError, 404, lambda c: head(c.stranger, PUBLIC, "none.txt")),
    "no folder": (
        RemoteEntryNotFoundError, 404, lambda c: list(c.owner.list_repo_tree(PUBLIC, "none"))),
    "a file as a folder": (
        RemoteEntryNotFoundError, 404, lambda c: list(c.owner.list_repo_tree(PUBLIC, "a.txt"))),
    "a file with a line end": (
        RemoteEntryNotFoundError, 404, lambda c: head(c.owner, PUBLIC, "a\r\nx: y.txt")),
    "a file of strange letters": (
        RemoteEntryNotFoundError, 404, lambda c: head(c.owner, PUBLIC, "\u202e\u2028\U0001f600")),
    "delete no file": (
        RemoteEntryNotFoundError, 404, lambda c: c.owner.delete_file("none.txt", PUBLIC)),
    # What is kept back.
    "gated": (GatedRepoError, 403, lambda c: download(c.other, c, GATED)),
    "gated, stranger": (GatedRepoError, 401, lambda c: download(c.stranger, c, GATED)),
    "gated, by commit": (
        GatedRepoError, 403,
        lambda c: head(c.other, GATED, "a.txt", revision=str(c.other.model_info(GATED).sha))),
    "gated, access": (GatedRepoError, 403, lambda c: c.other.auth_check(GATED)),
    # Who one is, and what one may do.
    "a wrong token": (HfHubHTTPError, 401, lambda c: c.impostor.model_info(PUBLIC)),
    "a wrong token, who am I": (HfHubHTTPError, 401, lambda c: c.impostor.whoami()),
    "a reading token, commit": (HfHubHTTPError, 403, lambda c: add(c.reader, PUBLIC)),
    "a reading token, create": (HfHubHTTPError, 403, lambda c: c.reader.create_repo("owner/new")),
    "another's repository, commit": (HfHubHTTPError, 403, lambda c: add(c.other, PUBLIC)),
    "another's repository, delete": (HfHubHTTPError, 403, lambda c: c.other.delete_repo(PUBLIC)),
    "another's namespace": (HfHubHTTPError, 403, lambda c: c.other.create_repo("owner/new")),
    "a stranger's commit": (HfHubHTTPError, 401, lambda c: add(c.stranger, PUBLIC)),
    "a stranger's repository": (HfHubHTTPError, 401, lambda c: c.stranger.create_repo("owner/new")),
    # What cannot be.
    "a taken name": (HfHubHTTPError, 409, lambda c: c.owner.create_repo(PUBLIC)),
    "a taken tag": (
        HfHubHTTPError, 409,
        lambda c: [c.owner.create_tag(PUBLIC, tag="v1"), c.owner.create_tag(PUBLIC, tag="v1")]),
    "a bad tag": (BadRequestError, 400, lambda c: c.owner.create_tag(PUBLIC, tag="a..b")),
    "a tag with NUL": (BadRequestError, 400, lambda c: c.owner.create_tag(PUBLIC, tag="a\0b")),
    "a stale parent": (
        HfHubHTTPError, 412, lambda c: add(c.owner, PUBLIC, parent_commit=NO_COMMIT)),
    "a field that is none": (
        BadRequestError, 400,
        lambda c: c.owner.model_info(PUBLIC, expand=["nonsense"])),
    "a card that is no YAML": (
        ValueError, None,
        lambda c: c.owner.upload_file(
            path_or_fileobj=b"---\na: [\n---\n", path_in_repo="README.md", repo_id=PUBLIC)),
    "a name with ..": (HFValidationError, None, lambda c: c.owner.model_info("owner/a..b")),
    "an account that is none": (HfHubHTTPError, 404, lambda c: c.owner.get_user_overview("none")),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_client_raises_its_own_exception(clients: Clients, name: str) -> None:
    expected, status, request = TABLE[name]
    with pytest.raises(expected) as caught:
        request(clients)
    assert status is None or caught.type is expected, caught.value
    if isinstance(caught.value, HfHubHTTPError):
        answer = caught.value.response
        assert answer is not None
        assert answer.status_code == status
        assert answer.headers["X-Request-Id"]


BAD_PATHS = ["../a", "a/../../b", "/etc/passwd", "a\0b", "a\nb", "a\\b", ".git/config", "a//b",
             "x" * 300, "a/" * 200 + "b"]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_bad_path_is_refused_and_nothing_is_written(
    clients: Clients, shared_server: LiveServer, path: str
) -> None:
    before = clients.owner.model_info(PUBLIC).sha
    operation = CommitOperationAdd("good", b"b")
    operation.path_in_repo = path  # the client refuses some by itself: an older one might not
    with pytest.raises(HfHubHTTPError) as caught:
        clients.owner.create_commit(PUBLIC, [operation], commit_message="m")
    assert caught.value.response.status_code in {400, 422}
    assert clients.owner.model_info(PUBLIC).sha == before


def test_bytes_that_are_not_those_announced_are_refused(clients: Clients) -> None:
    """By plain LFS, with an address that the batch gave for other bytes."""
    announced = hashlib.sha256(b"announced").hexdigest()
    base, token = clients.owner.endpoint, {"Authorization": f"Bearer {clients.owner.token}"}
    batch = {"operation": "upload", "objects": [{"oid": announced, "size": 9}]}
    told = httpx.post(f"{base}/{PUBLIC}.git/info/lfs/objects/batch", json=batch, headers=token)
    address = told.json()["objects"][0]["actions"]["upload"]["href"]
    for wrong in (b"different", b"announc", b"announced and more"):
        assert httpx.put(address, content=wrong).status_code in {400, 413}
    value = {"path": "big.bin", "algo": "sha256", "oid": announced, "size": 9}
    body = '{"key":"header","value":{"summary":"m"}}\n{"key":"lfsFile","value":%s}'
    answer = httpx.post(
        f"{base}/api/models/{PUBLIC}/commit/main",
        content=body % str(value).replace("'", '"'),
        headers=token,
    )
    assert answer.status_code == 400
    assert announced in answer.json()["error"]


def test_an_upload_that_breaks_off_leaves_nothing_and_works_again(clients: Clients) -> None:
    class Breaks(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 400_000:
                raise ConnectionError("the line is cut")
            return super().read(100_000)

    content = bytes(range(256)) * 4096
    base, token = clients.owner.endpoint, {"Authorization": f"Bearer {clients.owner.token}"}
    named = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    batch = {"operation": "upload", "objects": [named]}
    url = f"{base}/{PUBLIC}.git/info/lfs/objects/batch"
    told = httpx.post(url, json=batch, headers=token).json()["objects"][0]
    length = {"Content-Length": str(len(content))}
    with pytest.raises(ConnectionError):
        httpx.put(told["actions"]["upload"]["href"], content=Breaks(content), headers=length)
    assert "actions" in httpx.post(url, json=batch, headers=token).json()["objects"][0]
    clients.owner.upload_file(path_or_fileobj=content, path_in_repo="w.bin", repo_id=PUBLIC)
    assert Path(str(download(clients.owner, clients, PUBLIC, "w.bin"))).read_bytes() == content


def test_of_two_writers_with_one_parent_one_is_told_to_look_again(clients: Clients) -> None:
    parent = str(clients.owner.model_info(PUBLIC).sha)
    outcomes: list[object] = []

    def write(number: int) -> None:
        try:
            outcomes.append(add(clients.owner, PUBLIC, f"w{number}.txt", parent_commit=parent))
        except HfHubHTTPError as e:
            outcomes.append(e.response.status_code)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sum(outcome == 412 for outcome in outcomes) == 3, outcomes
    assert len(clients.owner.list_repo_commits(PUBLIC)) >= 2


def test_a_head_of_ten_megabytes_is_refused_and_the_server_goes_on(clients: Clients) -> None:
    try:
        answer = httpx.get(f"{clients.owner.endpoint}/", headers={"X-Large": "a" * 10_000_000})
        assert answer.status_code == 431
    except httpx.TransportError:
        pass  # closed while we were still sending
    assert clients.stranger.model_info(PUBLIC).id == PUBLIC


def test_the_client_shows_what_to_do_next(clients: Clients) -> None:
    with pytest.raises(HfHubHTTPError, match="use a token of role 'write'"):
        add(clients.reader, PUBLIC, "a.txt")
    with pytest.raises(HfHubHTTPError, match="`hf auth login` gets one"):
        add(clients.stranger, PUBLIC, "a.txt")
