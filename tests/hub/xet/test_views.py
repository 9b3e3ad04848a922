"""Views: a blob read as xorbs is the same bytes, framed as the protocol wants them."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.xet import views
from paddock.hub.xet.hashes import EMPTY_FILE_HASH, to_text
from paddock.hub.xet.views import ViewBuilder, ViewedFile, ViewedXorb, ViewFile
from paddock.hub.xet.xorbs import MAX_XORB_BYTES, XorbParser


def view(content: bytes, sizes: list[int]) -> tuple[list[ViewedXorb], ViewedFile]:
    """The view of a blob that comes in pieces of these sizes, again and again."""
    xorbs: list[ViewedXorb] = []
    builder = ViewBuilder(xorbs.append)
    at = turn = 0
    while at < len(content):
        builder.feed(content[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    return xorbs, builder.finish()


@pytest.fixture(autouse=True)
def small_xorbs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "XORB_BYTES", 200_000)


@settings(max_examples=12)
@given(
    st.integers(0, 300_000),
    st.lists(st.integers(3000, 200_000), min_size=1, max_size=4),
    st.integers(0, 2**16),
)
def test_a_viewed_xorb_is_a_xorb(size: int, pieces: list[int], seed: int) -> None:
    chance = random.Random(seed)
    content = chance.randbytes(size)
    xorbs, file = view(content, pieces)
    assert file.terms.size_bytes == size
    assert [term.xorb for term in file.terms] == [xorb.hash for xorb in xorbs]
    unpacked = bytearray()
    for xorb in xorbs:
        serialized = ViewFile(io.BytesIO(content), xorb.view, xorb.chunks).read(10**9)
        assert len(serialized) == xorb.serialized_bytes <= MAX_XORB_BYTES
        parser = XorbParser(lambda _: None)
        parser.feed(serialized)
        name, chunks = parser.finish()
        assert (name, chunks.packed) == (xorb.hash, xorb.chunks.packed)
        start = chance.randrange(len(serialized))
        end = chance.randrange(start, len(serialized)) + 1
        reader = ViewFile(io.BytesIO(content), xorb.view, xorb.chunks)
        reader.seek(start)
        first = reader.read((end - start) // 2)
        assert first + reader.read(end - start - len(first)) == serialized[start:end]
        unpacked += content[xorb.view.start : xorb.view.start + xorb.view.size_bytes]
    assert bytes(unpacked) == content


def test_how_the_bytes_come_does_not_matter() -> None:
    content = random.Random(1).randbytes(300_000)
    assert view(content, [1_000_000])[1].hash == view(content, [65_536])[1].hash
    assert view(content, [70])[1].hash == view(content, [65_537, 3])[1].hash


def test_an_empty_blob_is_the_empty_file() -> None:
    assert view(b"", [1])[1].hash == to_text(EMPTY_FILE_HASH)
