"""One chunk as it travels: an eight-byte header and a payload that unpacks to at most 128 KiB.

    off size  field
    0   1     version, 0
    1   3     payload bytes, little-endian
    4   1     scheme: 0 stored, 1 LZ4 frame, 2 the bytes grouped by four, then LZ4 frame
    5   3     unpacked bytes, little-endian
    8   n     payload

Knows no hash. What a header announces is compared with the bounds before anything is unpacked, and
unpacking stops at what was announced, so a payload cannot claim memory.
"""

from __future__ import annotations

from typing import NamedTuple

import lz4.frame

from paddock.errors import BadInput
from paddock.hub.xet.lz4_frames import is_plain
from paddock.kernels.byte_groups import ungrouped

HEADER_BYTES = 8
MAX_CHUNK_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 2 * MAX_CHUNK_BYTES

STORED, LZ4, GROUPED_LZ4 = 0, 1, 2


class BadXorb(BadInput):
    """The bytes are not a xorb, or not the one that they are said to be."""

    code = "bad_xorb"


class FrameHeader(NamedTuple):
    """What a chunk's header announces, within bounds."""

    payload_bytes: int
    scheme: int
    unpacked_bytes: int


def parse_header(header: bytes | memoryview) -> FrameHeader:
    """The header in the first eight bytes; raises BadXorb for one that no honest client writes."""
    version, scheme = header[0], header[4]
    payload_bytes = int.from_bytes(header[1:4], "little")
    unpacked_bytes = int.from_bytes(header[5:8], "little")
    if version != 0:
        raise BadXorb(f"a chunk's version is {version}, not 0")
    if scheme not in (STORED, LZ4, GROUPED_LZ4):
        raise BadXorb(f"a chunk's compression scheme is {scheme}; 0, 1 and 2 are known")
    if not 0 < unpacked_bytes <= MAX_CHUNK_BYTES:
        raise BadXorb(f"a chunk of {unpacked_bytes} bytes; 1 to {MAX_CHUNK_BYTES} are allowed")
    if payload_bytes > MAX_PAYLOAD_BYTES:
        raise BadXorb(f"a payload of {payload_bytes} bytes; at most {MAX_PAYLOAD_BYTES}")
    if scheme == STORED and payload_bytes != unpacked_bytes:
        raise BadXorb(f"a stored chunk of {unpacked_bytes} bytes travels as {payload_bytes}")
    return FrameHeader(payload_bytes, scheme, unpacked_bytes)


def unpack(header: FrameHeader, payload: memoryview) -> memoryview:
    """The chunk's bytes, exactly as many as announced; raises BadXorb."""
    if header.scheme == STORED:
        return payload
    unpacked = _unpack_lz4(payload, header.unpacked_bytes)
    if header.scheme == GROUPED_LZ4:
        return ungrouped(unpacked)
    return memoryview(unpacked)


def unpack_arriving(header: FrameHeader, payload: memoryview) -> memoryview:
    """The same of a chunk that nobody has checked yet; raises BadXorb for what others cannot read.

    The same chunk may be anybody's, so one frame that a client stumbles over would harm them all.
    """
    if header.scheme != STORED and not is_plain(payload, header.unpacked_bytes):
        raise BadXorb("a chunk's LZ4 frame is damaged, or of a form that not every client reads")
    return unpack(header, payload)


def _unpack_lz4(payload: memoryview, expected_bytes: int) -> bytes:
    # The one-shot call allocates what the frame itself claims to hold; this one allocates what we
    # allow. The byte beyond lets it reach the frame's end, or show that there is too much.
    frame = lz4.frame.LZ4FrameDecompressor()
    try:
        unpacked: bytes = frame.decompress(payload, expected_bytes + 1)
    except (RuntimeError, EOFError, ValueError) as e:
        raise BadXorb("a chunk's LZ4 frame is damaged") from e
    if len(unpacked) != expected_bytes or not frame.eof or frame.unused_data:
        raise BadXorb(f"a chunk's LZ4 frame does not hold exactly {expected_bytes} bytes")
    return unpacked
