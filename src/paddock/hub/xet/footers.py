"""Footers: what older clients append to a xorb or a shard, repeating what stands before it.

Nothing is ever taken from a footer. But one that is whole and says otherwise than the bytes before
it is a lie, and whatever it came with is refused. Bytes behind a footer's tag that are no footer of
a known form say nothing, and are dropped.

    xorb: "XETBLOB" 1 hash[32]; "XBLBHSH" 0 n hash[32]*n; "XBLBBND" 1 n frame_end*n chunk_end*n;
          n, the two sections' distances from the end, 16 zero bytes; length of all that
    shard: version 1, where the sections of files and of xorbs are, three tables (where, how many),
           a key[32], two times, 48 reserved bytes, three sizes, where the footer is

Numbers are little-endian, of four bytes in a xorb's footer and of eight in a shard's.
"""

from __future__ import annotations

import struct

import numpy as np

XORB_TAG = b"XETBLOB"
# That of a xorb of 8192 chunks, with room to spare; what is longer is none.
MAX_XORB_FOOTER_BYTES = 384 * 1024
SHARD_FOOTER_BYTES = 200

_XORB_HEAD = XORB_TAG + b"\1"
_HASHES = b"XBLBHSH\0"
_BORDERS = b"XBLBBND\1"
_TAIL_BYTES = 3 * 4 + 16
_shard_footer = struct.Struct("<9Q32s2Q48s4Q")
_SHARD_HEADER_BYTES = 48
_SHARD_VERSION = 1


def is_true_of_xorb(footer: bytes, raw_hash: bytes, chunks: bytes, ends: list[int]) -> bool:
    """Whether a footer says of a xorb of these chunk hashes nothing but what is so.

    ``ends`` are where the frames end, then where the unpacked chunks end.
    """
    if not _is_xorb_footer(footer):
        return True
    count = struct.pack("<I", len(chunks) // 32)
    borders = _BORDERS + count + np.asarray(ends, "<u4").tobytes()
    hashes = _HASHES + count + chunks
    from_end = struct.pack(
        "<II", len(hashes) + len(borders) + _TAIL_BYTES, len(borders) + _TAIL_BYTES
    )
    honest = _XORB_HEAD + raw_hash + hashes + borders + count + from_end + bytes(16)
    return footer == honest + struct.pack("<I", len(honest))


def _is_xorb_footer(footer: bytes) -> bool:
    """Whether this is a footer of the form above, be it true or not."""
    return (
        len(footer) >= 4
        and footer.startswith(_XORB_HEAD)
        and footer[40:48] == _HASHES
        and int.from_bytes(footer[-4:], "little") == len(footer) - 4
    )


def lie_of_shard(footer: bytes, files_end: int, xorbs_end: int, shard_bytes: int) -> str | None:
    """What a shard's footer says that is not so, or None; it is of ``SHARD_FOOTER_BYTES``.

    ``files_end`` and ``xorbs_end`` are where the two sections end; the first begins at 48. Look-up
    tables, which clients may leave out, stand between the sections and the footer.
    """
    version, files_at, xorbs_at, *tables, key, _, _, _, _, _, _, own = _shard_footer.unpack(footer)
    if version != _SHARD_VERSION:
        return f"is of version {version}, not {_SHARD_VERSION}"
    if (files_at, xorbs_at) != (_SHARD_HEADER_BYTES, files_end):
        return "says that the sections are elsewhere"
    if own != shard_bytes - SHARD_FOOTER_BYTES:
        return "says that it is elsewhere itself"
    if not all(at == 0 or xorbs_end <= at <= own for at in tables[0::2]):
        return "says that its tables are elsewhere"
    if any(key):
        return "says that chunks are told under a key, as none are in an upload"
    return None
