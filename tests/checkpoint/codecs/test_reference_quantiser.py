"""Blocks held against llama.cpp's own quantiser and against the `gguf` package."""

from __future__ import annotations

import gguf
import numpy as np
import pytest

from paddock.checkpoint.codecs.transcoding import decode, encode
from paddock.checkpoint.dtypes import BLOCKS
from tests.checkpoint.codecs.samples import (
    KINDS,
    WAYS,
    Floats,
    decoded_by_gguf,
    quantised_by_llama_cpp,
    run,
)

K_TYPES = ("Q4_K", "Q5_K", "Q6_K")


def squared_error(values: Floats, raw: bytes | memoryview, dtype: str) -> float:
    off = values.astype(np.float64) - decoded_by_gguf(bytes(raw), dtype)
    return float(np.mean(off * off))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["Q8_0", "Q4_0"])
def test_small_blocks_have_the_bits_of_llama_cpp(
    way: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(way, monkeypatch)
    kinds = {**KINDS, "negative zero": -KINDS["zero"]}
    for kind, values in kinds.items():
        assert bytes(encode(values, dtype)) == quantised_by_llama_cpp(values, dtype), kind


@pytest.mark.parametrize("dtype", ["Q8_0", "Q4_0"])
def test_small_blocks_have_the_bits_of_the_gguf_package(dtype: str) -> None:
    for kind, values in KINDS.items():
        positive = values + np.float32(0)  # they differ from llama.cpp where a -0 leads zeros
        with np.errstate(all="ignore"):
            theirs = gguf.quantize(positive, gguf.GGMLQuantizationType[dtype])
        assert bytes(encode(positive, dtype)) == theirs.tobytes(), kind


@pytest.mark.parametrize("way", WAYS)
def test_ties_are_decided_as_in_llama_cpp(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run(way, monkeypatch)
    # Elements exactly between two codes, with either sign first among the largest.
    halves = np.random.default_rng(9).integers(-16, 17, 1 << 15).astype(np.float32) / 2
    for values in (halves, halves * np.float32(127 / 8), np.tile([1.0, -1.0], 512)):
        for dtype in ("Q8_0", "Q4_0"):
            ours = bytes(encode(values.astype(np.float32), dtype))
            assert ours == quantised_by_llama_cpp(values.astype(np.float32), dtype)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", sorted(BLOCKS))
def test_any_block_is_read_as_the_gguf_package_reads_it(
    way: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(way, monkeypatch)
    random = np.random.default_rng(11)
    raw = random.integers(0, 256, BLOCKS[dtype].size_bytes * 2048, np.uint8).tobytes()
    ours, theirs = decode(raw, dtype), decoded_by_gguf(raw, dtype)
    finite = np.isfinite(theirs)  # scales of NaN and infinity among them
    assert finite.mean() > 0.5
    assert (np.isfinite(ours) == finite).all()
    assert (ours.view(np.uint32)[finite] == theirs.view(np.uint32)[finite]).all()


@pytest.mark.parametrize("dtype", K_TYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_k_types_err_no_more_than_llama_cpp(dtype: str, kind: str) -> None:
    values = KINDS[kind]
    theirs = squared_error(values, quantised_by_llama_cpp(values, dtype), dtype)
    assert squared_error(values, encode(values, dtype), dtype) <= theirs


@pytest.mark.parametrize("dtype", K_TYPES)
def test_k_types_err_no_more_where_chance_decides(dtype: str) -> None:
    """Few codes are in use, so one lucky scale counts: a row of 4096, many times over."""
    for seed in range(30):
        random = np.random.default_rng(seed)
        for centre, spread in ((10, 0.1), (-10, 0.1), (1, 0.01), (0.5, 0.01), (100, 1)):
            values = (centre + spread * random.standard_normal(4096)).astype(np.float32)
            theirs = squared_error(values, quantised_by_llama_cpp(values, dtype), dtype)
            assert squared_error(values, encode(values, dtype), dtype) <= theirs, (seed, centre)


@pytest.mark.parametrize(("dtype", "less"), [("Q4_K", 0.96), ("Q5_K", 0.92), ("Q6_K", 0.87)])
def test_k_types_err_less_on_weights(dtype: str, less: float) -> None:
    values = KINDS["from bfloat16"]
    theirs = squared_error(values, quantised_by_llama_cpp(values, dtype), dtype)
    assert squared_error(values, encode(values, dtype), dtype) <= less * theirs


@pytest.mark.parametrize("dtype", K_TYPES)
def test_weights_below_the_smallest_scale_are_not_lost(dtype: str) -> None:
    # llama.cpp's scale of such a block is 0 as F16, and all its elements with it.
    values = KINDS["subnormal as F16"]
    assert squared_error(values, encode(values, dtype), dtype) < 0.05 * float(np.mean(values**2))
