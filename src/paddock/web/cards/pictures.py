"""How large a picture is, in pixels, from its first bytes.

Pure; PNG, GIF, JPEG and WebP. What cannot be told is None: then a page learns it when it loads.
"""

from __future__ import annotations

import struct

from paddock.web.cards.rewriting import Size

HEAD_BYTES = 64 << 10  # JPEG may have a preview before its size
_MAX_PIXELS = 20_000
# Frames of JPEG: all SOF markers but those of tables.
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def size_in(head: bytes) -> Size | None:
    """The size that the first ``HEAD_BYTES`` of a file tell."""
    try:
        found = _found(head)
    except (struct.error, IndexError):
        return None
    if found is None or not all(0 < each <= _MAX_PIXELS for each in found):
        return None
    return Size(*found)


def _found(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return struct.unpack(">II", head[16:24])
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return struct.unpack("<HH", head[6:10])
    if head.startswith(b"\xff\xd8"):
        return _of_jpeg(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _of_webp(head)
    return None


def _of_jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], struct.unpack(">H", head[at + 2 : at + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return None


def _of_webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        width, height = (int.from_bytes(head[i : i + 3], "little") + 1 for i in (24, 27))
        return width, height
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack("<I", head[21:25])[0]
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    return None
