"""The extremes from bits are those that NumPy computes from numbers."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.scan.weights.extremes import BLOCK_SCALES, block_extremes, float_extremes

TYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
}


def nothing() -> None:
    pass


@pytest.mark.parametrize("dtype", TYPES)
@given(data=st.data())
def test_any_bits_are_judged_as_numpy_does(dtype: str, data: st.DataObject) -> None:
    size = np.dtype(TYPES[dtype]).itemsize
    raw = data.draw(st.binary(min_size=size, max_size=64))
    raw = raw[: len(raw) // size * size]
    with np.errstate(invalid="ignore"):
        values = np.frombuffer(raw, TYPES[dtype]).astype(np.float64)
    cut = data.draw(st.integers(0, len(raw)))
    found = float_extremes(dtype, [raw[:cut], raw[cut:]], nothing)
    assert found.is_finite == bool(np.isfinite(values).all())
    if found.is_finite and size > 1:
        assert found.largest == np.abs(values).max()
    minus = ~np.isfinite(values)
    assert found.has_only_minus_infinity == bool(minus.any() and (values[minus] == -np.inf).all())


def test_one_value_throughout_is_noticed() -> None:
    assert float_extremes("F32", [bytes(4096)], nothing).is_constant
    assert not float_extremes("F32", [bytes(4092) + b"\0\0\0\1"], nothing).is_constant


@pytest.mark.parametrize("dtype", BLOCK_SCALES)
def test_a_scale_that_is_no_number_is_found_in_every_block_type(dtype: str) -> None:
    size, places = BLOCK_SCALES[dtype]
    blocks = bytearray(b"\x11" * size * 3)
    for at in places:
        hurt = blocks.copy()
        hurt[size + at : size + at + 2] = np.float16("nan").tobytes()
        assert not block_extremes(dtype, [bytes(hurt)], nothing).is_finite
    assert block_extremes(dtype, [bytes(blocks)], nothing).is_finite
