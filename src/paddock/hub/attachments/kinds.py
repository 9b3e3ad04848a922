"""Which files may be attached to a comment, told by their first bytes and not by their names.

Pure. These are what the stock client uploads: raster images, videos, sounds. Nothing that a browser
would run, SVG least of all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from paddock.errors import BadInput, shown

HEAD_BYTES = 16  # what it takes to tell
_IMAGE_BYTES = 10 * 1000 * 1000  # as the Hub
_VIDEO_BYTES = 50 * 1000 * 1000


class BadAttachment(BadInput):
    """The file is of no kind that comments show, or not of the kind that it is said to be."""

    code = "bad_attachment"
    status = 415


class AttachmentKind(NamedTuple):
    """A type of file: its extension here, its size at most, and how its bytes begin."""

    content_type: str
    extension: str
    max_bytes: int
    head: re.Pattern[bytes]

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


def _kind(content_type: str, extension: str, max_bytes: int, head: bytes) -> AttachmentKind:
    return AttachmentKind(content_type, extension, max_bytes, re.compile(head, re.DOTALL))


KINDS = (
    _kind("image/png", "png", _IMAGE_BYTES, rb"\x89PNG\r\n\x1a\n"),
    _kind("image/jpeg", "jpeg", _IMAGE_BYTES, rb"\xff\xd8\xff"),
    _kind("image/gif", "gif", _IMAGE_BYTES, rb"GIF8[79]a"),
    _kind("image/webp", "webp", _IMAGE_BYTES, rb"RIFF....WEBP"),
    _kind("video/mp4", "mp4", _VIDEO_BYTES, rb"....ftyp"),
    _kind("video/quicktime", "mov", _VIDEO_BYTES, rb"....(?:ftyp|moov|mdat|wide|free|skip|pnot)"),
    _kind("video/webm", "webm", _VIDEO_BYTES, rb"\x1a\x45\xdf\xa3"),
    _kind("audio/mpeg", "mp3", _IMAGE_BYTES, rb"ID3|\xff[\xe2-\xfb]"),
    _kind("audio/wav", "wav", _IMAGE_BYTES, rb"RIFF....WAVE"),
)
_BY_TYPE = {kind.content_type: kind for kind in KINDS}
_BY_EXTENSION = {kind.extension: kind for kind in KINDS}


def kind_of_type(content_type: str) -> AttachmentKind:
    """The kind that a request says its body is; raises BadAttachment."""
    wanted = content_type.partition(";")[0].strip().lower()
    if wanted not in _BY_TYPE:
        raise BadAttachment(
            f"a file of type {shown(wanted)} cannot be attached",
            hint=f"use one of {', '.join(_BY_TYPE)}",
        )
    return _BY_TYPE[wanted]


def kind_of_name(name: str) -> AttachmentKind:
    """The kind of an attachment that is kept, by the name that it was given here."""
    return _BY_EXTENSION[name.rpartition(".")[2]]


def check_head(kind: AttachmentKind, head: bytes) -> None:
    """Raise BadAttachment unless the file begins as files of this kind do."""
    if not kind.head.match(head):
        raise BadAttachment(f"the file does not begin as a file of type {kind.content_type} does")
