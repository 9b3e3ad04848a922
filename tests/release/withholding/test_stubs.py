"""Stubs are constant, or drawn from a public seed: the same numbers on every machine."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from paddock.checkpoint.codecs.casts import to_float32
from paddock.release.withholding.stubs import Drawn, reinitialised, zeros

NAME = "model.layers.1.mlp.up_proj.weight"


def drawn(dtype: str = "F32", seed: int = 0, name: str = NAME, row: int | None = None) -> bytes:
    return bytes(reinitialised(name, dtype, (64, 96), Drawn(seed, 0.02), row).read())


@pytest.mark.parametrize(
    ("dtype", "digest"),
    [
        ("F32", "712500acd71c6e26"),
        ("BF16", "77b6a1ef18d6f48a"),
        ("F16", "938fefa63ee05aac"),
        ("F64", "7396aec31600ce06"),
    ],
)
def test_drawn_numbers_are_the_same_to_the_bit_everywhere(dtype: str, digest: str) -> None:
    assert hashlib.sha256(drawn(dtype)).hexdigest()[:16] == digest


def test_the_generator_is_as_it_is_described() -> None:
    key = hashlib.sha256(b"paddock/reinitialise/v1\x000\0" + NAME.encode() + b"\0").digest()
    words = np.random.Philox(key=int.from_bytes(key[:16], "little")).random_raw(2)
    quarters = [(int(word) >> shift) & 0xFFFF for word in words for shift in (0, 16, 32, 48)]
    first = (sum(quarters) - 4 * 65535) * (0.02 / np.sqrt(8 * (65536.0**2 - 1) / 12))
    assert np.frombuffer(drawn("F64"), "<f8")[0] == first


def test_they_are_as_a_fresh_model_has_them() -> None:
    numbers = np.frombuffer(drawn(), "<f4")
    assert abs(float(numbers.mean())) < 0.001
    assert abs(float(numbers.std()) - 0.02) < 0.001


def test_seed_name_and_row_each_give_other_numbers() -> None:
    assert len({drawn(), drawn(seed=1), drawn(name="x.weight"), drawn(row=0), drawn(row=1)}) == 5


def test_norms_are_ones_and_biases_zeros() -> None:
    norm = reinitialised("model.norm.weight", "BF16", (5,), Drawn(0, 0.02)).read()
    assert to_float32(np.frombuffer(norm, np.uint8), "BF16").tolist() == [1.0] * 5
    assert not any(reinitialised("a.q_proj.bias", "F32", (5,), Drawn(0, 0.02)).read())


def test_zeros_are_streamed_in_bounded_pieces() -> None:
    large = zeros("a", "F32", (1 << 20, 3))
    sizes = [len(piece) for piece in large.pieces()]
    assert sum(sizes) == large.size_bytes and max(sizes) <= 1 << 20
