"""Large checkpoints that take no room on the disk: headers, and holes for weights."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.pytorch.zip_writing import torch_file_parts
from paddock.checkpoint.safetensors.writing import (
    plan_shards,
    render_header,
    render_index,
    shard_names,
)
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import expected_shapes, meta_names
from paddock.checkpoint.tensors import Tensor
from tests.checkpoint.meta_samples import COLUMNS, ROWS, params


def hollow(config: LlamaConfig, dtype: str = "BF16") -> list[Tensor]:
    shapes = expected_shapes(config).items()
    return [Tensor(name, dtype, shape, lambda: iter(())) for name, shape in shapes]


def write_sparse_hf(folder: Path, config: LlamaConfig, shard_bytes: int) -> int:
    """A Hugging Face folder of zeros; gives the bytes that its weights seem to have."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config.to_hf_dict()))
    shards = plan_shards(hollow(config), shard_bytes)
    for name, shard in zip(shard_names(len(shards)), shards, strict=True):
        header = render_header(shard)
        (folder / name).write_bytes(header)
        os.truncate(folder / name, len(header) + sum(tensor.size_bytes for tensor in shard))
    (folder / "model.safetensors.index.json").write_bytes(render_index(shards))
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def write_sparse_meta(folder: Path, config: LlamaConfig, ranks: int) -> None:
    """Meta's layout of zeros, in several ranks."""
    folder.mkdir()
    (folder / "params.json").write_text(json.dumps(params(config)))
    names = meta_names(config.layers)
    slices = [_slice(each.renamed(names[each.name]), ranks) for each in hollow(config)]
    for rank in range(ranks):
        write_sparse_torch(folder / f"consolidated.{rank:02}.pth", slices)


def write_sparse_torch(path: Path, tensors: list[Tensor]) -> None:
    """A file of torch.save whose tensors are zeros."""
    crcs = {number: _crc_of_zeros(tensor.size_bytes) for number, tensor in enumerate(tensors)}
    with path.open("wb") as file:
        for part in torch_file_parts(path.stem, tensors, {}):
            if isinstance(part, int):
                file.seek(tensors[part].size_bytes, os.SEEK_CUR)
            else:
                file.write(part if isinstance(part, bytes) else part.render(crcs))


def _slice(tensor: Tensor, ranks: int) -> Tensor:
    kind = tensor.name.split(".")[-2]
    shape = list(tensor.shape)
    if kind in ROWS:
        shape[0] //= ranks
    elif kind in COLUMNS or kind == "tok_embeddings":
        shape[1] //= ranks
    return replace(tensor, shape=tuple(shape))


def _crc_of_zeros(size_bytes: int) -> int:
    block, crc = bytes(1 << 20), 0
    for _ in range(size_bytes >> 20):
        crc = zlib.crc32(block, crc)
    return zlib.crc32(block[: size_bytes & (1 << 20) - 1], crc)
