"""SentencePiece's compiled normalizer: which words it turns into others.

The map is a double-array trie (Darts-clone, as sentencepiece's normalizer.cc reads it) followed by
the texts that its keys are replaced by. Only keys of plain ASCII are followed: honest maps fold
forms of Unicode and leave those as they are, or write them in lower case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from paddock.checkpoint.errors import BadTokenizer

MAX_MAP_BYTES = 16 << 20
MAX_KEY_CHARS = 64
MAX_KEYS = 10_000
_ASCII = range(0x21, 0x7F)


class Replacement(NamedTuple):
    """A word and what it becomes."""

    word: str
    becomes: str


def ascii_replacements(charsmap: bytes) -> Iterator[Replacement]:
    """Every plain word that the map changes, but for its case; raises BadTokenizer."""
    units, texts = _parts(charsmap)
    waiting = [(_child_base(units, 0, 0), b"")]
    seen = 0
    while waiting:
        base, word = waiting.pop()
        for label in _ASCII:
            at = base ^ label
            if at >= len(units) or int(units[at]) & 0x800000FF != label:
                continue
            seen += 1
            if seen > MAX_KEYS or len(word) >= MAX_KEY_CHARS:
                raise BadTokenizer("bad_charsmap", "the compiled normalizer has absurdly many keys")
            key, below = word + bytes([label]), _child_base(units, at, at)
            if int(units[at]) >> 8 & 1:
                yield from _changed(key, _leaf_text(units, below, texts))
            waiting.append((below, key))


def _parts(charsmap: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint32]], bytes]:
    size = int.from_bytes(charsmap[:4], "little")
    whole = 4 <= size <= len(charsmap) - 4 and size % 4 == 0 and len(charsmap) <= MAX_MAP_BYTES
    if not whole:
        raise BadTokenizer("bad_charsmap", f"a normalizer of {len(charsmap)} bytes is damaged")
    return np.frombuffer(charsmap, np.uint32, size // 4, offset=4), charsmap[4 + size :]


def _child_base(units: np.ndarray[tuple[int], np.dtype[np.uint32]], at: int, position: int) -> int:
    """Where the children of a unit are looked for, before their label is mixed in."""
    unit = int(units[at])
    return position ^ (unit >> 10) << ((unit & 0x200) >> 6)


def _leaf_text(units: np.ndarray[tuple[int], np.dtype[np.uint32]], at: int, texts: bytes) -> bytes:
    start = int(units[at]) & 0x7FFFFFFF if at < len(units) else len(texts)
    if start >= len(texts):
        raise BadTokenizer("bad_charsmap", "the compiled normalizer points out of itself")
    end = texts.find(b"\0", start)
    return texts[start : end if end >= 0 else len(texts)]


def _changed(word: bytes, becomes: bytes) -> Iterator[Replacement]:
    if any(chr(b).isalnum() for b in word) and word.lower() != becomes.lower():
        yield Replacement(word.decode("ascii"), becomes.decode("utf-8", "replace"))
