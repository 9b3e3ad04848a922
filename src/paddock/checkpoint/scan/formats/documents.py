"""Images and PDF: where they end, and what a document may do when it is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

MAX_PARTS = 100_000
_ACTIONS = re.compile(rb"/(JavaScript|JS|Launch|OpenAction|EmbeddedFile|RichMedia|XFA)\b")
_PDF_END = re.compile(rb"%%EOF\s*\Z")
_TAIL_BYTES = 1 << 12


def check_image(look: Look) -> Iterator[Reason]:
    """Whether the image ends with the file; formats whose end is not marked are passed over."""
    for start, end_of in _ENDS.items():
        if look.head.startswith(start):
            end = end_of(look)
            if end is None:
                yield Reason("broken_document", look.name, "the image does not end")
            elif look.read(end, _TAIL_BYTES).strip(b"\0\r\n "):
                left = look.size_bytes - end
                yield Reason("after_the_end", look.name, f"{left} bytes follow the image")


def check_pdf(look: Look) -> Iterator[Reason]:
    """What it would do, as far as it says so uncompressed, and where it ends."""
    tail_at = max(0, look.size_bytes - _TAIL_BYTES)
    if not _PDF_END.search(look.read(tail_at, _TAIL_BYTES)):
        yield Reason("after_the_end", look.name, "something follows the document, or it has no end")
    found: set[str] = set()
    before = b""
    for piece in look.pieces():
        found |= {match[1].decode() for match in _ACTIONS.finditer(before + piece)}
        before = piece[-32:]
    if found:
        yield Reason("active_document", look.name, f"it has {', '.join(sorted(found))}")


def _png_end(look: Look) -> int | None:
    """Behind IEND (PNG specification, section 5.3)."""
    at = 8
    for _ in range(MAX_PARTS):
        head = look.read(at, 8)
        if len(head) < 8:
            return None
        at += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return at if at <= look.size_bytes else None
    return None


def _gif_end(look: Look) -> int | None:
    """Behind the trailer (GIF89a, sections 17 to 27)."""
    flags = look.read(10, 1)
    at = 13 + (3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0)
    for _ in range(MAX_PARTS):
        head = look.read(at, 10)
        if head[:1] == b"\x3b":
            return at + 1
        if head[:1] == b"\x21":
            at += 2
        elif head[:1] == b"\x2c" and len(head) == 10:
            at += 11 + (3 << (head[9] & 7) + 1 if head[9] & 0x80 else 0)
        else:
            return None
        while (size := look.read(at, 1)) and size[0]:  # sub-blocks
            at += 1 + size[0]
        at += 1
    return None


def _riff_end(look: Look) -> int | None:
    size = int.from_bytes(look.head[4:8], "little")
    end = 8 + size + size % 2
    return end if end <= look.size_bytes else None


def _jpeg_end(look: Look) -> int | None:
    """Behind the last end-of-image marker near the end of the file."""
    tail_at = max(0, look.size_bytes - (1 << 20))
    found = look.read(tail_at, 1 << 20).rfind(b"\xff\xd9")
    return tail_at + found + 2 if found >= 0 else None


_ENDS: dict[bytes, Callable[[Look], int | None]] = {
    b"\x89PNG": _png_end,
    b"GIF8": _gif_end,
    b"RIFF": _riff_end,
    b"\xff\xd8": _jpeg_end,
}
