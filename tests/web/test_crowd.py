"""Five hundred downloads and fifty uploads at once: all of them finish, and pages answer."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tests.process import RunningHub, running_hub

DOWNLOADS, UPLOADS = 500, 50
LARGE, SMALL = os.urandom(4 << 20), os.urandom(10_000)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path) as running:
        yield running


@pytest.mark.slow
def test_a_crowd_is_served(hub: RunningHub) -> None:
    api = HfApi(endpoint=hub.url, token=hub.token)
    api.create_repo("admin/crowd")
    files = [CommitOperationAdd("large.bin", LARGE), CommitOperationAdd("small.txt", SMALL)]
    api.create_commit("admin/crowd", files, commit_message="files")
    limits = httpx.Limits(max_connections=700)
    with (
        httpx.Client(base_url=hub.url, timeout=300, limits=limits) as client,
        ThreadPoolExecutor(DOWNLOADS + UPLOADS + 1) as threads,
    ):
        pages = threads.submit(visit, client)
        downloads = [threads.submit(download, client, number) for number in range(DOWNLOADS)]
        uploads = [threads.submit(upload, hub, client, number) for number in range(UPLOADS)]
        assert sum(done.result() for done in downloads) == DOWNLOADS
        assert {done.result() for done in uploads} == {200}
        slowest = pages.result()
    names = set(api.list_repo_files("admin/crowd"))
    assert names >= {f"up/{number}.txt" for number in range(UPLOADS)}
    assert slowest < 60, "pages waited for the crowd"


def download(client: httpx.Client, number: int) -> bool:
    name, content = ("small.txt", SMALL) if number % 5 else ("large.bin", LARGE)
    got = client.get(f"/admin/crowd/resolve/main/{name}").content
    return hashlib.sha256(got).digest() == hashlib.sha256(content).digest()


def upload(hub: RunningHub, client: httpx.Client, number: int) -> int:
    lines = (
        '{"key":"header","value":{"summary":"upload"}}\n'
        f'{{"key":"file","value":{{"path":"up/{number}.txt","content":"eA==","encoding":"base64"}}}}\n'
    )
    headers = {
        "Authorization": f"Bearer {hub.token}",
        "Content-Type": "application/x-ndjson",
    }
    return client.post(
        "/api/models/admin/crowd/commit/main", content=lines, headers=headers
    ).status_code


def visit(client: httpx.Client) -> float:
    """How long the slowest of ten pages took."""
    slowest = 0.0
    for _ in range(10):
        began = time.monotonic()
        assert client.get("/admin/crowd").status_code == 200
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.2)
    return slowest
