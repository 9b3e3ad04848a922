"""How a file should travel: inside the commit, or ahead of it as a large file.

Knows the three reasons for a large file (``.gitattributes``, its size, a beginning that is not
text) and what ``.gitignore`` leaves out. Patterns may come with a request, so matching has a
deadline.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.git.attributes import Attributes, parse_attributes
from paddock.hub.git.ignores import Ignores, parse_ignores
from paddock.hub.http.commit_body import MAX_FILE_BYTES
from paddock.hub.types import FileEntry, Repository
from paddock.large_patterns import ATTRIBUTES_NAME

MAX_RULES_BYTES = 256 * 1024
MATCHING_SECONDS = 5.0
RULES = (ATTRIBUTES_NAME, ".gitignore")  # files that hold them

_SAMPLE_BYTES = 512  # what clients send; more of it says nothing more
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")
_MAX_ODD_SHARE = 0.3  # of a sample that is no UTF-8: beyond it, no old text encoding either


class Matching(NamedTuple):
    """The rules of one answer, and when matching them has taken too long."""

    attributes: Attributes
    ignores: Ignores
    deadline: float

    def is_ignored(self, path: str) -> bool:
        """Whether a file is left out."""
        return self.ignores.is_ignored(path, deadline=self.deadline)

    def is_large(self, path: str, size_bytes: int, beginning: bytes) -> bool:
        """Whether a file travels ahead."""
        is_attributed = self.attributes.is_large(path, deadline=self.deadline)
        return is_attributed or size_bytes > MAX_FILE_BYTES or is_binary(beginning)


def matching(attributes: str, ignores: str) -> Matching:
    """The rules as they stand in their files."""
    deadline = time.monotonic() + MATCHING_SECONDS
    return Matching(parse_attributes(attributes), parse_ignores(ignores), deadline)


def rules_text(hub: Hub, conn: sa.Connection, repo: Repository, entry: files.Entry | None) -> str:
    """What a revision's file of rules says; nothing where there is none, or none to be read."""
    if not isinstance(entry, FileEntry) or entry.large or entry.size_bytes > MAX_RULES_BYTES:
        return ""
    content = files.read_small_file(conn, hub.blobs, repo, entry, MAX_RULES_BYTES)
    return content.decode("utf-8", "replace")


def is_binary(beginning: bytes) -> bool:
    """Whether the first bytes of a file are no text in UTF-8 or an older encoding."""
    sample = beginning[:_SAMPLE_BYTES]
    if b"\0" in sample:
        return True
    try:
        sample.decode()
        return False
    except UnicodeDecodeError as e:
        # A sample may end in the middle of a character.
        if e.reason == "unexpected end of data" and e.start >= len(sample) - 3:
            return False
    odd = sum(byte >= 0x80 or (byte < 0x20 and byte not in _TEXT_CONTROLS) for byte in sample)
    return odd > len(sample) * _MAX_ODD_SHARE
