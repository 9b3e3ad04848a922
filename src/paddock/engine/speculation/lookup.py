"""Prompt look-up: what followed the same few tokens when they last stood in prompt or output.

Costs one pass over the last tokens of the text, whatever its length. (Saxena, "Prompt lookup
decoding", 2023.)
"""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WINDOW: Final = 8192  # tokens looked through
_SHORTEST, _LONGEST = 2, 3  # tokens that must agree


def look_up(tokens: array[int], count: int) -> list[int]:
    """Up to ``count`` tokens that may follow; none where the last tokens are new."""
    text = np.frombuffer(tokens, np.int32)[-_WINDOW:]
    for agreeing in range(_LONGEST, _SHORTEST - 1, -1):
        if len(text) <= agreeing:
            continue
        last = text[-agreeing:]
        same = text[agreeing - 1 : -1] == last[-1]
        for back in range(1, agreeing):
            same &= text[agreeing - 1 - back : -1 - back] == last[-1 - back]
        found = np.flatnonzero(same)
        if len(found):
            follows = _best(found, agreeing, len(text), count)
            return [int(token) for token in text[follows : follows + count]]
    return []


def _best(found: NDArray[np.intp], agreeing: int, length: int, count: int) -> int:
    """Where the continuation begins: of the latest place that ``count`` tokens follow, if any."""
    follows = found + agreeing
    full = follows[follows + count <= length]
    return int(full[-1] if len(full) else follows[0])
