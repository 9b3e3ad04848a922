"""Bytes and numbers that are written out in a text: base64, hex, lists of numbers.

Bounded in what it makes. A long stretch without spaces that is none of these is told: it may be
anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from paddock.release.leaks.numbers import Floats, finite

LEAST_BYTES: Final = 48  # decoded; digests and keys are shorter
MAX_NUMBERS: Final = 1 << 23
NOISE_BITS: Final = 6.1  # of a character: base64 has 6.0, any language and JSON less
MAX_STRETCH: Final = 2048  # characters without a space that are not decoded
_STRETCH: Final = re.compile(
    rb"(?:[A-Za-z0-9+/_-]{20,}(?:\\n|\\r|[\s\"',])*){3,}={0,2}|[A-Za-z0-9+/_-]{64,}={0,2}"
)
_HEX: Final = re.compile(rb"[0-9a-fA-F]+")
_NUMBERS: Final = re.compile(rb"[0-9eE+\-.,;\s\[\]\"]{512,}")
_BETWEEN: Final = re.compile(rb"[,;\s\[\]\"]+")
_GLUE: Final = re.compile(rb"\\n|\\r|[\s\"',]")
_UNBROKEN: Final = re.compile(rb"[!-~]{%d,}" % MAX_STRETCH)


class Decoded(NamedTuple):
    """Bytes that were written in letters."""

    how: str
    content: bytes


def decoded(text: bytes) -> Iterator[Decoded]:
    """What stretches of base64 and hex stand for."""
    for match in _STRETCH.finditer(text):
        stretch = _GLUE.sub(b"", match.group())
        if _HEX.fullmatch(stretch.rstrip(b"=")):
            even = stretch[: len(stretch) // 2 * 2]
            content = bytes.fromhex(even.decode("ascii"))
            if len(content) >= 2 * LEAST_BYTES:
                yield Decoded("hex", content)
            continue
        try:
            bare = stretch.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
            content = base64.b64decode(bare[: len(bare) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(content) >= LEAST_BYTES:
            yield Decoded("base64", content)


def number_lists(text: bytes) -> Iterator[Floats]:
    """Long lists of numbers."""
    left = MAX_NUMBERS
    for match in _NUMBERS.finditer(text):
        words = _BETWEEN.split(match.group()[: 32 * left])
        values = [value for word in words if word and (value := _number(word)) is not None]
        if len(values) >= 128 and left > 0:
            left -= len(values)
            yield finite(np.array(values, np.float32))


def is_opaque(text: bytes) -> bool:
    """Whether there is a long stretch without spaces that uses its alphabet like noise."""
    for match in _UNBROKEN.finditer(text):
        counts = np.bincount(np.frombuffer(match.group(), np.uint8))
        shares = counts[counts > 0] / len(match.group())
        if -(shares * np.log2(shares)).sum() > NOISE_BITS:
            return True
    return False


def _number(word: bytes) -> float | None:
    try:
        return float(word)
    except (ValueError, OverflowError):
        return None
