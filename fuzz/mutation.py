"""What is changed in a valid file: bits, bytes, whole numbers of every width, parts, and its end.

A mutation is a value, so that one can be drawn by a random generator or by hypothesis and repeated.
Applying it never fails, whatever its numbers and however short the content.
"""

from __future__ import annotations

import re
from enum import IntEnum
from random import Random
from typing import NamedTuple

MAX_BYTES = 1 << 16  # of a mutated input; readers are to be tried by what it says, not by its size
INTEGERS = (
    0, 1, -1, 2, 3, 7, 8, 16, 32, 64, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000,
    100_000_001, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 42, 1 << 53, 1 << 61,
    (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 31), -(1 << 63),
)  # fmt: skip
# Pieces that mean something to one reader or another.
TOKENS = (
    b"", b"\0", b"\n", b".", b"..", b"../", b"/", b"\\", b"{", b"}", b"[", b"]", b'"', b",", b":",
    b"null", b"true", b"NaN", b"Infinity", b"1e999", b"-1", b"1e5", b'"', b"\\ud800", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xe2\x80\xae", b"GGUF", b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\7\x08",
    b"cos\nsystem\n", b"\x80\x02", b"\x80\x05", b"\x95", b"\x93", b"\x94", b"(", b"t", b"R", b"b",
    b"c", b"h\0", b"q\0", b"Q", b"u", b"s", b"0", b"2", b"l", b"\x93NUMPY\1\0", b"(2,)", b"|O",
    b"[" * 500, b'{"a":' * 100, b"(" * 500, b"\x8a\xff", b"X\xff\xff\xff\xff",
)  # fmt: skip
_NUMERAL = re.compile(rb"-?\d+(\.\d+)?")


class Kind(IntEnum):
    """One way to change a file."""

    FLIP = 0
    BYTE = 1
    INTEGER = 2
    NUMERAL = 3
    TOKEN = 4
    CUT = 5
    DROP = 6
    REPEAT = 7
    SPLICE = 8
    SWAP = 9


class Mutation(NamedTuple):
    """A change; numbers that are too large are taken modulo what there is."""

    kind: Kind
    at: int
    value: int
    length: int


def draw(random: Random) -> list[Mutation]:
    """A few changes; most often one or two, since more are refused at the first."""
    count = 1 + int(random.expovariate(0.8))
    return [
        Mutation(
            Kind(random.randrange(len(Kind))),
            random.randrange(MAX_BYTES),
            random.randrange(1 << 16),
            int(random.expovariate(0.05)),
        )
        for _ in range(min(count, 8))
    ]


def mutated(content: bytes, mutations: list[Mutation], other: bytes) -> bytes:
    """The content after every change; ``other`` is a second valid file to take parts from."""
    changed = bytearray(content)
    for mutation in mutations:
        _apply(changed, mutation, other)
        del changed[MAX_BYTES:]
    return bytes(changed)


def _apply(content: bytearray, mutation: Mutation, other: bytes) -> None:
    kind, at, value, length = mutation
    at %= len(content) + 1
    match kind:
        case Kind.FLIP if at < len(content):
            content[at] ^= 1 << value % 8
        case Kind.BYTE if at < len(content):
            content[at] = value % 256
        case Kind.INTEGER:
            number = _integer(value, 1 << length % 4)
            content[at : at + len(number)] = number
        case Kind.NUMERAL:
            _replace_numeral(content, at, value)
        case Kind.TOKEN:
            content[at : at + length % 3] = TOKENS[value % len(TOKENS)]
        case Kind.CUT:
            del content[at:]
        case Kind.DROP:
            del content[at : at + length]
        case Kind.REPEAT:
            content[at:at] = content[at : at + length] * (1 + value % 40)
        case Kind.SPLICE:
            start = value % (len(other) + 1)
            content[at : at + length] = other[start : start + length]
        case Kind.SWAP:
            start = value % (len(content) + 1)
            content[at : at + length] = content[start : start + length]


def _integer(value: int, width: int) -> bytes:
    """One of the numbers that break things, in so many bytes, in either order."""
    number = INTEGERS[value % len(INTEGERS)] % (1 << 8 * width)
    return number.to_bytes(width, "little" if value & 0x8000 else "big")


def _replace_numeral(content: bytearray, at: int, value: int) -> None:
    """Another number for the next one that is written in digits."""
    found = _NUMERAL.search(content, at) or _NUMERAL.search(content)
    if found:
        content[found.start() : found.end()] = str(INTEGERS[value % len(INTEGERS)]).encode()
