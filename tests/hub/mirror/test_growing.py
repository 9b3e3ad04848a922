"""Large files that are read while they arrive, from a source that breaks off and lies."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.hub.mirror.growing import HELD_BACK_BYTES, Arrivals, Wanted, remove_abandoned
from paddock.hub.mirror.policy import BadUpstreamAnswer
from paddock.hub.mirror.upstream import UpstreamUnreachable
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind
from paddock.storage.blobs import Blob
from paddock.storage.local_blobs import LocalBlobStore

CONTENT = os.urandom(3 * HELD_BACK_BYTES + 12345)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WANTED = Wanted(RepositoryName(Kind.MODEL, "ada", "model"), SHA256, len(CONTENT))


@pytest.fixture
def arrivals(tmp_path: Path, blobs: LocalBlobStore) -> Arrivals:
    return Arrivals(tmp_path / "mirror", blobs)


class Source:
    """Gives ``content`` and breaks off after each of ``breaks`` bytes in turn."""

    def __init__(self, content: bytes = CONTENT, breaks: list[int] | None = None) -> None:
        self.content = content
        self.breaks = breaks or []
        self.starts: list[int] = []

    def __call__(self, start: int) -> Iterator[bytes]:
        self.starts.append(start)
        limit = self.breaks.pop(0) if self.breaks else None
        end = len(self.content) if limit is None else start + limit
        for position in range(start, end, 100_000):
            yield self.content[position : min(position + 100_000, end)]
        if limit is not None:
            raise UpstreamUnreachable("the connection broke")


def read_all(arrivals: Arrivals, source: Source, start: int = 0, end: int = len(CONTENT)) -> bytes:
    stored: list[Blob] = []
    got = b"".join(arrivals.read(WANTED, source, start, end, stored.append))
    assert stored in ([], [Blob(SHA256, len(CONTENT))])
    return got


def test_a_file_that_arrives_becomes_a_blob(arrivals: Arrivals, blobs: LocalBlobStore) -> None:
    assert read_all(arrivals, Source()) == CONTENT
    assert b"".join(blobs.read(SHA256)) == CONTENT


def test_breaks_are_resumed_where_they_happened(arrivals: Arrivals) -> None:
    source = Source(breaks=[1_000_000, 0, 500_000])
    assert read_all(arrivals, source) == CONTENT
    assert source.starts == [0, 1_000_000, 1_000_000, 1_500_000]


def test_what_arrived_before_a_restart_is_not_fetched_again(
    arrivals: Arrivals, blobs: LocalBlobStore
) -> None:
    with pytest.raises(UpstreamUnreachable):
        read_all(arrivals, Source(breaks=[2_000_000, *[0] * 50]))
    again = Source()
    assert read_all(Arrivals(arrivals.folder, blobs), again) == CONTENT
    assert again.starts == [2_000_000]


def test_bytes_of_another_digest_never_arrive_whole(
    arrivals: Arrivals, blobs: LocalBlobStore
) -> None:
    changed = bytearray(CONTENT)
    changed[5] ^= 1
    got = 0
    with pytest.raises(BadUpstreamAnswer, match="SHA-256"):
        for piece in arrivals.read(WANTED, Source(bytes(changed)), 0, len(CONTENT), lambda _: None):
            got += len(piece)
    assert got <= len(CONTENT) - HELD_BACK_BYTES
    assert blobs.size_bytes(SHA256) is None
    assert read_all(arrivals, Source()) == CONTENT


def test_a_source_that_sends_too_much_is_cut(arrivals: Arrivals) -> None:
    assert read_all(arrivals, Source(CONTENT + b"more")) == CONTENT


def test_many_readers_share_one_arrival(arrivals: Arrivals) -> None:
    source = Source()
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(read_all(arrivals, source)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == [CONTENT] * 8
    assert source.starts == [0]


def test_two_servers_share_one_arrival(arrivals: Arrivals, blobs: LocalBlobStore) -> None:
    other = Arrivals(arrivals.folder, blobs)
    sources = [Source(), Source()]
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda a=a, s=s: results.append(read_all(a, s)))
        for a, s in zip((arrivals, other), sources, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == [CONTENT] * 2
    assert sum(len(source.starts) for source in sources) == 1


def test_abandoned_parts_are_removed(arrivals: Arrivals) -> None:
    with pytest.raises(UpstreamUnreachable):
        read_all(arrivals, Source(breaks=[1000, *[0] * 50]))
    assert remove_abandoned(arrivals.folder, older_than_seconds=3600) == 0
    assert remove_abandoned(arrivals.folder, older_than_seconds=-1) == 1
