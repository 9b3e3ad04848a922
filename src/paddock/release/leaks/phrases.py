"""Short withheld texts, such as values of a data field, in texts of the release.

Compared by their letters and digits alone, whatever their case, spacing or quoting. What is short,
common or guessable is no evidence and is not looked for; how much that was is counted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_BYTES: Final = 12  # letters and digits of a value
LEAST_DIFFERENT: Final = 6
MOST_ROWS: Final = 3  # that may share a value: more make it a category
MAX_PHRASES: Final = 2_000_000
_PREFIX: Final = 8
_LOWER: Final = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_DROPPED: Final = bytes(c for c in range(128) if not chr(c).isalnum())


def normalised(text: bytes) -> bytes:
    """Letters and digits, lower case; what is not ASCII stays as it is."""
    return text.translate(_LOWER, _DROPPED)


def is_telling(value: bytes) -> bool:
    """Whether a normalised text is long and varied enough to be evidence."""
    return len(value) >= LEAST_BYTES and len(set(value)) >= LEAST_DIFFERENT


@dataclass(slots=True)
class PhraseIndex:
    """Hashes of texts, by the eight bytes that they begin with."""

    by_prefix: dict[int, set[tuple[int, bytes, int]]] = field(default_factory=dict)
    passed_over: int = 0
    count: int = 0
    _prefixes: NDArray[np.uint64] | None = None

    def add(self, owner: int, values: Iterable[bytes]) -> None:
        """Remember an owner's values; those that many rows share are passed over."""
        counted = Counter(normalised(value) for value in values)
        for value, rows in counted.items():
            if not is_telling(value) or rows > MOST_ROWS or self.count >= MAX_PHRASES:
                self.passed_over += rows
                continue
            prefix = int.from_bytes(value[:_PREFIX], "big")
            self.by_prefix.setdefault(prefix, set()).add((len(value), _digest(value), owner))
            self.count += 1
        self._prefixes = None

    def look(self, text: bytes) -> dict[int, int]:
        """How many different values of each owner are in a normalised text."""
        if not self.by_prefix or len(text) < LEAST_BYTES:
            return {}
        if self._prefixes is None:
            self._prefixes = np.array(sorted(self.by_prefix), np.uint64)
        words = _words(np.frombuffer(text, np.uint8))
        places = np.searchsorted(self._prefixes, words)
        places[places == len(self._prefixes)] = 0
        found: set[tuple[int, bytes, int]] = set()
        for at in np.flatnonzero(self._prefixes[places] == words):
            for each in self.by_prefix[int(words[at])]:
                if each not in found and _digest(text[at : at + each[0]]) == each[1]:
                    found.add(each)
        return dict(Counter(owner for _, _, owner in found))


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=16).digest()


def _words(content: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The eight bytes from every place on as a number; by doubling."""
    code, width = content.astype(np.uint64), 1
    while width < _PREFIX:
        code = code[:-width] << np.uint64(8 * width) | code[width:]
        width *= 2
    return code
