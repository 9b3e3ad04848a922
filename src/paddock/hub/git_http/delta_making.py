"""A delta of a pack: how large what it makes is, and making it.

Knows the delta's own header (gitformat-pack, "Deltified representation"); dulwich applies it.
"""

from __future__ import annotations

from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta

from paddock.hub.git_http.pack_bytes import BadPack


def made_bytes(delta: bytes, base_bytes: int) -> int:
    """The size of what a delta makes; raises BadPack when it is of another base."""
    said, at = _varint(delta, 0)
    size, _ = _varint(delta, at)
    if said != base_bytes:
        raise BadPack(f"a delta is of an object of {said} bytes, its base has {base_bytes}")
    return size


def _varint(delta: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(delta) and shift < 63:
        byte = delta[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return number, at
    raise BadPack("a delta is cut off")


def applied(base: bytes, delta: bytes) -> bytes:
    try:
        return b"".join(apply_delta(base, delta))
    except ApplyDeltaError as e:
        raise BadPack("a delta cannot be applied to its base") from e
