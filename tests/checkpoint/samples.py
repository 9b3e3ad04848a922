"""Small checkpoints and hostile files, made when a test needs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.safetensors.writing import (
    plan_shards,
    render_header,
    render_index,
    shard_names,
)
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.experts import Experts
from paddock.checkpoint.shape.layout import expected_shapes, meta_names
from paddock.checkpoint.shape.llama4 import Llama4, Temperature
from paddock.checkpoint.tensors import Tensor

TINY = LlamaConfig(
    dim=32,
    layers=2,
    heads=4,
    kv_heads=2,
    head_dim=8,
    ffn_dim=48,
    vocab_size=64,
    context=128,
    dtype="float32",
)
MIXTRAL = replace(TINY, experts=Experts(count=4, chosen=2, ffn_dim=48, layers=(0, 1)))
LLAMA4 = replace(
    TINY,
    layers=4,
    experts=Experts(count=4, chosen=1, ffn_dim=24, layers=(1, 3)),
    llama4=Llama4((3,), chunk=16, qk_norm=True, temperature=Temperature(8, 0.5)),
)
STORED = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}


def tensor(name: str, shape: tuple[int, ...], dtype: str = "F32", seed: int = 0) -> Tensor:
    """Random bits; small floats where the dtype is F32 or F64."""
    rng = np.random.default_rng([seed, *name.encode()])
    if dtype == "F32":
        content = (rng.standard_normal(shape, np.float32) * np.float32(0.2)).tobytes()
    elif dtype == "F64":
        content = (rng.standard_normal(shape) * 0.2).tobytes()
    else:
        content = rng.bytes(int(np.prod(shape)) * BITS[dtype] // 8)
    return Tensor(name, dtype, shape, lambda: iter([content]))


def model_tensors(config: LlamaConfig, seed: int = 0) -> list[Tensor]:
    dtype = STORED[config.dtype]
    return [tensor(name, shape, dtype, seed) for name, shape in expected_shapes(config).items()]


def file_bytes(tensors: Sequence[Tensor]) -> bytes:
    """A safetensors file with these tensors in this order."""
    return render_header(tensors) + b"".join(bytes(each.read()) for each in tensors)


def write_model(folder: Path, tensors: Iterable[Tensor], shard_bytes: int = 1 << 40) -> None:
    """``model.safetensors``, or shards and their index."""
    shards = plan_shards(tensors, shard_bytes)
    for name, shard in zip(shard_names(len(shards)), shards, strict=True):
        (folder / name).write_bytes(file_bytes(shard))
    if len(shards) > 1:
        (folder / "model.safetensors.index.json").write_bytes(render_index(shards))


def write_hf_folder(
    folder: Path, config: LlamaConfig = TINY, shard_bytes: int = 1 << 40
) -> list[Tensor]:
    """A Hugging Face folder without a tokenizer; returns what is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = model_tensors(config)
    write_model(folder, tensors, shard_bytes)
    (folder / "config.json").write_text(json.dumps(config.to_hf_dict()))
    return tensors


def pairs_from_halves(rows: np.ndarray[Any, Any], head_dim: int) -> np.ndarray[Any, Any]:
    """A q or k projection in Meta's row order, from Hugging Face's."""
    halves = rows.reshape(-1, 2, head_dim // 2, rows.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows.shape)


def in_meta_order(
    config: LlamaConfig, tensors: Iterable[Tensor]
) -> dict[str, np.ndarray[Any, Any]]:
    """The float32 tensors as Meta names and orders them."""
    names = meta_names(config.layers)
    arrays = {}
    for each in tensors:
        array = np.frombuffer(each.read(), np.float32).reshape(each.shape)
        if each.name.endswith(("q_proj.weight", "k_proj.weight")):
            array = pairs_from_halves(array, config.head_dim)
        arrays[names[each.name]] = array
    return arrays


def file_of(header: dict[str, Any] | bytes, data: bytes = b"") -> bytes:
    """A safetensors file with exactly this header, honest or not."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data


def entry(shape: list[Any], start: int, end: int, dtype: Any = "U8") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
