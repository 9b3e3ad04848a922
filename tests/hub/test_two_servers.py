"""Two server processes over one PostgreSQL and one bucket: either can do what the other began."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.buckets import new_bucket
from tests.databases import postgresql_url
from tests.hub.api.hosted import Hosted
from tests.hub.stories import STORIES, Failed, new_content
from tests.process import RunningHub, running_hub

UPLOADERS = 3
BEFORE_THE_KILL = 6


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[RunningHub, RunningHub]]:
    bucket = new_bucket()
    assert bucket.access_key and bucket.secret_key
    settings = {
        "s3_bucket": bucket.name,
        "s3_endpoint": bucket.endpoint,
        "s3_access_key": bucket.access_key,
        "s3_secret_key": bucket.secret_key,
    }
    with ExitStack() as stack:
        url = stack.enter_context(postgresql_url())
        first, second = (
            stack.enter_context(running_hub(folder, database_url=url, settings=settings))
            for folder in (tmp_path / "one", tmp_path / "two")
        )
        yield first, second
    for hub in (first, second):
        assert not (hub.data / "blobs").exists()  # nothing of a file is on a server's own disk


def test_what_one_server_acknowledged_the_other_has_even_when_the_first_is_killed(
    two: tuple[RunningHub, RunningHub],
) -> None:
    first, second = two
    repos = [f"{first.admin}/r{number}" for number in range(UPLOADERS)]
    for repo in repos:
        made = httpx.post(
            f"{first.url}/api/repos/create",
            json={"name": repo.split("/")[1]},
            headers={"Authorization": f"Bearer {first.token}"},
        )
        assert made.status_code == 200, made.text
    acknowledged: dict[tuple[str, str], bytes] = {}
    enough = threading.Semaphore(0)

    def upload(repo: str) -> None:
        with at(first, first.token, repo) as hosted:
            for number in range(1000):
                name = list(STORIES)[number % len(STORIES)]
                content = new_content()
                try:
                    STORIES[name](hosted, f"f{number}.bin", content)
                except Failed as failure:
                    assert failure.status is None, failure  # killed
                    return
                acknowledged[repo, f"f{number}.bin"] = content
                enough.release()

    threads = [threading.Thread(target=upload, args=[repo]) for repo in repos]
    for thread in threads:
        thread.start()
    for _ in range(BEFORE_THE_KILL):
        assert enough.acquire(timeout=60)
        check(second, first.token, dict(acknowledged))
    first.process.kill()
    for thread in threads:
        thread.join(60)
    assert len(acknowledged) >= BEFORE_THE_KILL
    check(second, first.token, acknowledged)
    for repo, story in zip(repos, STORIES.values(), strict=False):
        with at(second, first.token, repo) as hosted:
            story(hosted, "after.bin", new_content())


@contextmanager
def at(hub: RunningHub, token: str, repo_id: str) -> Iterator[Hosted]:
    hosted = Hosted(hub, token, repo_id)
    with hosted.http:
        yield hosted


def check(hub: RunningHub, token: str, files: dict[tuple[str, str], bytes]) -> None:
    with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {token}"}) as http:
        for (repo, path), content in files.items():
            got = http.get(f"/{repo}/resolve/main/{path}", timeout=30)
            assert got.content == content, (repo, path, got.status_code)
