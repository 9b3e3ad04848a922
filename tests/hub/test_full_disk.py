"""A disk without room, as the system tells it: a clear answer, nothing half there, later all of it.

No file of this process may grow over a megabyte then: to a writer that is what a full disk is.
"""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.hub.api.hosted import Hosted, file_line, host
from tests.live import LiveServer

ROOM = 1 << 20


@contextmanager
def full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def hosted(server: LiveServer) -> Iterator[Hosted]:
    with host(server) as made:
        yield made


@pytest.mark.parametrize(
    "sizes",
    [[3 * ROOM], [60_000] * 12],
    ids=["for the body", "in the database"],
)
def test_a_commit_that_finds_no_room(hosted: Hosted, sizes: list[int]) -> None:
    hosted.commit({f"before{n}.bin": os.urandom(60_000) for n in range(15)})  # the log is long now
    files = {f"f{number}.bin": os.urandom(size) for number, size in enumerate(sizes)}
    lines = [file_line(path, content) for path, content in files.items()]
    before = hosted.tip()
    with full_disk():
        answer = hosted.post_commit(*lines)
        assert answer.status_code in {503, 507}, answer.text
        assert answer.json()["error"]
        assert hosted.tip() == before
    assert hosted.post_commit(*lines).status_code == 200
    for path, content in files.items():
        assert hosted.http.get(f"/{hosted.repo_id}/resolve/main/{path}").content == content


def test_a_large_file_that_finds_no_room(hosted: Hosted) -> None:
    content = os.urandom(3 * ROOM)
    named = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    url = f"/{hosted.repo_id}.git/info/lfs/objects/batch"

    def upload() -> httpx.Response:
        told = hosted.http.post(url, json={"operation": "upload", "objects": [named]}).json()
        return httpx.put(told["objects"][0]["actions"]["upload"]["href"], content=content)

    with full_disk():
        answer = upload()
        assert answer.status_code == 507, answer.text
        assert "no room" in answer.json()["error"]
    staging = hosted.server.data / "blobs" / "staging"
    assert list(staging.iterdir()) == []
    assert upload().status_code == 200
