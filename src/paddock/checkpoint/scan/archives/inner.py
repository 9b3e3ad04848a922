"""What comes out of an archive: a name and bytes that are made while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

PIECE_BYTES = 1 << 20
# A ratio that no weights and no honest text reach, from a size on at which it begins to hurt.
MAX_RATIO = 100
BOMB_BYTES = 1_000_000


class Inner(NamedTuple):
    """A member, or the content of a compressed stream; ``pieces`` may raise ``BadArchive``."""

    name: str
    pieces: Iterator[bytes]


def is_bomb(packed_bytes: int, unpacked_bytes: int) -> bool:
    """Whether so little makes so much that it can only be meant to fill something."""
    return unpacked_bytes >= BOMB_BYTES and unpacked_bytes > MAX_RATIO * max(packed_bytes, 1)
