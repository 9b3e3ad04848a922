"""llama2.c's ``.bin`` checkpoints, version 0.

Seven int32 of header, then float32 tensors grouped by kind over all layers (llama2.c, export.py,
legacy_export). Knows this one layout; the file's length must be exactly what the header implies,
to the byte, so nothing in it can be out of range.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadConfig, BadLlama2c
from paddock.checkpoint.shape.config import LlamaConfig, head_dim_of
from paddock.checkpoint.shape.layout import (
    EMBEDDINGS,
    FINAL_NORM,
    HEAD,
    halves_from_pairs,
    layer_shapes,
)
from paddock.checkpoint.tensors import Piece, Place, Tensor, read_range

HEADER = struct.Struct("<7i")
FLOAT_BYTES = 4


class _Group(NamedTuple):
    """Tensors of one kind, one after the other; ``{}`` in the name is the layer."""

    name: str
    shape: tuple[int, ...]
    copies: int


def read_llama2c(path: Path) -> tuple[LlamaConfig, tuple[Tensor, ...]]:
    """Configuration and unread tensors, under Hugging Face's names and in its row order."""
    with path.open("rb") as file:
        raw = file.read(HEADER.size)
    config = parse_header(raw, path.name)
    file_bytes = path.stat().st_size
    tensors, at = [], HEADER.size
    for group in _groups(config):
        size_bytes = FLOAT_BYTES * math.prod(group.shape)
        for layer in range(group.copies):
            if group.name:
                tensor = _tensor(path, group, layer, at)
                tensors.append(_in_hf_order(tensor, config))
            at += size_bytes
    if at != file_bytes:
        raise BadLlama2c(
            "wrong_length",
            f"{path.name} has {file_bytes} bytes; its header describes {at}",
            hint="only version 0 (float32, made by llama2.c's export.py) is read",
        )
    return config, tuple(tensors)


def parse_header(raw: bytes, where: str) -> LlamaConfig:
    """The shape that the header describes; a negative vocabulary says that the head is its own."""
    if len(raw) < HEADER.size:
        raise BadLlama2c("truncated", f"{where} has fewer than {HEADER.size} bytes")
    dim, ffn_dim, layers, heads, kv_heads, vocab, context = HEADER.unpack(raw[: HEADER.size])
    try:
        return LlamaConfig(
            dim=dim,
            layers=layers,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim_of(dim, max(heads, 1)),
            ffn_dim=ffn_dim,
            vocab_size=abs(vocab),
            context=context,
            tied_embeddings=vocab > 0,
            dtype="float32",
        )
    except BadConfig as e:
        raise BadLlama2c("bad_header", f"{where} is no llama2.c checkpoint: {e}") from e


def _groups(config: LlamaConfig) -> list[_Group]:
    dim = config.dim
    rope_table = (config.context, config.head_dim // 2)  # legacy, recomputed by every reader
    layers = [
        _Group(f"model.layers.{{}}.{name}", shape, config.layers)
        for name, shape in layer_shapes(config).items()
    ]
    head = [] if config.tied_embeddings else [_Group(HEAD, (config.vocab_size, dim), 1)]
    return [
        _Group(EMBEDDINGS, (config.vocab_size, dim), 1),
        *layers,
        _Group(FINAL_NORM, (dim,), 1),
        _Group("", rope_table, 2),
        *head,
    ]


def _tensor(path: Path, group: _Group, layer: int, start: int) -> Tensor:
    end = start + FLOAT_BYTES * math.prod(group.shape)

    def pieces() -> Iterator[Piece]:
        return read_range(path, start, end)

    return Tensor(group.name.format(layer), "F32", group.shape, pieces, Place(path, start))


def _in_hf_order(tensor: Tensor, config: LlamaConfig) -> Tensor:
    if tensor.name.endswith(("q_proj.weight", "k_proj.weight")):
        return halves_from_pairs(tensor, config.head_dim)
    return tensor
