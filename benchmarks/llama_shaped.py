"""Checkpoints with Llama's shapes: noise for weights, or nothing at all (sparse files)."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import sentencepiece

from paddock.checkpoint.safetensors.hf_folder import INDEX
from paddock.checkpoint.safetensors.writing import (
    plan_shards,
    render_header,
    render_index,
    shard_names,
)
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import expected_shapes
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.checkpoint.tensors import Tensor

VOCABULARY = 32_000
SHARD_BYTES = 5_000_000_000
NOISE_BYTES = 1 << 25
SHARDS_405B = 191  # as Llama 3.1 405B is published


def of_size(gigabytes: float) -> LlamaConfig:
    """Llama 3 8B's shape, or an eighth of its width, with as many layers as the size wants."""
    narrower = 1 if gigabytes >= 1 else 8
    config = LlamaConfig(
        dim=4096 // narrower, layers=1, heads=32 // narrower, kv_heads=8 // narrower, head_dim=128,
        ffn_dim=14336 // narrower, vocab_size=VOCABULARY // narrower, context=8192,
        rope_theta=500000.0,
    )  # fmt: skip
    layer_bytes = 2 * (replace(config, layers=2).parameter_count() - config.parameter_count())
    rest = gigabytes * 1e9 - 2 * config.parameter_count()
    return replace(config, layers=1 + max(0, round(rest / layer_bytes)))


def write_checkpoint(folder: Path, config: LlamaConfig) -> int:
    """A Hugging Face folder in bfloat16; gives the bytes of its weights."""
    _write_small(folder, config)
    shards = plan_shards(_tensors(config), SHARD_BYTES)
    noise = _noise()
    for name, shard in zip(shard_names(len(shards)), shards, strict=True):
        with (folder / name).open("wb") as file:
            file.write(render_header(shard))
            left = sum(tensor.size_bytes for tensor in shard)
            while left:
                left -= file.write(next(noise)[:left])
    if len(shards) > 1:
        (folder / INDEX).write_bytes(render_index(shards))
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def write_sparse_405b(folder: Path) -> int:
    """Llama 3.1 405B's headers in its 191 shards, with holes for weights; their apparent bytes."""
    config = PUBLISHED["llama-3.1-405b"]
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config.to_hf_dict()))
    tensors = _tensors(config)
    shard_bytes = sum(tensor.size_bytes for tensor in tensors) // SHARDS_405B
    shards = plan_shards(tensors, shard_bytes)
    while len(shards) > SHARDS_405B:
        shard_bytes += shard_bytes // 200
        shards = plan_shards(tensors, shard_bytes)
    for name, shard in zip(shard_names(len(shards)), shards, strict=True):
        header = render_header(shard)
        (folder / name).write_bytes(header)
        os.truncate(folder / name, len(header) + sum(tensor.size_bytes for tensor in shard))
    (folder / INDEX).write_bytes(render_index(shards))
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def _tensors(config: LlamaConfig) -> list[Tensor]:
    shapes = expected_shapes(config).items()
    return [Tensor(name, "BF16", shape, lambda: iter(())) for name, shape in shapes]


def _noise() -> Iterator[memoryview]:
    """Numbers as weights have them: normal, small, bfloat16; no piece is like one before it.

    A piece drawn anew would cost more than all that is measured. Signs and lowest bits are changed
    instead, so that nothing that stores equal chunks once finds any.
    """
    values = np.random.default_rng(0).standard_normal(NOISE_BYTES // 2, np.float32)
    words = ((values * np.float32(0.02)).view(np.uint32) >> 16).astype(np.uint16)
    for number in count():
        changed = np.uint16(number & 0x7F | (number >> 7 & 1) << 15)
        yield (np.roll(words, number >> 8) ^ changed).data.cast("B")


def _write_small(folder: Path, config: LlamaConfig) -> None:
    """Configuration, and a SentencePiece tokenizer of a few hundred pieces."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config.to_hf_dict()))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the quick brown fox jumps over the lazy dog"] * 9),
        model_writer=model,
        model_type="bpe",
        vocab_size=300,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
