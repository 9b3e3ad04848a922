"""The numbers that decide draws: Philox4x32-10 of (seed, position, token), and no state.

From Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). Of token
``t`` at ``position``: the key is (seed's low word, seed's high word), the counter
(t // 4, position, 0, 0), and the token's number is word t % 4 of the result.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]  # values below 2^32

ROUNDS: Final = 10
MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS: Final = (0x9E3779B9, 0xBB67AE85)
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, ...]:
    """The four words of each counter under a key of two words."""
    a, b, c, d = counter
    low, high = key
    for _ in range(ROUNDS):
        product_a, product_c = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a = (product_c >> _HALF) ^ b ^ np.uint64(low)
        c = (product_a >> _HALF) ^ d ^ np.uint64(high)
        b, d = product_c & _LOW, product_a & _LOW
        low = low + KEY_STEPS[0] & 0xFFFFFFFF
        high = high + KEY_STEPS[1] & 0xFFFFFFFF
    return a, b, c, d


def token_words(seed: int, position: int, token_ids: NDArray[np.int64]) -> Words:
    """The number from 0 to 2^32 - 1 of each token."""
    ids = token_ids.astype(np.uint64)
    rest = np.zeros_like(ids)
    counter = (ids >> np.uint64(2), np.full_like(ids, position & 0xFFFFFFFF), rest, rest)
    words = np.stack(philox(counter, (seed & 0xFFFFFFFF, seed >> 32)))
    chosen: Words = words[ids.astype(np.int64) & 3, np.arange(len(ids))]
    return chosen


def gumbel(words: Words) -> NDArray[np.float64]:
    """Standard Gumbel noise of each number: -ln(-ln u) where u is (number + 1/2) / 2^32."""
    noise: NDArray[np.float64] = -np.log(-np.log((words.astype(np.float64) + 0.5) * 2.0**-32))
    return noise
