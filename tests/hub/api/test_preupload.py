"""How each file should travel, by its size, its sample and the patterns."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import RevisionNotFoundError

from paddock.hub.http import travelling
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture(scope="module")
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        made.commit({"there.txt": b"hello", ".gitignore": b"*.tmp\n!keep.tmp\nout/\n"})
        yield made


def ask(hosted: Hosted, *files: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"files": [{"sample": "", "size": 1, **file} for file in files], **more}
    return hosted.http.post(f"{hosted.api}/preupload/main", json=body)


def mode(hosted: Hosted, path: str, content: bytes = b"", size: int = 1, **more: Any) -> str:
    sample = base64.b64encode(content[:512]).decode()
    answer = ask(hosted, {"path": path, "size": size, "sample": sample}, **more)
    found: str = answer.json()["files"][0]["uploadMode"]
    return found


@pytest.mark.parametrize(
    ("path", "content", "size", "expected"),
    [
        ("a.txt", b"text", 4, "regular"),
        ("a.txt", "naïve 🐎".encode(), 20, "regular"),
        ("a.txt", b"x" * 510 + "🐎".encode()[:2], 600, "regular"),
        ("a.txt", "caf\xe9 au lait, d\xe9j\xe0 vu".encode("latin-1"), 30, "regular"),
        ("a.txt", b"\x1b[1mbold\x1b[0m", 10, "regular"),
        ("a.txt", b"", 10 * 1024 * 1024, "regular"),
        ("a.txt", b"", 10 * 1024 * 1024 + 1, "lfs"),
        ("a.txt", b"text\0text", 9, "lfs"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 20, "lfs"),
        ("noise", bytes(range(128, 256)) * 4, 600, "lfs"),
        ("model.safetensors", b"text", 4, "lfs"),
        ("deep/saved_model/a/b", b"text", 4, "regular"),
        ("saved_model/a/b", b"text", 4, "lfs"),
    ],
)
def test_how_a_file_travels(
    hosted: Hosted, path: str, content: bytes, size: int, expected: str
) -> None:
    assert mode(hosted, path, content, size) == expected


def test_attributes_given_with_the_request_win_over_the_revision_s(hosted: Hosted) -> None:
    assert mode(hosted, "x.bin", gitAttributes="") == "regular"
    assert mode(hosted, "x.txt", gitAttributes="*.txt filter=lfs") == "lfs"
    assert mode(hosted, "x.txt", gitAttributes="*.txt filter=lfs\nx.* -filter") == "regular"


def test_what_is_ignored_and_what_is_there(hosted: Hosted) -> None:
    paths = ["a.tmp", "keep.tmp", "out/x", "in/out/x", "there.txt", "new.txt", "../x", ""]
    answers = ask(hosted, *({"path": path} for path in paths)).json()["files"]
    assert [file["path"] for file in answers] == paths
    ignored = {file["path"] for file in answers if file["shouldIgnore"]}
    assert ignored == {"a.tmp", "out/x", "in/out/x"}
    oids = {file["path"]: file["oid"] for file in answers if "oid" in file}
    assert oids == {"there.txt": hashlib.sha1(b"blob 5\0hello").hexdigest()}
    given = ask(hosted, {"path": "a.tmp"}, gitIgnore="nothing").json()["files"][0]
    assert given["shouldIgnore"] is False


def test_the_stock_client_leaves_out_ignored_and_unchanged_files(hosted: Hosted) -> None:
    before = hosted.tip()
    same = CommitOperationAdd("there.txt", b"hello")
    assert hosted.hf.create_commit(hosted.repo_id, [same], commit_message="same").oid == before
    files = [CommitOperationAdd("x.tmp", b"x"), CommitOperationAdd("y.txt", b"y")]
    hosted.hf.create_commit(hosted.repo_id, files, commit_message="one of two")
    assert hosted.hf.file_exists(hosted.repo_id, "y.txt")
    assert not hosted.hf.file_exists(hosted.repo_id, "x.tmp")


def test_the_stock_client_raises_its_right_exception(hosted: Hosted) -> None:
    with pytest.raises(RevisionNotFoundError):
        hosted.hf.preupload_lfs_files(
            hosted.repo_id, [CommitOperationAdd("a", b"x")], revision="none"
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files": 3}',
        b'{"files": [{"path": "a"}]}',
        b'{"files": [{"path": "a", "size": -1}]}',
        b'{"files": [{"path": 3, "size": 1}]}',
        b'{"files": [{"path": "a", "size": 1, "sample": "a"}]}',
        b'{"files": [], "gitIgnore": 3}',
    ],
)
def test_a_malformed_question_is_400(hosted: Hosted, body: bytes) -> None:
    json = {"Content-Type": "application/json"}
    answer = hosted.http.post(f"{hosted.api}/preupload/main", content=body, headers=json)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("path", ["a" * 5000, "a/" * 200 + "b"])
def test_an_impossible_path_is_422(hosted: Hosted, path: str) -> None:
    assert ask(hosted, {"path": path}).status_code == 422


def test_only_who_may_write_is_answered(hosted: Hosted) -> None:
    body = {"files": [{"path": "a", "size": 1, "sample": ""}]}
    with hosted.stranger() as client:
        assert client.post(f"{hosted.api}/preupload/main", json=body).status_code == 401
        other = {"Authorization": f"Bearer {hosted.server.user('other')}"}
        answer = client.post(f"{hosted.api}/preupload/main", json=body, headers=other)
        assert answer.status_code == 403


def test_patterns_made_to_be_slow_meet_a_deadline(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travelling, "MATCHING_SECONDS", 0.0)
    rules = "\n".join("*" + "a" * 100 + "?b filter=lfs" for _ in range(50))
    files = [{"path": "a" * 250}] * 50
    assert ask(hosted, *files, gitAttributes=rules).status_code == 400
    monkeypatch.setattr(travelling, "MATCHING_SECONDS", time.monotonic())
    assert ask(hosted, *files[:2], gitAttributes=rules).status_code == 200


def test_one_path_meets_the_deadline_too(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travelling, "MATCHING_SECONDS", 0.2)
    glob = "?*" + "a" * 500 + "b"  # a million steps for the path below
    path = "a" * 2000
    for rules in (
        {"gitAttributes": f"{glob} filter=lfs\n" * 400},
        {"gitIgnore": f"{glob}\n" * 400},
    ):
        answer = ask(hosted, {"path": path}, **rules)
        assert answer.status_code == 400
        assert "take too long to match" in answer.json()["error"]
