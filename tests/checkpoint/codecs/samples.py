"""Numbers of many kinds to quantise, llama.cpp's quantiser, and every way that ours can run."""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from paddock.checkpoint.codecs import transcoding
from paddock.checkpoint.dtypes import BLOCKS
from paddock.kernels.library import levels

Floats = NDArray[np.float32]
SUPER_BLOCKS = 120
WAYS = ("plain", *(f"level {kernels.level}" for kernels in levels()))


def run(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `transcoding` work in NumPy, or with the kernels of one level."""
    chosen = {f"level {kernels.level}": kernels for kernels in levels()}.get(way)
    monkeypatch.setattr(transcoding, "library", lambda: chosen)


def kinds() -> dict[str, Floats]:
    """Weights as they occur, and as they had better not."""
    random, count = np.random.default_rng(20261122), SUPER_BLOCKS * 256
    normal = random.standard_normal(count)
    is_outlier = np.arange(count) % 256 == 7
    found = {
        "normal": normal,
        "of a layer": normal * 0.02,
        "uniform": random.random(count) - 0.5,
        "positive": random.random(count),
        "laplace": random.laplace(size=count) * 0.02,
        "student": random.standard_t(3, size=count) * 0.02,
        "shifted up": 10 + random.standard_normal(count) * 0.1,
        "shifted down": -10 + random.standard_normal(count) * 0.1,
        "one outlier": np.where(is_outlier, 3, normal * 0.02),
        "one negative outlier": np.where(is_outlier, -3, normal * 0.02),
        "sparse": normal * (random.random(count) < 0.05),
        "scaled by rows": normal * np.repeat(np.exp(random.standard_normal(count // 32)), 32),
        "constant": np.full(count, 0.7),
        "zero": np.zeros(count),
        "small integers": random.integers(-3, 4, count),
        "large": normal * 1e5,
        "tiny": normal * 1e-6,
        "subnormal as F16": normal * 3e-7,
        "subnormal": normal * 1e-40,
        "the smallest subnormals": normal * 1e-44,
    }
    kinds = {name: values.astype(np.float32) for name, values in found.items()}
    layer = kinds["of a layer"]
    kinds["from bfloat16"] = (layer.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    kinds["from float16"] = layer.astype(np.float16).astype(np.float32)
    return kinds


KINDS = kinds()


@cache
def _llama_cpp() -> ctypes.CDLL:
    found = importlib.util.find_spec("xllamacpp")
    assert found is not None and found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0])
    return ctypes.CDLL(str(next(folder.glob("xllamacpp*.so"))))


def quantised_by_llama_cpp(values: Floats, dtype: str) -> bytes:
    """What `quantize_row_*_ref` of ggml-quants.c writes: the quantiser without importances."""
    block = BLOCKS[dtype]
    target = np.zeros(values.size // block.elements * block.size_bytes, np.uint8)
    name = dtype.lower().replace("_k", "_K")
    quantise = getattr(_llama_cpp(), f"quantize_row_{name}_ref")
    quantise.argtypes, quantise.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64], None
    source = np.ascontiguousarray(values, np.float32)
    quantise(source.ctypes.data, target.ctypes.data, source.size)
    return target.tobytes()


def decoded_by_gguf(raw: bytes, dtype: str) -> Floats:
    """What the `gguf` package reads in blocks."""
    rows = np.frombuffer(raw, np.uint8).reshape(-1, BLOCKS[dtype].size_bytes)
    with np.errstate(all="ignore"):
        return gguf.dequantize(rows, gguf.GGMLQuantizationType[dtype]).reshape(-1)
