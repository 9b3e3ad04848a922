"""What a llama2.c file says first: version, shape and, for int8, how many values share a scale.

Version 0 begins with seven numbers, and a negative vocabulary says that the head is its own. Later
ones have a magic number and 256 bytes of header (llama2.c, export.py). Knows bytes, no tensors.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from paddock.checkpoint.errors import BadConfig, BadLlama2c
from paddock.checkpoint.shape.config import LlamaConfig, head_dim_of
from paddock.errors import shown

MAGIC = struct.pack("<I", 0x616B3432)  # "ak42" backwards
HEADER_BYTES = 256
_SHAPE = struct.Struct("<7i")
_VERSIONED = struct.Struct("<4si28sBi")


class Header(NamedTuple):
    """A file's version and shape; ``group_size`` is 0 for float32."""

    version: int
    config: LlamaConfig
    size_bytes: int
    group_size: int = 0


def parse_header(raw: bytes, where: str) -> Header:
    """The header in a file's first ``HEADER_BYTES`` bytes, or fewer if it has no more."""
    if not raw.startswith(MAGIC):
        return Header(0, _config(raw, None, where), _SHAPE.size)
    if len(raw) < HEADER_BYTES:
        raise BadLlama2c("truncated", f"{where} has fewer than {HEADER_BYTES} bytes")
    _, version, shape, is_shared, group_size = _VERSIONED.unpack_from(raw)
    if version not in (1, 2):
        raise BadLlama2c("bad_version", f"{where} is of version {version}; 0, 1 and 2 are read")
    used = _VERSIONED.size if version == 2 else _VERSIONED.size - 4
    if is_shared > 1 or any(raw[used:HEADER_BYTES]):
        raise BadLlama2c("bad_header", f"{where}: the rest of its header is not empty")
    config = _config(shape, bool(is_shared), where)
    if version == 1:
        return Header(1, config, HEADER_BYTES)
    if group_size < 1 or config.dim % group_size:
        raise BadLlama2c(
            "bad_header", f"{where}: {shown(group_size)} values cannot share a scale in its rows"
        )
    return Header(2, config, HEADER_BYTES, group_size)


def _config(raw: bytes, is_shared: bool | None, where: str) -> LlamaConfig:
    """The shape in seven numbers; ``is_shared`` is about the head, or the vocabulary's sign is."""
    if len(raw) < _SHAPE.size:
        raise BadLlama2c("truncated", f"{where} has fewer than {_SHAPE.size} bytes")
    dim, ffn_dim, layers, heads, kv_heads, vocab, context = _SHAPE.unpack(raw[: _SHAPE.size])
    try:
        return LlamaConfig(
            dim=dim,
            layers=layers,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim_of(dim, max(heads, 1)),
            ffn_dim=ffn_dim,
            vocab_size=abs(vocab) if is_shared is None else vocab,
            context=context,
            tied_embeddings=vocab > 0 if is_shared is None else is_shared,
            dtype="float32",
        )
    except BadConfig as e:
        raise BadLlama2c("bad_header", f"{where} is no llama2.c checkpoint: {e}") from e
