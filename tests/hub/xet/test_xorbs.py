"""Xorbs as they arrive: honest ones in any pieces, and every lie that one could tell."""

from __future__ import annotations

import re
import struct

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.xet.chunks import BadXorb
from paddock.hub.xet.xorbs import MAX_CHUNKS, ChunkTable, XorbParser
from tests.hub.xet.messages import Xorb, chunk_hash, frame, frame_of

CHUNK = bytes(range(256)) * 40  # 10,240 bytes that compress


def _parse(body: bytes, step: int = 1 << 20) -> tuple[str, ChunkTable, bytes]:
    kept = bytearray()
    parser = XorbParser(kept.extend)
    for at in range(0, len(body), step):
        parser.feed(body[at : at + step])
    name, table = parser.finish()
    return name, table, bytes(kept)


@settings(max_examples=60)
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=20),
    schemes=st.data(),
    step=st.integers(1, 5000),
)
def test_an_honest_xorb_is_kept_as_it_came_in_pieces_of_any_size(
    chunks: list[bytes], schemes: st.DataObject, step: int
) -> None:
    chosen = [schemes.draw(st.sampled_from([0, 1, 2])) for _ in chunks]
    xorb = Xorb(chunks, chosen)
    name, table, kept = _parse(xorb.body, step)
    assert name == xorb.hash
    assert kept == xorb.body
    assert table.hashes(0, len(table)) == b"".join(map(chunk_hash, chunks))
    assert table.sizes(0, len(table)).tolist() == list(map(len, chunks))
    assert table.byte_range(0, len(table)) == (0, len(xorb.body))


def test_the_smallest_xorb_of_the_reference() -> None:
    body = bytes.fromhex("00050000000500006 8656c6c6f".replace(" ", ""))
    name, table, _ = _parse(body)
    assert name == "9076ba12d998050b9c95c8bf770f943e6cad55c7490a82b76cf1582a2a05c2c2"
    assert table.byte_range(0, 1) == (0, 13)


def test_byte_ranges_follow_the_frames() -> None:
    xorb = Xorb([b"a" * 100, b"b" * 200, b"c" * 300])
    _, table, _ = _parse(xorb.body)
    assert table.byte_range(1, 3) == (108, 624)
    assert table.unpacked_bytes(1, 3) == 500


@pytest.mark.parametrize("footer", [b"XETBLOB", b"XETBLOB\1" + bytes(4000), b"XETBLOB" + CHUNK])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_footer_is_dropped(footer: bytes, step: int) -> None:
    xorb = Xorb([b"one", b"two"])
    name, _, kept = _parse(xorb.body + footer, step)
    assert name == xorb.hash
    assert kept == xorb.body


def test_frames_behind_a_footer_do_not_count() -> None:
    name, table, kept = _parse(Xorb([b"one"]).body + b"XETBLOB" + frame(b"smuggled"))
    assert len(table) == 1
    assert name == Xorb([b"one"]).hash
    assert b"smuggled" not in kept


