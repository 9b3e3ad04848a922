"""One chunk as it travels, wrong in its eight-byte header: version, lengths, scheme, and cuts.

Each stands alone, and behind an honest chunk, where the parser is in the middle of its work.
"""

from __future__ import annotations

import lz4.frame

from tests.attacks.xet.case import Case, xorbs
from tests.hub.xet.messages import frame, frame_of

CHUNK = bytes(range(256)) * 40
PACKED: bytes = lz4.frame.compress(CHUNK)
_HONEST = frame(b"an honest chunk " * 600)

_ANOTHER_VERSION = {
    f"a chunk of version {version}": frame_of(CHUNK, 0, len(CHUNK), version=version)
    for version in (1, 2, 127, 128, 255)
}
_UNKNOWN_SCHEME = {
    f"a chunk of scheme {scheme}": frame_of(PACKED, scheme, len(CHUNK))
    for scheme in (3, 4, 16, 98, 99, 100, 255)
}
_UNPACKED_SIZE = {
    "a stored chunk of no bytes": frame_of(b"", 0, 0),
    "an LZ4 chunk of no bytes": frame_of(lz4.frame.compress(b""), 1, 0),
    "a grouped chunk of no bytes": frame_of(lz4.frame.compress(b""), 2, 0),
    "a payload that unpacks to nothing": frame_of(PACKED, 1, 0),
    "a stored chunk one byte over 128 KiB": frame_of(bytes(131_073), 0, 131_073),
    "an LZ4 chunk one byte over 128 KiB": frame_of(lz4.frame.compress(bytes(131_073)), 1, 131_073),
    "a grouped chunk over 128 KiB": frame_of(lz4.frame.compress(bytes(131_076)), 2, 131_076),
    "a chunk of the most bytes three can say": frame_of(PACKED, 1, 0xFFFFFF),
}
_PAYLOAD_SIZE = {
    "a payload one byte over 256 KiB": frame_of(bytes(262_145), 1, 131_072),
    "a payload of the most bytes three can say": b"\0\xff\xff\xff\1" + b"\0\0\1" + PACKED,
    "lengths in the other byte order": (
        b"\0" + len(PACKED).to_bytes(3, "big") + b"\1" + len(CHUNK).to_bytes(3, "little") + PACKED
    ),
    "a grouped payload over 256 KiB": frame_of(bytes(262_148), 2, 131_072),
}
_STORED_LENGTHS = {
    "a stored chunk one byte longer than it says": frame_of(CHUNK, 0, len(CHUNK) - 1),
    "a stored chunk one byte shorter than it says": frame_of(CHUNK, 0, len(CHUNK) + 1),
    "a stored chunk without payload": frame_of(b"", 0, len(CHUNK)),
    "a stored chunk of a packed payload": frame_of(PACKED, 0, len(CHUNK)),
    "the two lengths in each other's place": (
        b"\0" + len(CHUNK).to_bytes(3, "little") + b"\0" + len(PACKED).to_bytes(3, "little") + CHUNK
    ),
}
_CUT = {
    "a header of one byte": frame(CHUNK)[:1],
    "a header without its scheme": frame(CHUNK)[:4],
    "a header of seven bytes": frame(CHUNK)[:7],
    "a header and nothing else": frame(CHUNK)[:8],
    "one byte of a payload": frame(CHUNK)[:9],
    "half a payload": frame(CHUNK)[: len(CHUNK) // 2],
    "a payload without its last byte": frame(CHUNK)[:-1],
    "a packed payload without its last byte": frame_of(PACKED, 1, len(CHUNK))[:-1],
    "a chunk that announces more than comes": (
        b"\0" + (len(PACKED) + 1).to_bytes(3, "little") + b"\1" + b"\0\x28\0" + PACKED
    ),
    "a zero byte behind the last chunk": frame(CHUNK) + b"\0",
    "seven bytes behind the last chunk": frame(CHUNK) + bytes(7),
    "half of a footer's tag": frame(CHUNK) + b"XETB",
}
_BEHIND = {
    "eight zero bytes behind the last chunk": frame(CHUNK) + bytes(8),
    "a line end behind the last chunk": frame(CHUNK) + b"\r\n" * 4,
    "a footer's tag in small letters": frame(CHUNK) + b"xetblob" + bytes(9),
}

_FAMILIES = [
    (r"version is \d+, not 0|version of", _ANOTHER_VERSION),
    (r"compression scheme is \d+", _UNKNOWN_SCHEME),
    (r"a chunk of \d+ bytes; 1 to 131072", _UNPACKED_SIZE),
    (r"a payload of \d+ bytes; at most", _PAYLOAD_SIZE),
    (r"a stored chunk of \d+ bytes travels as \d+", _STORED_LENGTHS),
    (r"ends inside a chunk", _CUT),
    (r"a chunk of 0 bytes|version is \d+, not 0", _BEHIND),
]


def cases() -> list[Case]:
    """Each fault alone, then behind an honest chunk."""
    alone = [case for reason, bodies in _FAMILIES for case in xorbs(reason, bodies)]
    behind = [
        case
        for reason, bodies in _FAMILIES[:5]
        for case in xorbs(
            reason, {f"{name}, behind an honest chunk": _HONEST + b for name, b in bodies.items()}
        )
    ]
    return alone + behind
