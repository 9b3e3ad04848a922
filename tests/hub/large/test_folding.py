"""A file that comes by git-lfs and is mostly another one is kept as what is new in it."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import hf_xet
import numpy as np
import pytest
import sqlalchemy as sa
from huggingface_hub import hf_hub_download

from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.jobs.handlers import load_handlers
from paddock.hub.large import folding, large_files
from paddock.hub.large.large_files import LargeFileRow
from paddock.hub.tables import xet_files, xorbs
from paddock.hub.xet import reading
from paddock.hub.xet.layout import Terms
from paddock.kernels.gear import gear_ends
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket
from tests.databases import empty_postgresql_url, sqlite_url
from tests.hub.api.hosted import Hosted
from tests.hub.stories import by_lfs, by_xet
from tests.live import LiveServer, live_server

MIB = 1 << 20


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def edited(content: bytes, *places: int) -> bytes:
    """The next version: a few bytes more and others, here and there."""
    for number, at in enumerate(places):
        content = content[:at] + b"edit %d" % number + content[at + 3 :]
    return content


def host(server: LiveServer, name: str, *, private: bool = False) -> Hosted:
    owner = name.partition("/")[0]
    hosted = Hosted(server, server.user(owner), name)
    hosted.http.follow_redirects = True  # a blob may come from the store itself
    hosted.hf.create_repo(name, private=private, exist_ok=True)
    return hosted


def row_of(server: LiveServer, content: bytes) -> LargeFileRow:
    sha256 = hashlib.sha256(content).hexdigest()
    with server.hub.database.read() as conn:
        return large_files.lookup(conn, [sha256])[sha256]


def is_blob(server: LiveServer, content: bytes) -> bool:
    server.run_jobs()
    return row_of(server, content).is_blob


def stored_bytes(server: LiveServer) -> int:
    """What the store holds once everything that nobody needs is gone."""
    server.run_jobs()
    for _ in range(2):
        collect(server.hub.database, server.hub.blobs, Graces.all(Graces().blobs * 0))
    return sum(blob.size_bytes for blob in server.hub.blobs.stored())


def assert_served(hosted: Hosted, path: str, content: bytes, folder: Path) -> None:
    """By plain HTTP, in ranges, and by a client that speaks Xet."""
    url = f"/{hosted.repo_id}/resolve/main/{path}"
    assert hosted.http.get(url).content == content
    for start, end in ((0, 10), (len(content) - 5, len(content)), (MIB - 7, 3 * MIB + 11)):
        part = hosted.http.get(url, headers={"Range": f"bytes={start}-{end - 1}"})
        assert part.content == content[start:end]
    cache = folder / hashlib.sha256(content).hexdigest()
    got = hf_hub_download(
        hosted.repo_id, path, endpoint=hosted.server.url, token=hosted.token, cache_dir=cache
    )
    assert Path(got).read_bytes() == content


@pytest.fixture(params=["sqlite", "postgresql", "s3", "s3 directly"])
def any_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveServer]:
    """A server over every database and every blob store."""
    if request.param == "postgresql":
        with empty_postgresql_url() as url, live_server(tmp_path / "data", url) as running:
            yield running
        return
    blobs = None
    if request.param != "sqlite":
        bucket = new_bucket(direct=request.param == "s3 directly")
        blobs = S3BlobStore(S3Connection(bucket))
    with live_server(tmp_path / "data", sqlite_url(tmp_path), blobs=blobs) as running:
        yield running


def test_a_second_version_takes_the_room_of_what_is_new(
    any_server: LiveServer, tmp_path: Path
) -> None:
    server = any_server
    hosted = host(server, "ann/model")
    first = np.random.default_rng(1).normal(size=6 * MIB // 4).astype(np.float32).tobytes()
    second = edited(first, MIB, 4 * MIB)
    by_lfs(hosted, "w.bin", first)
    assert is_blob(server, first)
    before = stored_bytes(server)
    by_lfs(hosted, "w.bin", second)
    assert not is_blob(server, second)
    assert stored_bytes(server) - before < 2 * MIB
    assert_served(hosted, "w.bin", second, tmp_path)
    (tmp_path / "second").write_bytes(second)
    (named,) = hf_xet.hash_files([str(tmp_path / "second")])
    assert row_of(server, second).xet_hash == named.hash


def test_the_ways_of_uploading_share_what_they_have(server: LiveServer, tmp_path: Path) -> None:
    """Xet, then git-lfs, then Xet, then git-lfs again: each is kept as what it adds."""
    hosted = host(server, "ann/model")
    versions = [noise(6 * MIB, 2)]
    for number in range(1, 4):
        versions.append(edited(versions[-1], number * MIB, number * MIB + 2 * MIB))
    used = 0
    for number, content in enumerate(versions):
        if number % 2:
            by_lfs(hosted, "w.bin", content)
        else:
            hosted.hf.upload_file(
                repo_id=hosted.repo_id, path_in_repo="w.bin", path_or_fileobj=content
            )
        assert not is_blob(server, content)
        before, used = used, stored_bytes(server)
        assert used - before < (7 * MIB if number == 0 else 2 * MIB)
    for number, content in enumerate(versions):
        by_lfs(hosted, f"{number}.bin", content)
        assert_served(hosted, f"{number}.bin", content, tmp_path)
    # Sent whole once more, it is no blob for long, nor is it stored twice.
    assert stored_bytes(server) == used


def test_what_has_nothing_in_common_stays_a_blob(shared_server: LiveServer) -> None:
    server = shared_server
    hosted = host(server, "ann/model")
    one, other = noise(3 * MIB, 3), noise(3 * MIB, 4) + noise(100_000, 3)
    by_lfs(hosted, "one.bin", one)
    by_lfs(hosted, "other.bin", other)
    assert is_blob(server, one)
    assert is_blob(server, other)


def test_what_repeats_in_a_file_is_kept_once(server: LiveServer, tmp_path: Path) -> None:
    hosted = host(server, "ann/model")
    tied = noise(4 * MIB, 5)
    content = tied + noise(MIB, 6) + tied
    by_lfs(hosted, "tied.bin", content)
    assert not is_blob(server, content)
    assert stored_bytes(server) < 6 * MIB
    assert_served(hosted, "tied.bin", content, tmp_path)


def test_a_private_file_is_not_told_by_how_another_is_kept(shared_server: LiveServer) -> None:
    """A file's terms show in its reconstruction, so nobody's private chunks may be among them."""
    server = shared_server
    private = host(server, "ann/secret", private=True)
    content = noise(5 * MIB, 7)
    by_lfs(private, "w.bin", content)
    assert is_blob(server, content)
    guess = edited(content, 2 * MIB)
    by_lfs(host(server, "eve/guess"), "w.bin", guess)
    assert is_blob(server, guess)
    private.hf.update_repo_settings(private.repo_id, private=False)
    again = edited(content, 3 * MIB)
    by_lfs(host(server, "eve/again"), "w.bin", again)
    assert not is_blob(server, again)


def test_two_that_are_alike_do_not_end_as_each_others_parts(
    server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = host(server, "ann/model")
    one = noise(6 * MIB, 8)
    other = edited(one, 3 * MIB)
    kinds = load_handlers()
    monkeypatch.setitem(kinds, folding.JOB, lambda hub, payload: None)
    by_lfs(hosted, "one.bin", one)
    by_lfs(hosted, "other.bin", other)
    server.run_jobs()
    monkeypatch.undo()
    jobs = [
        threading.Thread(
            target=folding.fold_blob,
            args=[server.hub, {"sha256": hashlib.sha256(content).hexdigest()}],
        )
        for content in (one, other)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert sorted([is_blob(server, one), is_blob(server, other)]) == [False, True]
    assert stored_bytes(server) < 8 * MIB
    assert_served(hosted, "one.bin", one, tmp_path)
    assert_served(hosted, "other.bin", other, tmp_path)


def test_a_first_version_may_be_removed(server: LiveServer, tmp_path: Path) -> None:
    """What the second is made of stays; the rest of the first goes with the second."""
    hosted = host(server, "ann/model")
    first = noise(5 * MIB, 9)
    second = edited(first, 2 * MIB)
    by_lfs(host(server, "ann/first"), "w.bin", first)
    assert is_blob(server, first)
    by_lfs(hosted, "w.bin", second)
    assert not is_blob(server, second)
    server.api(hosted.token).delete_repo("ann/first")
    assert stored_bytes(server) < 7 * MIB
    assert_served(hosted, "w.bin", second, tmp_path)
    hosted.hf.delete_repo(hosted.repo_id)
    assert stored_bytes(server) == 0


def test_terms_that_would_give_other_bytes_are_not_taken(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = shared_server
    hosted = host(server, "ann/model")
    first = noise(5 * MIB, 10)
    by_lfs(hosted, "w.bin", first)
    assert is_blob(server, first)

    def swapped(*anything: object) -> Terms:
        terms = list(Terms(row_terms(server, first)))
        return Terms.of(reversed(terms) if len(terms) > 1 else terms)

    monkeypatch.setattr(folding, "pack_new", swapped)
    second = edited(first, 2 * MIB)
    by_lfs(hosted, "w.bin", second)
    assert is_blob(server, second)
    assert hosted.http.get(f"/{hosted.repo_id}/resolve/main/w.bin").content == second


def row_terms(server: LiveServer, content: bytes) -> bytes:
    sha256 = hashlib.sha256(content).hexdigest()
    with server.hub.database.read() as conn:
        query = sa.select(xet_files.c.terms).where(xet_files.c.sha256 == sha256)
        return bytes(conn.execute(query).scalar_one())


def test_killed_anywhere_it_begins_again(shared_server: LiveServer, tmp_path: Path) -> None:
    """Stopped after each of its writes in turn, the job ends well when it runs again."""
    server = shared_server
    hosted = host(server, "ann/model")
    first = noise(4 * MIB, 11)
    by_lfs(hosted, "w.bin", first)
    server.run_jobs()
    done = False
    number = 0
    while not done:
        content = edited(first, 2 * MIB + number * 1000)
        done = not fails_at(server, hosted, content, number)
        assert not is_blob(server, content)
        assert_served(hosted, f"{number}.bin", content, tmp_path)
        number += 1
    assert number > 2


class Killed(BaseException):
    """Nothing catches it, as nothing survives a kill."""


def fails_at(server: LiveServer, hosted: Hosted, content: bytes, number: int) -> bool:
    """Upload and fold, dying instead of the write of that number; whether there was one."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(load_handlers(), folding.JOB, lambda *_: None)
        by_lfs(hosted, f"{number}.bin", content)
        server.run_jobs()
    sha256 = hashlib.sha256(content).hexdigest()
    left = [number]
    with pytest.MonkeyPatch.context() as monkeypatch:
        write = type(server.hub.database).write

        def dying(database: object) -> object:
            if threading.current_thread() is threading.main_thread():
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
            return write(database)  # type: ignore[arg-type]

        monkeypatch.setattr(type(server.hub.database), "write", dying)
        try:
            folding.fold_blob(server.hub, {"sha256": sha256})
        except Killed:
            killed = True
        else:
            killed = False
    folding.fold_blob(server.hub, {"sha256": sha256})
    return killed