LIES = {
    "an empty body": b"",
    "only a footer": b"XETBLOB" + bytes(100),
    "half a header": frame(CHUNK)[:5],
    "a truncated payload": frame(CHUNK)[:-1],
    "a truncated second frame": frame(CHUNK) + frame(CHUNK)[:100],
    "half a footer's tag": frame(CHUNK) + b"XETBL",
    "another version": frame_of(CHUNK, 0, len(CHUNK), version=1),
    "an unknown scheme": frame_of(CHUNK, 3, len(CHUNK)),
    "the scheme that never travels": frame_of(CHUNK, 99, len(CHUNK)),
    "an empty chunk": frame_of(b"", 0, 0),
    "an empty LZ4 chunk": frame_of(lz4.frame.compress(b""), 1, 0),
    "a chunk over 128 KiB": frame_of(bytes(131073), 0, 131073),
    "a chunk over 128 KiB, compressed": frame_of(lz4.frame.compress(bytes(131073)), 1, 131073),
    "a payload over 256 KiB": frame_of(bytes(262145), 1, 131072),
    "a stored chunk longer than it says": frame_of(CHUNK, 0, len(CHUNK) - 1),
    "a stored chunk shorter than it says": frame_of(CHUNK, 0, len(CHUNK) + 1),
    "a compressed chunk longer than it says": frame_of(lz4.frame.compress(CHUNK), 1, 100),
    "a compressed chunk shorter than it says": frame_of(lz4.frame.compress(b"ab"), 1, 3),
    "a bomb": frame_of(lz4.frame.compress(bytes(50 << 20))[:262144], 1, 131072),
    "a small bomb, whole": frame_of(lz4.frame.compress(bytes(8 << 20)), 1, 131072),
    "no LZ4 frame at all": frame_of(b"\xff" * 40, 1, 40),
    "an LZ4 frame cut short": frame_of(lz4.frame.compress(CHUNK)[:-5], 1, len(CHUNK)),
    "an LZ4 frame without its end mark": frame_of(lz4.frame.compress(CHUNK)[:-4], 1, len(CHUNK)),
    "bytes behind the LZ4 frame": frame_of(lz4.frame.compress(CHUNK) + b"!", 1, len(CHUNK)),
    "two LZ4 frames in one": frame_of(lz4.frame.compress(CHUNK) * 2, 1, 2 * len(CHUNK)),
    "a raw LZ4 block": frame_of(lz4.frame.compress(CHUNK)[11:-4], 1, len(CHUNK)),
    "a grouped chunk cut short": frame_of(lz4.frame.compress(CHUNK)[:-9], 2, len(CHUNK)),
}


@pytest.mark.parametrize("body", LIES.values(), ids=LIES.keys())
@pytest.mark.parametrize("step", [4096, 1 << 20])
def test_a_lying_xorb_is_refused(body: bytes, step: int) -> None:
    with pytest.raises(BadXorb):
        _parse(body, step)


def test_an_lz4_frame_that_claims_a_huge_content_gets_no_memory_for_it() -> None:
    # Magic, flags with "content size present", block size 64 KB, content size 2^62, header checksum
    # and nothing else: a one-shot decompressor would try to allocate it.
    honest = lz4.frame.compress(CHUNK, content_checksum=False, store_size=True)
    assert honest[4] & 8
    liar = honest[:6] + struct.pack("<Q", 1 << 62) + honest[14:]
    with pytest.raises(BadXorb):
        _parse(frame_of(liar, 1, len(CHUNK)))


def test_more_chunks_than_a_xorb_may_have_are_refused() -> None:
    with pytest.raises(BadXorb, match="8192"):
        _parse(frame(b"x") * (MAX_CHUNKS + 1))


def test_as_many_chunks_as_a_xorb_may_have_are_taken() -> None:
    _, table, _ = _parse(frame(b"x") * MAX_CHUNKS)
    assert len(table) == MAX_CHUNKS


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_noise_is_refused_or_understood_and_never_breaks(noise: bytes) -> None:
    try:
        name, table, kept = _parse(noise)
    except BadXorb:
        return
    assert len(table)
    assert re.fullmatch("[0-9a-f]{64}", name)
    assert noise.startswith(kept)


@settings(max_examples=150)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_bit_never_gives_the_same_name_for_other_bytes(at: int, flip: int) -> None:
    body = bytearray(Xorb([CHUNK, b"tail" * 9], [2, 1]).body)
    honest = Xorb([CHUNK, b"tail" * 9], [2, 1]).hash
    body[at % len(body)] ^= flip
    try:
        name, table, _ = _parse(bytes(body))
    except BadXorb:
        return
    same_chunks = table.hashes(0, len(table)) == chunk_hash(CHUNK) + chunk_hash(b"tail" * 9)
    assert (name == honest) == same_chunks
