"""A llama2.c checkpoint: configuration and tensors, whatever its version.

The file's length must be exactly what the header implies, to the byte, so nothing in it can be out
of range. Int8 weights come out as the float32 that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddock.checkpoint.errors import BadLlama2c
from paddock.checkpoint.llama2c.groups import ROPE_TABLE, Group, groups_of
from paddock.checkpoint.llama2c.header import HEADER_BYTES, parse_header
from paddock.checkpoint.llama2c.int8_groups import int8_tensor
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import halves_from_pairs
from paddock.checkpoint.tensors import Piece, Place, Tensor, read_range


def read_llama2c(path: Path) -> tuple[LlamaConfig, tuple[Tensor, ...]]:
    """Configuration and unread tensors, under Hugging Face's names and in its row order."""
    with path.open("rb") as file:
        header = parse_header(file.read(HEADER_BYTES), path.name)
    file_bytes = path.stat().st_size
    tensors, at = [], header.size_bytes
    for group in groups_of(header):
        for layer in range(group.copies):
            if group.name != ROPE_TABLE:
                tensor = _tensor(path, group, layer, at)
                tensors.append(_in_hf_order(tensor, header.config))
            at += group.size_bytes
    if at != file_bytes:
        raise BadLlama2c(
            "wrong_length",
            f"{path.name} has {file_bytes} bytes; its header describes {at}",
            hint="versions 0, 1 and 2 of llama2.c's export.py are read",
        )
    return header.config, tuple(tensors)


def _tensor(path: Path, group: Group, layer: int, start: int) -> Tensor:
    name = group.name.format(layer)
    if group.group_size:
        return int8_tensor(path, name, group.shape, start, group.group_size)

    def pieces() -> Iterator[Piece]:
        return read_range(path, start, start + group.size_bytes)

    return Tensor(name, "F32", group.shape, pieces, Place(path, start))


def _in_hf_order(tensor: Tensor, config: LlamaConfig) -> Tensor:
    if tensor.name.endswith(("q_proj.weight", "k_proj.weight")):
        return halves_from_pairs(tensor, config.head_dim)
    return tensor
