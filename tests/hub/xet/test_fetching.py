"""Any range of a Xet file by spans: by the kernel where its bytes lie as they are, or unpacked."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import lz4.frame
import pytest

from paddock.hub.xet import fetching, records
from paddock.hub.xet.fetching import Lying, fetch, spans
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.reading import XorbDamaged
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.views import ViewBuilder, ViewedXorb
from paddock.storage.blobs import Blob
from tests.hub.xet.messages import Xorb
from tests.hub.xet.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(fetching, "SPAN_BYTES", 4000)
    monkeypatch.setattr(fetching, "_SPANS_AT_ONCE", 3)
    made = Store(tmp_path)
    yield made
    made.database.dispose()


def fetched(store: Store, terms: Terms, start: int, end: int, *, by_kernel: bool) -> bytes:
    """The range, put together; what is left to the kernel is read as it would."""
    asked = itertools.chain.from_iterable(spans(store.shelf(), terms, start, end))
    parts = [fetch(store.blobs, span, by_kernel=by_kernel) for span in asked]
    content = b""
    for part in parts:  # only now: what was fetched stays as it is while more is
        if isinstance(part, Lying):
            with part.file as file:
                for offset, count in part.ranges:
                    file.seek(offset)
                    content += file.read(count)
        else:
            content += b"".join(part) if isinstance(part, list) else part
    return content


def a_file(store: Store, noise: random.Random) -> tuple[Terms, bytes]:
    """A file of some terms over xorbs of all schemes, mixed."""
    terms, content = [], b""
    for schemes in ([0] * 9, [noise.randrange(3) for _ in range(9)], [1, 2, 1]):
        chunks = [noise.randbytes(40) * noise.randint(1, 60) for _ in schemes]
        xorb = Xorb(chunks, schemes)
        store.put(xorb)
        start = noise.randrange(2)
        part = b"".join(chunks[start:])
        terms.append(Term(xorb.raw_hash, len(part), start, len(chunks)))
        content += part
    return Terms.of(terms), content


@pytest.mark.parametrize("by_kernel", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_any_range_is_the_bytes_of_the_file(store: Store, seed: int, by_kernel: bool) -> None:
    noise = random.Random(seed)
    terms, content = a_file(store, noise)
    ranges = [sorted(noise.sample(range(len(content) + 1), 2)) for _ in range(20)]
    for start, end in [[0, len(content)], [0, 1], [len(content) - 1, len(content)], *ranges]:
        assert fetched(store, terms, start, end, by_kernel=by_kernel) == content[start:end]


@pytest.mark.parametrize("by_kernel", [False, True])
def test_a_view_is_read_from_its_blob(store: Store, by_kernel: bool) -> None:
    noise = random.Random(9)
    content = noise.randbytes(300_000)
    viewed: list[ViewedXorb] = []
    builder = ViewBuilder(viewed.append)
    builder.feed(content)
    file = builder.finish()
    with store.blobs.begin() as writer:
        writer.write(content)
        blob = writer.commit()
    with store.database.write() as conn:
        for xorb in viewed:
            size_bytes = Blob(blob.sha256, xorb.serialized_bytes)
            records.add_xorb(conn, StoredXorb(xorb.hash, size_bytes, xorb.chunks, xorb.view), None)
    for _ in range(20):
        start, end = sorted(noise.sample(range(len(content) + 1), 2))
        assert fetched(store, file.terms, start, end, by_kernel=by_kernel) == content[start:end]


def test_what_is_compressed_and_no_smaller_for_it_is_unpacked(store: Store) -> None:
    chunk = b""
    for size in range(20, 200):  # as long as its own frame
        chunk = bytes(size // 2) + random.Random(size).randbytes(size - size // 2)
        if len(lz4.frame.compress(chunk)) == size:
            break
    xorb = Xorb([chunk, chunk], [1, 1])
    assert len(xorb.body) == 2 * (8 + len(chunk))
    store.put(xorb)
    terms = Terms.of([Term(xorb.raw_hash, 2 * len(chunk), 0, 2)])
    assert fetched(store, terms, 3, 2 * len(chunk) - 3, by_kernel=True) == (2 * chunk)[3:-3]


def test_damage_is_never_given_out_as_a_chunk(store: Store) -> None:
    xorb = Xorb([b"a" * 3000, b"b" * 3000], [1, 1])
    blob = store.put(xorb)
    path = store.blobs.local_path(blob.sha256)
    assert path is not None
    terms = Terms.of([Term(xorb.raw_hash, 6000, 0, 2)])
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole.replace(b"a", b"c"), bytes(len(whole))):
        path.write_bytes(damaged)
        with pytest.raises(XorbDamaged):
            fetched(store, terms, 0, 6000, by_kernel=True)
    path.unlink()
    with pytest.raises(XorbDamaged, match="gone"):
        fetched(store, terms, 0, 6000, by_kernel=True)
