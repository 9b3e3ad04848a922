"""What stands in the place of withheld numbers: zeros, or numbers drawn from a public seed.

Nothing here has seen a weight. Drawn numbers are the same to the bit on every machine: 64-bit words
of Philox 4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011; NumPy keeps
its stream stable), keyed by SHA-256 of the seed, the tensor's name in the release and the row; each
number is the sum of eight 16-bit quarters of two words, less its mean, times one factor, rounded
once: sums are exact, and the product is IEEE 754's. Norms are ones and biases zeros, as in a fresh
model.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import from_float32, narrowed
from paddock.checkpoint.tensors import PIECE_BYTES, Tensor

_PARTS = 8  # quarters of words that are added up; their sum is near enough to a normal number
_PART_VALUES = 1 << 16
_MEAN = _PARTS * (_PART_VALUES - 1) / 2
_DEVIATION = math.sqrt(_PARTS * (_PART_VALUES**2 - 1) / 12)
_AT_ONCE = 1 << 16  # numbers
_LABEL = b"paddock/reinitialise/v1"


class Drawn(NamedTuple):
    """How fresh weights are drawn."""

    seed: int
    deviation: float  # the configuration's initializer_range


def zeros(name: str, dtype: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor of zeros."""
    size_bytes = Tensor(name, dtype, shape, lambda: iter(())).size_bytes

    def pieces() -> Iterator[bytes]:
        whole, rest = divmod(size_bytes, PIECE_BYTES)
        nothing = bytes(PIECE_BYTES)
        for _ in range(whole):
            yield nothing
        yield bytes(rest)

    return Tensor(name, dtype, shape, pieces)


def reinitialised(
    name: str, dtype: str, shape: tuple[int, ...], drawn: Drawn, row: int | None = None
) -> Tensor:
    """A tensor as a fresh model has it; ``row`` tells apart the rows of a fused one."""
    if is_norm(name):
        return _ones(name, dtype, shape)
    if name.endswith("bias") or len(shape) < (2 if row is None else 1):
        return zeros(name, dtype, shape)

    def pieces() -> Iterator[bytes]:
        key = _key(drawn.seed, name, row)
        for numbers in _numbers(key, math.prod(shape), drawn.deviation):
            yield encoded(numbers, dtype)

    return Tensor(name, dtype, shape, pieces)


def is_norm(name: str) -> bool:
    """Whether a tensor scales what a norm has divided, so that a fresh one is all ones."""
    parts = name.split(".")
    return parts[-1] == "weight" and len(parts) > 1 and "norm" in parts[-2]


def encoded(numbers: NDArray[np.float64], dtype: str) -> bytes:
    """Numbers as a plain type, each rounded once."""
    if dtype == "F64":
        return numbers.astype("<f8").tobytes()
    if dtype == "F32":
        return numbers.astype("<f4").tobytes()
    raw = np.ascontiguousarray(numbers, "<f8").view(np.uint8)
    return from_float32(narrowed(raw), dtype).tobytes()


def _ones(name: str, dtype: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name, dtype, shape, lambda: iter([encoded(np.ones(math.prod(shape)), dtype)]))


def _key(seed: int, name: str, row: int | None) -> int:
    label = [_LABEL, str(seed).encode(), name.encode(), b"" if row is None else str(row).encode()]
    return int.from_bytes(hashlib.sha256(b"\0".join(label)).digest()[:16], "little")


def _numbers(key: int, count: int, deviation: float) -> Iterator[NDArray[np.float64]]:
    words, factor = np.random.Philox(key=key), deviation / _DEVIATION
    while count:
        taken = min(count, _AT_ONCE)
        raw = words.random_raw(taken * _PARTS // 4).astype("<u8").view("<u2")
        sums = raw.reshape(taken, _PARTS).sum(axis=1, dtype=np.int64)
        yield (sums - _MEAN) * factor
        count -= taken
