"""What every BlobStore promises."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock import clock
from paddock.digest import sha256_hex
from paddock.errors import BadInput, NotFound
from paddock.storage.blobs import Blob, BlobMissing, BlobStore, DigestMismatch
from paddock.storage.s3_blobs import S3BlobStore

ABSENT = "0" * 64
# Each example stores blobs of its own, so sharing one store is sound.
on_one_store = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def put(store: BlobStore, content: bytes) -> Blob:
    with store.begin() as writer:
        writer.write(content)
        return writer.commit()


def put_part(store: BlobStore, upload_id: str, number: int, content: bytes) -> str:
    with store.begin_part(upload_id, number) as writer:
        writer.write(content)
        return writer.commit()


def whole(store: BlobStore, sha256: str) -> bytes:
    return b"".join(store.read(sha256))


@given(chunks=st.lists(st.binary(max_size=200), max_size=8))
@on_one_store
def test_what_was_written_in_any_pieces_is_read_back_under_its_sha256(
    store: BlobStore, chunks: list[bytes]
) -> None:
    with store.begin() as writer:
        for chunk in chunks:
            writer.write(memoryview(chunk))
        blob = writer.commit()
    content = b"".join(chunks)
    assert blob == Blob(sha256_hex(content), len(content))
    assert whole(store, blob.sha256) == content
    assert store.size_bytes(blob.sha256) == len(content)


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_writer_has_done_with_a_piece_when_it_returns(
    store: BlobStore, is_announced: bool
) -> None:
    """Whoever receives uses the same memory for the next piece."""
    pieces = [os.urandom(1 << 20) for _ in range(4)]
    content = b"".join(pieces)
    memory = bytearray(1 << 20)
    announced = {"sha256": sha256_hex(content), "size_bytes": len(content)}
    with store.begin(**(announced if is_announced else {})) as writer:  # type: ignore[arg-type]
        for piece in pieces:
            memory[:] = piece
            writer.write(memoryview(memory))
        memory[:] = bytes(1 << 20)
        blob = writer.commit()
    assert whole(store, blob.sha256) == content
    with store.begin_part("upload", 1) as part:
        memory[:] = pieces[0]
        part.write(memoryview(memory))
        memory[:] = bytes(1 << 20)
        part.commit()
    joined = store.complete_parts(
        "upload", 1, sha256=sha256_hex(pieces[0]), size_bytes=len(pieces[0])
    )
    assert whole(store, joined.sha256) == pieces[0]


@given(
    content=st.binary(max_size=100),
    start=st.integers(0, 120),
    end=st.none() | st.integers(0, 120),
)
@on_one_store
def test_a_range_reads_like_a_slice(
    store: BlobStore, content: bytes, start: int, end: int | None
) -> None:
    blob = put(store, content)
    assert b"".join(store.read(blob.sha256, start, end)) == content[start:end]


def test_a_large_range_comes_in_pieces_of_bounded_size(store: BlobStore) -> None:
    content = os.urandom(5_000_001)
    pieces = list(store.read(put(store, content).sha256, 1))
    assert b"".join(pieces) == content[1:]
    assert max(map(len, pieces)) <= 1 << 20


def test_an_opened_blob_can_be_sought(store: BlobStore) -> None:
    blob = put(store, b"0123456789")
    with store.open(blob.sha256) as file:
        file.seek(-3, os.SEEK_END)
        assert file.read() == b"789"


def test_a_writer_that_does_not_commit_leaves_nothing(store: BlobStore) -> None:
    with store.begin() as writer:
        writer.write(b"forgotten")
    assert store.size_bytes(sha256_hex(b"forgotten")) is None


def test_a_writer_that_fails_leaves_nothing(store: BlobStore) -> None:
    with pytest.raises(ConnectionResetError), store.begin() as writer:
        writer.write(b"half of it")
        raise ConnectionResetError
    assert store.size_bytes(sha256_hex(b"half of it")) is None


@pytest.mark.parametrize(
    ("announced", "message"),
    [
        ({"sha256": ABSENT}, f"{ABSENT} was announced"),
        ({"size_bytes": 4}, "5 bytes arrived, 4 were announced"),
        ({"sha256": sha256_hex(b"bytes"), "size_bytes": 6}, "6 were announced"),
    ],
)
def test_bytes_other_than_announced_are_refused_and_not_kept(
    store: BlobStore, announced: dict[str, object], message: str
) -> None:
    with pytest.raises(DigestMismatch, match=message), store.begin() as writer:
        writer.write(b"bytes")
        writer.commit(**announced)
    assert store.size_bytes(sha256_hex(b"bytes")) is None


def test_the_announced_bytes_are_accepted(store: BlobStore) -> None:
    with store.begin() as writer:
        writer.write(b"bytes")
        assert writer.commit(sha256=sha256_hex(b"bytes"), size_bytes=5).size_bytes == 5


def test_many_writers_of_the_same_blob_at_once_all_succeed(store: BlobStore) -> None:
    content = os.urandom(300_000)
    together = threading.Barrier(8)

    def write_slowly(_: int) -> Blob:
        with store.begin() as writer:
            writer.write(content[:100_000])
            together.wait(10)
            writer.write(content[100_000:])
            together.wait(10)
            return writer.commit(sha256=sha256_hex(content))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write_slowly, range(8))) == {Blob(sha256_hex(content), 300_000)}
    assert whole(store, sha256_hex(content)) == content


def test_a_deleted_blob_is_gone_and_may_be_deleted_again(store: BlobStore) -> None:
    blob = put(store, b"short life")
    store.delete(blob.sha256)
    store.delete(blob.sha256)
    assert store.size_bytes(blob.sha256) is None
    assert store.local_path(blob.sha256) is None


@pytest.mark.parametrize("ask", [lambda s: s.open(ABSENT), lambda s: s.read(ABSENT)])
def test_an_absent_blob_is_an_error_before_the_first_byte(
    store: BlobStore, ask: Callable[[BlobStore], object]
) -> None:
    with pytest.raises(BlobMissing, match=ABSENT):
        ask(store)


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 63 + "\n", "é" * 64]
)
def test_a_name_that_is_no_sha256_is_refused(store: BlobStore, name: str) -> None:
    asks = (store.size_bytes, store.open, store.read, store.local_path, store.delete)
    for ask in asks:
        with pytest.raises(BadInput, match="not a SHA-256"):
            ask(name)


@given(parts=st.lists(st.binary(max_size=50), min_size=1, max_size=12), order=st.randoms())
@on_one_store
def test_parts_in_any_order_join_in_theirs(
    store: BlobStore, parts: list[bytes], order: object
) -> None:
    numbered = list(enumerate(parts, start=1))
    order.shuffle(numbered)
    for number, part in numbered:
        put_part(store, "upload", number, part)
    content = b"".join(parts)
    blob = store.complete_parts(
        "upload", len(parts), sha256=sha256_hex(content), size_bytes=len(content)
    )
    assert whole(store, blob.sha256) == content


def test_a_part_sent_again_replaces_the_earlier_one_and_its_etag_tells(store: BlobStore) -> None:
    first = put_part(store, "u", 1, b"wrong")
    second = put_part(store, "u", 1, b"right")
    assert first != second
    assert put_part(store, "u", 1, b"right") == second
    store.complete_parts("u", 1, sha256=sha256_hex(b"right"), size_bytes=5)
    assert whole(store, sha256_hex(b"right")) == b"right"


def test_a_part_that_was_cut_off_leaves_the_earlier_one(store: BlobStore) -> None:
    put_part(store, "u", 1, b"whole")
    with store.begin_part("u", 1) as writer:
        writer.write(b"ha")
    store.complete_parts("u", 1, sha256=sha256_hex(b"whole"), size_bytes=5)


@pytest.mark.parametrize("count", [2, 3])
def test_an_upload_with_a_missing_part_cannot_be_completed(store: BlobStore, count: int) -> None:
    put_part(store, "u", 1, b"one")
    put_part(store, "u", 3, b"three")
    with pytest.raises(NotFound, match="part"):
        store.complete_parts("u", count, sha256=sha256_hex(b"onethree"), size_bytes=8)
    assert store.size_bytes(sha256_hex(b"onethree")) is None


def test_an_upload_whose_parts_are_wrong_can_be_mended_and_completed(store: BlobStore) -> None:
    put_part(store, "u", 1, b"on")
    put_part(store, "u", 2, b"two")
    digest = sha256_hex(b"onetwo")
    with pytest.raises(DigestMismatch):
        store.complete_parts("u", 2, sha256=digest, size_bytes=6)
    assert store.size_bytes(digest) is None
    put_part(store, "u", 1, b"one")
    assert store.complete_parts("u", 2, sha256=digest, size_bytes=6) == Blob(digest, 6)


def test_completing_twice_is_as_good_as_once(store: BlobStore) -> None:
    put_part(store, "u", 1, b"one")
    for _ in range(2):
        blob = store.complete_parts("u", 1, sha256=sha256_hex(b"one"), size_bytes=3)
        assert blob == Blob(sha256_hex(b"one"), 3)


def test_an_abandoned_upload_is_forgotten(store: BlobStore) -> None:
    put_part(store, "u", 1, b"one")
    store.abandon_parts("u")
    store.abandon_parts("u")
    with pytest.raises(NotFound):
        store.complete_parts("u", 1, sha256=sha256_hex(b"one"), size_bytes=3)


@pytest.mark.parametrize("upload_id", ["", ".", "..", "a/b", "a\0", "a\n", "é", "x" * 129])
def test_an_upload_id_that_could_be_a_path_is_refused(store: BlobStore, upload_id: str) -> None:
    with pytest.raises(BadInput, match="upload's id"):
        store.begin_part(upload_id, 1)
    with pytest.raises(BadInput, match="upload's id"):
        store.complete_parts(upload_id, 1, sha256=ABSENT, size_bytes=1)
    with pytest.raises(BadInput, match="upload's id"):
        store.abandon_parts(upload_id)


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_part_numbers_are_bounded(store: BlobStore, number: int) -> None:
    with pytest.raises(BadInput, match="part numbers"):
        store.begin_part("u", number)
    with pytest.raises(BadInput, match="part numbers"):
        store.complete_parts("u", number, sha256=ABSENT, size_bytes=1)


def test_every_blob_is_listed_with_its_size_and_time(store: BlobStore) -> None:
    blobs = [put(store, content) for content in (b"", b"one", b"two and more")]
    put_part(store, "u", 1, b"a part is no blob")
    listed = {blob.sha256: blob for blob in store.stored()}
    assert {(blob.sha256, blob.size_bytes) for blob in listed.values()} == set(blobs)
    for blob in listed.values():
        assert abs((clock.now() - blob.stored_at).total_seconds()) < 60


def test_a_blob_announced_at_its_beginning_must_be_that_one(store: BlobStore) -> None:
    told = {"sha256": sha256_hex(b"bytes"), "size_bytes": 5}
    with store.begin(**told) as writer:
        writer.write(b"bytes")
        assert writer.commit(**told).sha256 == told["sha256"]
    with (
        pytest.raises(DigestMismatch),
        store.begin(sha256=ABSENT, size_bytes=5) as writer,
    ):
        writer.write(b"bytes")
        writer.commit(sha256=ABSENT, size_bytes=5)
    assert store.size_bytes(ABSENT) is None


def test_removing_leftovers_takes_nothing_that_is_in_use(store: BlobStore) -> None:
    blob = put(store, b"kept")
    put_part(store, "u", 1, b"kept too")
    store.remove_leftovers()
    assert whole(store, blob.sha256) == b"kept"
    store.complete_parts("u", 1, sha256=sha256_hex(b"kept too"), size_bytes=8)


def test_a_damaged_blob_is_replaced_by_its_bytes_and_by_nothing_else(store: BlobStore) -> None:
    blob = put(store, b"whole")
    damage(store, blob.sha256, b"whale")
    assert put(store, b"whole") == blob and whole_file(store, blob.sha256) == b"whale"
    with pytest.raises(DigestMismatch), store.begin_again(*blob) as writer:
        writer.write(b"wrong")
        writer.commit()
    assert whole_file(store, blob.sha256) == b"whale"
    with store.begin_again(*blob) as writer:
        writer.write(b"whole")
        assert writer.commit() == blob
    assert whole_file(store, blob.sha256) == b"whole"
    store.delete(blob.sha256)
    with store.begin_again(*blob) as writer:
        writer.write(b"whole")
        writer.commit()
    assert whole_file(store, blob.sha256) == b"whole"


def damage(store: BlobStore, sha256: str, content: bytes) -> None:
    """Put other bytes where the blob is, as a failing medium does."""
    if isinstance(store, S3BlobStore):
        obstore.put(store._connection.requests, f"blobs/{sha256[:2]}/{sha256}", content)
        return
    path = store.local_path(sha256)
    assert path is not None
    path.write_bytes(content)


def whole_file(store: BlobStore, sha256: str) -> bytes:
    """The bytes as they are, whether or not they have the digest."""
    with store.open(sha256) as file:
        return file.read()
