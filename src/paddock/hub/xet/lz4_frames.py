"""LZ4 frames as every Xet client reads them.

Decoders differ in what they take. A frame that ours unpacks and a client's does not would be stored
under its chunk's name and then fail everybody who has the same chunk: so only the common form is
let in. Refused are a dictionary, checksums of blocks, a content size that is not the content's,
empty blocks and copies of offset 0. Does not unpack, and leaves to the decoder what all decoders
check alike.
"""

from __future__ import annotations

from paddock.kernels.lz4_copies import copies_from_before

_MAGIC = bytes.fromhex("04224d18")
_BLOCK_CHECKSUMS, _CONTENT_SIZE, _DICTIONARY = 16, 8, 1
_STORED = 1 << 31
_LENGTH_BYTES = 4


def is_plain(payload: memoryview, unpacked_bytes: int) -> bool:
    """Whether the payload is one frame of the common form that says it holds so many bytes."""
    if len(payload) < 7 or payload[:4] != _MAGIC:
        return False
    flags, at = payload[4], 6
    if flags & (_BLOCK_CHECKSUMS | _DICTIONARY):
        return False
    if flags & _CONTENT_SIZE:
        if int.from_bytes(payload[at : at + 8], "little") != unpacked_bytes:
            return False
        at += 8
    return _has_plain_blocks(payload[at + 1 :])


def _has_plain_blocks(rest: memoryview) -> bool:
    """Whether the blocks up to the end mark hold something each; one cut short is not whole."""
    while length := int.from_bytes(rest[:_LENGTH_BYTES], "little"):
        size = length & (_STORED - 1)
        block = rest[_LENGTH_BYTES : _LENGTH_BYTES + size]
        if len(block) != size or not size:
            return False
        if not length & _STORED and (size == 1 or not copies_from_before(block)):
            return False
        rest = rest[_LENGTH_BYTES + size :]
    return len(rest) >= _LENGTH_BYTES
