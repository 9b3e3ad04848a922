"""Every story over an S3 store that fails at every request in turn, in every way that stores do.

Nothing that was acknowledged is ever other than it was, no failure is unexplained, and doing it
again succeeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from paddock.hub.large import lfs
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket
from tests.databases import sqlite_url
from tests.fakes.faulty_store import Fault, FaultyStore, faulty_store
from tests.hub.api.hosted import Hosted, host
from tests.hub.stories import STORIES, new_content, tell
from tests.live import live_server

PART_BYTES = 100_000

_ALWAYS = [Fault.SERVER_ERROR, Fault.RESET, Fault.LOST_ANSWER]
_BY_METHOD = {
    "PUT": [*_ALWAYS, Fault.FULL, Fault.HALF_SENT, Fault.ERROR_AFTER],
    "GET": [*_ALWAYS, Fault.HALF_ANSWER, Fault.SHORT_ANSWER, Fault.WRONG_BYTES],
    "HEAD": [Fault.SERVER_ERROR, Fault.REFUSED],
    "DELETE": [Fault.SERVER_ERROR, Fault.ERROR_AFTER],
}


@pytest.fixture(scope="module")
def faults() -> Iterator[FaultyStore]:
    with faulty_store(_BUCKET.endpoint) as made:
        yield made


_BUCKET = new_bucket()


@pytest.fixture(scope="module")
def hosted(faults: FaultyStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    folder = tmp_path_factory.mktemp("server")
    bucket = replace(_BUCKET, endpoint=faults.endpoint)
    # Without patience of its own, so that every fault is felt.
    blobs = S3BlobStore(S3Connection(bucket, max_retries=0, read_seconds=1))
    with (
        live_server(folder / "data", sqlite_url(folder), blobs=blobs) as server,
        host(server) as made,
    ):
        yield made


@pytest.mark.parametrize("name", STORIES)
def test_no_failing_request_corrupts_or_loses_anything(
    hosted: Hosted, faults: FaultyStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lfs, "_SMALLEST_PART_BYTES", PART_BYTES)
    monkeypatch.setattr(lfs, "part_bytes", lambda _size: PART_BYTES)
    story = STORIES[name]
    faults.reset()
    first = new_content()
    assert tell(story, hosted, first, "first.bin") == 1
    requests = list(faults.seen)
    assert requests
    felt = 0
    for number, request in enumerate(requests, 1):
        kinds = _BY_METHOD[request.split()[0]]
        if name != "lfs":  # every kind at every request of that one, two of them in turn elsewhere
            kinds = [kinds[number % len(kinds)], kinds[(number + 3) % len(kinds)]]
        for fault in kinds:
            content = new_content()
            faults.reset((number, fault))
            tries = tell(story, hosted, content, "again.bin")
            felt += tries > 1
            assert tries <= 2, f"{fault} at request {number}, {request}, was felt twice"
    faults.reset()
    assert felt > len(requests) / 2
    url = f"/{hosted.repo_id}/resolve/main/first.bin"
    assert hosted.http.get(url).content == first


def test_an_answer_that_comes_too_late_is_no_answer(hosted: Hosted, faults: FaultyStore) -> None:
    for number in (1, 2, 3, 4):
        faults.reset((number, Fault.SILENCE))
        assert tell(STORIES["lfs"], hosted, new_content(), "late.bin") <= 2


def test_a_client_is_told_when_to_try_again_and_no_address_of_the_store(
    hosted: Hosted, faults: FaultyStore
) -> None:
    tell(STORIES["commit"], hosted, new_content(), "told.bin")
    faults.reset((1, Fault.BUSY))
    answer = hosted.http.get(f"/{hosted.repo_id}/resolve/main/told.bin")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "object store" in answer.json()["error"]
    assert "127.0.0.1" not in answer.text


def test_readiness_tells_of_a_store_that_does_not_answer(
    hosted: Hosted, faults: FaultyStore
) -> None:
    assert hosted.http.get("/readyz").status_code == 200
    faults.reset((1, Fault.REFUSED))
    assert hosted.http.get("/readyz").status_code == 503
    assert hosted.http.get("/readyz").status_code == 200
