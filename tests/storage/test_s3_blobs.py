"""What is true of blobs in a bucket only: signed addresses, damage, leftovers, failing stores."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import obstore
import pytest

from paddock import clock
from paddock.digest import sha256_hex
from paddock.storage import s3_leftovers
from paddock.storage.blobs import DigestMismatch
from paddock.storage.errors import StorageFailed, StorageFull
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection, StoreRefused, StoreUnavailable
from tests.buckets import new_bucket
from tests.fakes.faulty_store import Fault, FaultyStore, faulty_store

MIB = 1 << 20
SEVERAL_PIECES = 21 * MIB + 5


@pytest.fixture(scope="module")
def connection() -> S3Connection:
    return S3Connection(new_bucket(direct=True, prefix="p"))


@pytest.fixture
def store(connection: S3Connection) -> S3BlobStore:
    return S3BlobStore(connection)


@pytest.fixture
def failing(connection: S3Connection) -> Iterator[tuple[S3BlobStore, FaultyStore]]:
    """The store behind a proxy that may fail, without patience."""
    with faulty_store(connection.bucket.endpoint) as faults:
        bucket = replace(connection.bucket, endpoint=faults.endpoint)
        yield S3BlobStore(S3Connection(bucket, max_retries=0, read_seconds=0.5)), faults


def put(store: S3BlobStore, content: bytes, *, announced: bool = False) -> str:
    sha256 = sha256_hex(content)
    told = {"sha256": sha256, "size_bytes": len(content)} if announced else {}
    with store.begin(**told) as writer:
        for at in range(0, len(content), MIB):
            writer.write(content[at : at + MIB])
        return writer.commit().sha256


def status_of(request: Request) -> int:
    try:
        with urlopen(request) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.parametrize("announced", [False, True])
def test_a_blob_of_several_pieces_comes_back(store: S3BlobStore, announced: bool) -> None:
    content = os.urandom(SEVERAL_PIECES)
    sha256 = put(store, content, announced=announced)
    assert b"".join(store.read(sha256)) == content
    with store.open(sha256) as file:
        file.seek(9 * MIB)
        assert file.read(3 * MIB) == content[9 * MIB : 12 * MIB]


def test_other_bytes_than_announced_are_never_seen(store: S3BlobStore) -> None:
    content = os.urandom(SEVERAL_PIECES)
    sha256 = sha256_hex(content)
    with (
        pytest.raises(DigestMismatch),
        store.begin(sha256=sha256, size_bytes=len(content)) as writer,
    ):
        writer.write(content[:-1] + b"x")
        writer.commit()
    assert store.size_bytes(sha256) is None


def test_a_blob_that_was_damaged_is_not_sent_to_its_end(
    store: S3BlobStore, connection: S3Connection
) -> None:
    content = os.urandom(3 * MIB)
    sha256 = put(store, content)
    key = f"blobs/{sha256[:2]}/{sha256}"
    obstore.put(connection.requests, key, content[:-1] + b"x")
    got: list[bytes] = []
    with pytest.raises(StorageFailed, match="damaged"):
        got.extend(store.read(sha256))
    assert sum(map(len, got)) < len(content)


def test_storing_an_old_blob_again_makes_it_young(
    store: S3BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(1000)
    put(store, content)
    (first,) = [blob for blob in store.stored() if blob.sha256 == sha256_hex(content)]
    time.sleep(1.1)  # a store tells seconds
    put(store, content)
    assert first in store.stored()  # so young that nothing was sent
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=2))
    put(store, content, announced=True)
    (second,) = [blob for blob in store.stored() if blob.sha256 == sha256_hex(content)]
    assert second.stored_at > first.stored_at


def test_an_address_for_downloads_expires(store: S3BlobStore) -> None:
    sha256 = put(store, b"for a second")
    address = store.download_url(sha256, seconds=1, filename="a b.txt", content_type="text/x")
    assert address is not None
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["1"]
    with urlopen(address) as answer:
        assert answer.read() == b"for a second"
        assert answer.headers["Content-Type"] == "text/x"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20b.txt"
    time.sleep(2.1)
    assert status_of(Request(address)) == 403


def test_an_address_is_for_one_blob_and_one_kind_of_request(store: S3BlobStore) -> None:
    sha256, other = put(store, b"mine"), put(store, b"another's")
    address = store.download_url(sha256, seconds=60)
    assert address is not None
    assert status_of(Request(address.replace(sha256, other))) == 403
    assert status_of(Request(address, method="DELETE")) == 403
    assert status_of(Request(address, method="PUT", data=b"x")) == 403
    ranged = store.download_url(sha256, seconds=60, byte_range=(1, 3))
    assert ranged is not None
    assert status_of(Request(ranged)) == 403
    assert status_of(Request(ranged, headers={"Range": "bytes=1-2"})) == 206
    assert status_of(Request(ranged, headers={"Range": "bytes=0-2"})) == 403


def test_a_store_without_direct_transfers_gives_no_address(connection: S3Connection) -> None:
    store = S3BlobStore(S3Connection(replace(connection.bucket, direct=False)))
    assert store.download_url("0" * 64, seconds=60) is None
    assert store.part_url("u", 1, size_bytes=1, seconds=60) is None


def test_what_broken_uploads_left_is_removed_when_it_is_a_week_old(
    connection: S3Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = new_bucket(prefix="mine")
    connection = S3Connection(bucket)
    store = S3BlobStore(connection)
    kept = put(store, b"a blob")
    with store.begin_part("u", 1) as part:
        part.write(b"half an upload")
        part.commit()
    with store.begin(sha256="0" * 64, size_bytes=30 * MIB) as writer:
        for _ in range(20):
            writer.write(bytes(MIB))  # broken off: the store has pieces that nobody sees

    def leftovers() -> tuple[int, int]:
        query = {"uploads": "", "prefix": "mine/"}
        listed = s3_leftovers._send(connection, "GET", "", query)
        return len(list(connection.list("uploads"))), listed.count("<UploadId>")

    store.remove_leftovers()
    assert leftovers() == (1, 1)
    monkeypatch.setattr(s3_leftovers, "PARTS_KEPT_SECONDS", -60)
    store.remove_leftovers()
    assert leftovers() == (0, 0)
    assert b"".join(store.read(kept)) == b"a blob"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SERVER_ERROR, StoreUnavailable),
        (Fault.BUSY, StoreUnavailable),
        (Fault.RESET, StoreUnavailable),
        (Fault.SILENCE, StoreUnavailable),
        (Fault.FULL, StorageFull),
        (Fault.REFUSED, StoreRefused),
    ],
)
def test_a_failure_has_a_sentence_that_names_no_address(
    failing: tuple[S3BlobStore, FaultyStore], fault: Fault, error: type[StorageFailed]
) -> None:
    store, faults = failing
    faults.reset((1, fault))
    with pytest.raises(error) as told:
        store.size_bytes("0" * 64)
    assert "127.0.0.1" not in f"{told.value.message} {told.value.hint}"
    assert store.size_bytes("0" * 64) is None


def test_a_request_that_fails_once_is_sent_again(connection: S3Connection) -> None:
    with faulty_store(connection.bucket.endpoint) as faults:
        bucket = replace(connection.bucket, endpoint=faults.endpoint)
        store = S3BlobStore(S3Connection(bucket, read_seconds=0.5))
        for fault in (Fault.SERVER_ERROR, Fault.BUSY, Fault.RESET, Fault.LOST_ANSWER):
            content = os.urandom(1000)
            for number in (1, 2, 3):
                faults.reset((number, fault))
                sha256 = put(store, content)
                assert b"".join(store.read(sha256)) == content


def test_a_bucket_that_is_not_there_is_no_missing_blob(connection: S3Connection) -> None:
    store = S3BlobStore(S3Connection(replace(connection.bucket, name="nobody-made-this")))
    with pytest.raises(StorageFailed):
        put(store, b"lost")
    store = S3BlobStore(S3Connection(replace(connection.bucket, secret_key="wrong")))
    with pytest.raises(StoreRefused):
        store.size_bytes("0" * 64)
