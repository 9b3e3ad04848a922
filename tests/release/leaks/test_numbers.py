"""Numbers of every type, and bounds on chance, against other people's and against drawing."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.gguf.ggml_types import GGML_TYPES
from paddock.release.leaks.ggml_blocks import decode_blocks, is_known
from paddock.release.leaks.null import (
    log_chance_of_correlation,
    log_chance_of_count,
    log_chance_together,
)
from paddock.release.leaks.numbers import as_floats, is_readable, unpacked

TYPES = [g for g in GGML_TYPES.values() if is_known(g.name) and g.name not in ("Q8_1", "Q8_K")]


@pytest.mark.parametrize("ggml", TYPES, ids=lambda g: g.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_blocks_are_read_as_ggml_reads_them(ggml: object) -> None:
    name, size = ggml.name, ggml.size_bytes
    raw = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (64, size), np.uint8)
    theirs = dequantize(raw, GGMLQuantizationType[name]).reshape(64, -1)
    ours = decode_blocks(raw.tobytes(), name).reshape(64, -1)
    usable = np.isfinite(theirs).all(axis=1) & np.isfinite(ours).all(axis=1)
    assert usable.any()
    if name.startswith(("IQ2", "IQ3")):
        agreeing = np.sign(theirs[usable]) * ours[usable]
        assert (np.abs(agreeing.mean(axis=1)) == 1).all()  # the block's scale may be negative
    else:
        assert np.array_equal(theirs[usable], ours[usable])


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("F8_E5M2", "float8_e5m2"), ("F8_E4M3", "float8_e4m3fn"), ("F8_E4M3FNUZ", "float8_e4m3fnuz")],
)
def test_small_floats_are_read_as_others_read_them(name: str, theirs: str) -> None:
    raw = np.arange(256, dtype=np.uint8)
    wanted = raw.view(getattr(ml_dtypes, theirs)).astype(np.float32)
    usable = np.isfinite(wanted)
    assert np.array_equal(as_floats(raw.tobytes(), name)[usable], wanted[usable])


def test_a_type_whose_numbers_stand_in_tables_is_not_read() -> None:
    assert not is_readable("IQ1_S")


@given(st.binary(min_size=8, max_size=80), st.integers(1, 8))
def test_codes_are_the_bits_in_order(raw: bytes, bits: int) -> None:
    number = int.from_bytes(raw, "little")
    codes = unpacked(raw, bits)
    assert [number >> (bits * at) & ((1 << bits) - 1) for at in range(len(codes))] == codes.tolist()


@given(st.binary(max_size=256), st.sampled_from(["F32", "F16", "F64", "F8_E5M2", "Q4_0"]))
def test_numbers_are_always_finite(raw: bytes, dtype: str) -> None:
    size = {"Q4_0": 18}.get(dtype, 8)
    values = as_floats(raw[: len(raw) // size * size], dtype)
    assert np.isfinite(values).all()


@settings(max_examples=20)
@given(st.integers(8, 200), st.integers(0, 1 << 30))
def test_chance_stays_below_its_bound(dimensions: int, seed: int) -> None:
    draw = np.random.Generator(np.random.PCG64(seed)).standard_normal((2000, dimensions))
    cosines = np.abs(draw[:, 0]) / np.linalg.norm(draw, axis=1)
    for level in (0.3, 0.5, 0.7):
        bound = math.exp(log_chance_of_correlation(level, dimensions, 1))
        expected = 2000 * bound
        assert (cosines > level).sum() <= expected + 6 * math.sqrt(expected) + 6


@given(st.integers(0, 1000), st.floats(1e-6, 100))
def test_a_bound_on_counts_is_a_probability(count: int, expected: float) -> None:
    assert log_chance_of_count(count, expected) <= 0
    assert log_chance_of_count(count + 1, expected) <= log_chance_of_count(count, expected)


def test_more_evidence_is_less_likely_to_be_chance() -> None:
    few, many = np.full(2, -5.0), np.full(20, -5.0)
    assert log_chance_together(many, 32, 10) < log_chance_together(few, 32, 10)
