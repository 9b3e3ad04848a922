"""Plain numbers from one type to another, held against torch and against exact arithmetic."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from paddock.checkpoint.codecs.transcoding import transcode
from tests.checkpoint.codecs.samples import WAYS, run

SIXTEEN_BITS = np.arange(1 << 16, dtype=np.uint16)
TORCH = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}
NUMPY = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16, "F64": np.float64}
QUIET = {"F16": (0x7C00, 0x0200), "BF16": (0x7F80, 0x0040), "F32": (0x7F800000, 0x00400000)}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    run(request.param, monkeypatch)
    return str(request.param)


def edges() -> NDArray[np.uint32]:
    """Floats around every place where something changes, and many more at random."""
    random = np.random.default_rng(4).integers(0, 1 << 32, 1 << 18, dtype=np.uint32)
    exponents = np.arange(512, dtype=np.uint32)[:, None] << np.uint32(23)
    near = np.array([0, 1, 2, 0xFFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0x17FFF, 0x18000])
    last = np.uint32(0x7FFFFF) - near.astype(np.uint32)
    around = [(exponents | near.astype(np.uint32)).ravel(), (exponents | last).ravel()]
    return np.concatenate([random, *around]).astype(np.uint32)


def bits(raw: memoryview, dtype: str) -> NDArray[np.uint32]:
    return np.frombuffer(raw, np.uint32 if dtype == "F32" else np.uint16).astype(np.uint32)


def is_nan(found: NDArray[np.uint32], dtype: str) -> NDArray[np.bool_]:
    return (found & np.uint32(0x7FFFFFFF if dtype == "F32" else 0x7FFF)) > QUIET[dtype][0]


def assert_as_torch(raw: bytes, source: str, target: str) -> None:
    found = bits(transcode(raw, source, target), target)
    tensor = torch.frombuffer(bytearray(raw), dtype=TORCH[source]).to(TORCH[target])
    view = torch.int32 if target == "F32" else torch.int16
    expected = tensor.view(view).numpy().astype(np.uint32)
    expected &= np.uint32(0xFFFFFFFF if target == "F32" else 0xFFFF)
    nan = torch.isnan(tensor).numpy()  # torch drops a NaN's sign on some processors
    assert (found[~nan] == expected[~nan]).all()
    assert (is_nan(found, target) == nan).all()
    if (source, target) != ("BF16", "F32"):  # which is a shift
        assert (found[nan] & np.uint32(QUIET[target][1])).all()


@pytest.mark.parametrize(
    ("source", "target"), [("F16", "F32"), ("BF16", "F32"), ("F16", "BF16"), ("BF16", "F16")]
)
def test_every_number_of_16_bits_is_cast_as_torch_casts_it(
    way: str, source: str, target: str
) -> None:
    assert_as_torch(SIXTEEN_BITS.tobytes(), source, target)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_every_number_of_16_bits_comes_back_from_float32(way: str, dtype: str) -> None:
    there = transcode(SIXTEEN_BITS.tobytes(), dtype, "F32")
    back = bits(transcode(there, "F32", dtype), dtype)
    nan = is_nan(back, dtype)
    assert (back[~nan] == SIXTEEN_BITS[~nan]).all()
    # A NaN keeps its sign and its payload, and is quiet afterwards.
    assert (back[nan] == (SIXTEEN_BITS[nan] | QUIET[dtype][1])).all()


@pytest.mark.parametrize("target", ["F16", "BF16"])
def test_float32_is_rounded_to_nearest_even(way: str, target: str) -> None:
    assert_as_torch(edges().tobytes(), "F32", target)


@pytest.mark.parametrize("target", ["F32", "F16", "BF16"])
def test_float64_is_rounded_once(way: str, target: str) -> None:
    # Beside every number of the target and every middle between two: a hair above and below.
    with np.errstate(invalid="ignore"):
        wide = SIXTEEN_BITS.view(NUMPY[target if target != "F32" else "BF16"]).astype(np.float64)
    wide = np.unique(wide[np.isfinite(wide)])
    middles = (wide[1:] + wide[:-1]) / 2
    hair = np.abs(middles) * 2.0**-50
    values = np.concatenate([wide, middles, middles + hair, middles - hair, [np.inf, -np.inf]])
    found = bits(transcode(values.tobytes(), "F64", target), target)
    assert (found == bits(once(values, target, wide), target)).all()


def once(values: NDArray[np.float64], target: str, numbers: NDArray[np.float64]) -> memoryview:
    """The nearest number of a type by looking at its neighbours, ties to even."""
    with np.errstate(over="ignore"):
        if target == "F32":
            return values.astype(np.float32).data.cast("B")
        if target == "F16":
            return values.astype(np.float16).data.cast("B")  # NumPy rounds these directly
    above = np.clip(np.searchsorted(numbers, values), 1, len(numbers) - 1)
    low, high = numbers[above - 1], numbers[above]
    with np.errstate(invalid="ignore"):
        is_up = (values - low > high - values) | (values == high)
        is_tie = values - low == high - values
    odd = (low.astype(ml_dtypes.bfloat16).view(np.uint16) & 1).astype(bool)
    nearest = np.where(is_up | (is_tie & odd), high, low)
    nearest = np.where(np.isinf(values), values, nearest)
    raw = nearest.astype(ml_dtypes.bfloat16).view(np.uint16)
    raw[(nearest == 0) & np.signbit(values)] |= 0x8000
    return memoryview(raw.tobytes())


def test_nan_and_infinity_survive(way: str) -> None:
    special = np.array([np.inf, -np.inf, np.nan, -np.nan], np.float64)
    for source in ("F64", "F32", "F16", "BF16"):
        raw = special.astype(NUMPY[source]).tobytes()
        for target in {"F32", "F16", "BF16"} - {source}:
            found = np.frombuffer(transcode(raw, source, target), NUMPY[target])
            found = found.astype(np.float64)
            assert found[:2].tolist() == [np.inf, -np.inf]
            assert np.isnan(found[2:]).all()


def test_what_is_too_large_becomes_infinite(way: str) -> None:
    raw = np.array([65519.9, 65520, -1e30, 3.4e38], np.float32).tobytes()
    as_half = np.frombuffer(transcode(raw, "F32", "F16"), np.float16).tolist()
    assert as_half == [65504.0, np.inf, -np.inf, np.inf]
