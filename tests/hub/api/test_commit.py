"""Commits over HTTP: what is acknowledged, and what is refused whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import httpx
import orjson
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.api.hosted import Hosted, file_line, host, line
from tests.live import LiveServer

STALE = "The branch was updated since you opened this page. Please refresh and try again."


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def test_the_stock_client_adds_replaces_copies_and_deletes(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    done = hf.create_commit(
        repo,
        [
            CommitOperationAdd("a.txt", b"one"),
            CommitOperationAdd("d/b.txt", b"two"),
            CommitOperationAdd("d/e/c.txt", b"three"),
            CommitOperationAdd("empty", b""),
        ],
        commit_message="Add",
        commit_description="A\nlonger story",
    )
    assert done.commit_url == f"{hosted.server.url}/{repo}/commit/{done.oid}"
    assert (done.commit_message, done.commit_description) == ("Add", "A\nlonger story")
    hf.create_commit(
        repo,
        [
            CommitOperationAdd("a.txt", b"one again"),
            CommitOperationCopy("d/b.txt", "copied.txt"),
            CommitOperationDelete("d/", is_folder=True),
        ],
        commit_message="Change",
        parent_commit=done.oid,
    )
    assert sorted(hf.list_repo_files(repo)) == [".gitattributes", "a.txt", "copied.txt", "empty"]
    newest, add, _ = hf.list_repo_commits(repo)
    assert (add.title, add.message, add.authors) == ("Add", "A\nlonger story", [repo.split("/")[0]])
    assert newest.title == "Change"
    hf.delete_file("a.txt", repo)
    hf.upload_file(path_or_fileobj=b"x", path_in_repo="x/y/z", repo_id=repo)
    hf.delete_folder("x/y", repo)
    assert sorted(hf.list_repo_files(repo)) == [".gitattributes", "copied.txt", "empty"]


def test_the_stock_client_raises_its_right_exceptions(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    first = hf.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id=repo)
    add = [CommitOperationAdd("b", b"2")]
    with pytest.raises(RevisionNotFoundError):
        hf.create_commit(repo, add, commit_message="x", revision="none")
    with pytest.raises(RevisionNotFoundError):
        hosted.hf.create_commit(repo, add, commit_message="x", revision=first.oid)
    with pytest.raises(RepositoryNotFoundError):
        hf.create_commit("user0/none", add, commit_message="x")
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        hf.delete_file("none", repo)
    with pytest.raises(HfHubHTTPError, match=STALE) as stale:
        hf.create_commit(repo, add, commit_message="x", parent_commit="0" * 40)
    assert stale.value.response.status_code == 412
    assert hosted.tip() == first.oid


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 422),
        ("/etc/passwd", 422),
        ("..\\ddd", 422),
        ("../x", 422),
        ("a/../../x", 422),
        (".git/hooks/pre-commit", 422),
        ("a/.GIT/config", 422),
        ("a\nb", 422),
        ("a\0b", 422),
        ("x" * 300, 422),
        ("a/" * 200 + "b", 422),
        ("🐎/é\u202e.bin", 200),
    ],
)
def test_a_hostile_path_is_422_and_nothing_else(hosted: Hosted, path: str, status: int) -> None:
    before = hosted.tip()
    answer = hosted.post_commit(file_line("good", b"1"), file_line(path, b"2"))
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["error"]
        assert hosted.tip() == before


@pytest.mark.parametrize("body", [b"", b"{}", b"not json\n", b"\xff" * 10, b'{"key":"header"}'])
def test_a_malformed_body_is_400(hosted: Hosted, body: bytes) -> None:
    answer = hosted.http.post(f"{hosted.api}/commit/main", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_large_file_that_was_not_uploaded_is_400(hosted: Hosted) -> None:
    answer = hosted.post_commit(line("lfsFile", path="m.bin", algo="sha256", oid="ab" * 32, size=3))
    assert answer.status_code == 400
    assert "was not uploaded" in answer.json()["error"]


def test_only_who_may_write_is_even_listened_to(hosted: Hosted) -> None:
    """The refusal comes before the body: nobody fills our disk without a right to."""
    stranger = hosted.server.user("stranger")
    reader = hosted.server.user(hosted.repo_id.split("/")[0], role="read")
    for token, status in ((None, 401), (stranger, 403), (reader, 403), ("hf_wrong", 401)):
        connection = HTTPConnection(hosted.server.url.removeprefix("http://"), timeout=20)
        connection.putrequest("POST", f"{hosted.api}/commit/main")
        connection.putheader("Content-Length", "1000000000")
        if token:
            connection.putheader("Authorization", f"Bearer {token}")
        connection.endheaders()  # and not one byte of the body
        assert connection.getresponse().status == status
        connection.close()


def test_a_commit_of_many_megabytes_of_small_files_and_one_of_ten(hosted: Hosted) -> None:
    ten = bytes(range(256)) * 40 * 1024  # exactly 10 MiB
    contents = {f"f{n}": b"%d" % n * 20_000 for n in range(100)} | {"tokenizer.json": ten}
    hosted.commit(contents)
    for path, content in contents.items():
        answer = hosted.http.get(f"/{hosted.repo_id}/resolve/main/{path}")
        assert answer.content == content
    too_large = hosted.post_commit(file_line("x", ten + b"1"))
    assert too_large.status_code == 413


def test_ten_thousand_files_in_one_commit(hosted: Hosted) -> None:
    contents = {f"d{n % 70}/f{n}.txt": b"%d" % n for n in range(10_000)}
    hosted.commit(contents)
    listed = hosted.hf.list_repo_tree(hosted.repo_id, recursive=True)
    sizes = {entry.path: entry.size for entry in listed if hasattr(entry, "size")}
    del sizes[".gitattributes"]
    assert sizes == {path: len(content) for path, content in contents.items()}


def test_writers_of_one_branch_all_get_their_turn(hosted: Hosted) -> None:
    answers: list[httpx.Response] = []

    def write(number: int) -> None:
        answers.append(hosted.post_commit(file_line(f"f{number}", b"x")))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len(hosted.hf.list_repo_files(hosted.repo_id)) == 13
    assert len(hosted.hf.list_repo_commits(hosted.repo_id)) == 13


def test_an_upload_that_breaks_off_leaves_nothing(hosted: Hosted) -> None:
    before = hosted.tip()

    def half() -> Iterator[bytes]:
        yield orjson.dumps(line("header", summary="x")) + b"\n"
        yield orjson.dumps(file_line("a", b"1")) + b"\n"
        raise ConnectionError("the cable")

    with pytest.raises(ConnectionError, match="the cable"):
        hosted.http.post(f"{hosted.api}/commit/main", content=half())
    assert hosted.tip() == before
    assert hosted.hf.list_repo_files(hosted.repo_id) == [".gitattributes"]