def test_what_is_packed_is_in_no_xorb_that_somebody_else_has(shared_server: LiveServer) -> None:
    """Frames may differ in length, so a xorb that others have may not be used unseen."""
    server = shared_server
    public, private = host(server, "ann/model"), host(server, "zoe/secret", private=True)
    shared, secret = noise(4 * MIB, 13), bytes(range(256)) * 200
    shared = shared[: gear_ends(shared)[-1]]  # what follows begins a chunk
    by_lfs(public, "w.bin", shared)
    by_xet(private, "s.bin", secret)
    server.run_jobs()
    with server.hub.database.read() as conn:
        theirs = set(conn.execute(sa.select(xorbs.c.hash)).scalars())
    guess = shared + secret
    by_lfs(host(server, "eve/guess"), "w.bin", guess)
    assert not is_blob(server, guess)
    made_of = {term.xorb for term in Terms(row_terms(server, guess))}
    with server.hub.database.read() as conn:
        told = sa.select(xorbs.c.hash).where(xorbs.c.view_start.is_not(None))
        assert made_of & theirs <= set(conn.execute(told).scalars())


def test_what_somebody_holds_in_private_is_no_reason_to_let_a_blob_go(
    shared_server: LiveServer,
) -> None:
    """A blob comes from an object store itself, and its xorbs show: both would tell."""
    server = shared_server
    content = noise(3 * MIB, 14)
    private = host(server, "zoe/secret", private=True)
    private.hf.upload_file(repo_id=private.repo_id, path_in_repo="w", path_or_fileobj=content)
    assert not is_blob(server, content)
    by_lfs(host(server, "eve/guess"), "w.bin", content)
    assert is_blob(server, content)


def test_a_damaged_donor_leaves_the_file_as_it_came(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = host(server, "ann/model")
    first = noise(5 * MIB, 12)
    hosted.hf.upload_file(repo_id=hosted.repo_id, path_in_repo="w.bin", path_or_fileobj=first)
    server.run_jobs()
    with server.hub.database.read() as conn:
        blob = conn.execute(sa.select(xorbs.c.blob_sha256)).scalars().first()
    path = server.hub.blobs.local_path(str(blob))
    assert path is not None
    damaged = bytearray(path.read_bytes())
    damaged[100_000] ^= 1
    path.write_bytes(damaged)
    second = edited(first, 2 * MIB)
    by_lfs(hosted, "w.bin", second)
    assert is_blob(server, second)
    assert reading.XorbDamaged.code == "xorb_damaged"
