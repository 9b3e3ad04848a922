"""Git LFS pointers: the few lines that git keeps in place of a large file.

Knows the pointer format (git-lfs docs/spec.md) and nothing of where the bytes are. Rendering is
canonical; only canonical pointers are recognised, so that parse and render are inverse.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_POINTER_BYTES = 1024  # git-lfs looks at no more
MAX_SIZE_BYTES = 2**63 - 1  # what git-lfs and a database can count

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"oid sha256:([0-9a-f]{64})\n"
    rb"size (0|[1-9][0-9]{0,18})\n"
)


class Pointer(NamedTuple):
    """The content that a pointer stands for."""

    sha256: str
    size_bytes: int


def render_pointer(pointer: Pointer) -> bytes:
    """The pointer's exact bytes, as ``git lfs`` writes them."""
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
        pointer.sha256.encode(),
        pointer.size_bytes,
    )


def parse_pointer(content: bytes) -> Pointer | None:
    """What the bytes point to, or None when they are an ordinary file."""
    if len(content) > MAX_POINTER_BYTES:
        return None
    match = _POINTER.fullmatch(content)
    if not match or int(match[2]) > MAX_SIZE_BYTES:
        return None
    return Pointer(match[1].decode(), int(match[2]))
