"""What a chunk's LZ4 frame may hold instead of the chunk: noise, other formats, lies, bombs.

Whatever unpacks here must also unpack for every client that will be sent it: options that no client
writes are refused even where a decoder understands them.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib

import lz4.frame

from tests.attacks.xet import lz4_bytes
from tests.attacks.xet.case import Case, xorbs
from tests.attacks.xet.frames import CHUNK, PACKED
from tests.attacks.xet.lz4_bytes import Header, block, literals, match, stored_block
from tests.hub.xet.messages import frame_of, group_by_four

_SIZE = len(CHUNK)
_SMALL = b"a small chunk in one block"
_CHECKED: bytes = lz4.frame.compress(CHUNK, content_checksum=True, block_checksum=True)


def _small(header: Header, blocks: bytes | None = None, end: bytes = bytes(4)) -> bytes:
    return lz4_bytes.frame(block(literals(_SMALL)) if blocks is None else blocks, header, end)


_NO_FRAME = {
    "no bytes at all": b"",
    "noise": b"\xff" * 40,
    "zeros": bytes(40),
    "the chunk as it is": CHUNK,
    "one byte of a frame's mark": lz4_bytes.MAGIC[:1],
    "a frame's mark alone": lz4_bytes.MAGIC,
    "a frame's mark in the other byte order": lz4_bytes.MAGIC[::-1] + PACKED[4:],
    "zlib": zlib.compress(CHUNK),
    "gzip": gzip.compress(CHUNK),
    "bzip2": bz2.compress(CHUNK),
    "xz": lzma.compress(CHUNK),
    "Zstandard's mark": bytes.fromhex("28b52ffd") + PACKED,
    "raw LZ4 without a frame": literals(CHUNK),
    "raw LZ4 behind its length": struct.pack("<I", _SIZE) + literals(CHUNK),
}
_HEADERS = {
    "a frame of version 0": _small(Header(version=0)),
    "a frame of version 2": _small(Header(version=2)),
    "a frame of version 3": _small(Header(version=3)),
    "the reserved flag": _small(Header(reserved_flag=1)),
    "the reserved high bit of the block size": _small(Header(reserved_block_bits=128)),
    "the reserved low bits of the block size": _small(Header(reserved_block_bits=5)),
    "blocks of size 0": _small(Header(block_size=0)),
    "blocks of size 3": _small(Header(block_size=3)),
    "a wrong header checksum": _small(Header(checksum=Header().packed[-1] ^ 1)),
    "a header cut in its flags": PACKED[:5],
    "a header cut before its checksum": PACKED[:6],
    "a header cut in its content size": _small(Header(content_size=26))[:9],
    "a header and nothing else": Header().packed,
}
_UNUSUAL = {
    "a dictionary's number": _small(Header(dictionary=7)),
    "the dictionary of number 0": _small(Header(dictionary=0)),
    "a checksum of every block": lz4.frame.compress(CHUNK, block_checksum=True),
    "a skippable frame before": lz4_bytes.SKIPPABLE_MAGIC + struct.pack("<I", 4) + b"skip" + PACKED,
    "a skippable frame alone": lz4_bytes.SKIPPABLE_MAGIC + struct.pack("<I", 4) + b"skip",
    "a skippable frame behind": PACKED + lz4_bytes.SKIPPABLE_MAGIC + struct.pack("<I", 0),
    "a frame of the old format": lz4_bytes.LEGACY_MAGIC + block(literals(CHUNK)),
}
_CONTENT_SIZES = {
    "a content size that is one too many": _small(Header(content_size=27)),
    "a content size that is one too few": _small(Header(content_size=25)),
    "a content size of nothing": _small(Header(content_size=0)),
    "a content size of a terabyte": _small(Header(content_size=1 << 40)),
    "a content size below zero": _small(Header(content_size=(1 << 64) - 1)),
}
_ENDS = {
    "no end mark": PACKED[:-4],
    "half an end mark": PACKED[:-2],
    "no content checksum": _CHECKED[:-4],
    "half a content checksum": _CHECKED[:-2],
    "a wrong content checksum": _CHECKED[:-1] + bytes([_CHECKED[-1] ^ 1]),
    "a wrong block checksum": _CHECKED[:-9] + bytes([_CHECKED[-9] ^ 1]) + _CHECKED[-8:],
    "a byte behind the end": PACKED + b"!",
    "zeros behind the end": PACKED + bytes(64),
    "the frame twice": PACKED * 2,
    "an empty frame before it": lz4.frame.compress(b"") + PACKED,
    "an empty frame behind it": PACKED + lz4.frame.compress(b""),
    "a frame inside a frame": lz4.frame.compress(PACKED),
}
_BLOCKS = {
    "a block longer than its frame": (26, struct.pack("<I", 9000) + literals(_SMALL)),
    "a block over the frame's block size": (70_000, block(literals(bytes(70_000)))),
    "a stored block over the block size": (65_537, stored_block(bytes(65_537))),
    "a block of two gigabytes": (26, struct.pack("<I", 0x7FFFFFFF) + bytes(30)),
    "a block that unpacks over the block size": (
        70_015, block(match(b"x", 1, 70_000) + literals(b"tail.tail.tail"))
    ),
    "a copy of what stands 0 bytes back": (16, block(match(b"ab", 0, 9) + literals(b"12345"))),
    "a copy of what stands before the start": (16, block(match(b"ab", 3, 9) + literals(b"12345"))),
    "a copy from 65535 bytes before": (16, block(match(b"ab", 65_535, 9) + literals(b"12345"))),
    "a copy from a block that is not linked": (
        32, stored_block(b"0123456789abcdef") + block(match(b"ab", 10, 9) + literals(b"12345"))
    ),
    "literals beyond the block": (26, block(b"\xf0\x0c" + _SMALL[:-1])),
    "a literal run without end": (26, block(b"\xf0" + b"\xff" * 600)),
    "a copy's length without end": (26, block(b"\x1fA\1\0" + b"\xff" * 600)),
    "a copy cut in its offset": (26, block(b"\x10A\1")),
    "a stored block of nothing": (26, stored_block(b"") + block(literals(_SMALL))),
    "a packed block of nothing": (26, block(b"\0") + block(literals(_SMALL))),
    "a block of nothing at its end": (26, block(literals(_SMALL)) + stored_block(b"")),
    "a block that ends with a copy": (26, block(match(b"abcdefgh", 4, 18))),
}  # fmt: skip
_LENGTHS = {
    "one byte more than it says": lz4.frame.compress(CHUNK + b"!"),
    "one byte less than it says": lz4.frame.compress(CHUNK[:-1]),
    "twice what it says": lz4.frame.compress(CHUNK * 2),
    "nothing": lz4.frame.compress(b""),
    "ten thousand empty blocks": _small(Header(), stored_block(b"") * 10_000),
}
_BOMBS = {
    "a bomb of 50 MiB": lz4.frame.compress(bytes(50 << 20))[:262_144],
    "a bomb of 8 MiB, whole": lz4.frame.compress(bytes(8 << 20)),
    "a bomb of 40 MiB in large blocks": lz4.frame.compress(bytes(40 << 20), block_size=7)[:262_144],
    "a bomb that says its size": lz4.frame.compress(bytes(8 << 20), store_size=True),
    "a bomb in one linked block": lz4.frame.compress(bytes(16 << 20), block_linked=True),
    "a bomb inside a bomb": lz4.frame.compress(lz4.frame.compress(bytes(32 << 20))),
}  # fmt: skip

_FAMILIES = {
    "the payload is": _NO_FRAME,
    "the LZ4 frame has": _HEADERS,
    "the LZ4 frame comes with": _UNUSUAL,
    "the LZ4 frame announces": _CONTENT_SIZES,
    "the LZ4 frame ends with": _ENDS,
    "the LZ4 frame unpacks to": _LENGTHS,
    "the payload explodes:": _BOMBS,
}
_REASON = r"LZ4 frame"


def _size_of(payload: bytes, family: str) -> int:
    """What the chunk's header says: right, if the lie is elsewhere."""
    if family == "the payload explodes:":
        return 131_072
    return len(_SMALL) if _SMALL in payload else _SIZE


def cases() -> list[Case]:
    """Every payload as LZ4, and those that differ as grouped LZ4, too."""
    bodies = {
        f"{family} {name}": frame_of(payload, 1, _size_of(payload, family))
        for family, payloads in _FAMILIES.items()
        for name, payload in payloads.items()
    }
    bodies |= {
        f"the LZ4 frame holds {name}": frame_of(_small(Header(), blocks), 1, size_bytes)
        for name, (size_bytes, blocks) in _BLOCKS.items()
    }
    grouped = lz4.frame.compress(group_by_four(CHUNK))
    bodies |= {
        "a grouped payload that was not packed": frame_of(group_by_four(CHUNK), 2, _SIZE),
        "a grouped payload cut short": frame_of(grouped[:-9], 2, _SIZE),
        "a grouped payload of one byte more": frame_of(
            lz4.frame.compress(group_by_four(CHUNK) + b"!"), 2, _SIZE
        ),
        "a grouped payload of one byte less": frame_of(
            lz4.frame.compress(group_by_four(CHUNK)[:-1]), 2, _SIZE
        ),
        "a grouped bomb": frame_of(lz4.frame.compress(bytes(8 << 20)), 2, 131_072),
    }
    return xorbs(_REASON, bodies)
