"""Meta's original layout: ``params.json`` and ``consolidated.NN.pth``, one file per parallel rank.

Joins the ranks' slices into whole tensors as they are streamed, under Hugging Face's names and in
its row order. Which dimension was sliced follows from the tensor's name (llama-models: column- and
row-parallel layers); only the embeddings changed between generations, and tell by their shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadCheckpoint, BadConfig, TensorMismatch, UnsupportedModel
from paddock.checkpoint.fields import integer
from paddock.checkpoint.meta.params import WeightFacts, parse_params
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.hf_folder import inside
from paddock.checkpoint.shape.config import MAX_LAYERS, LlamaConfig
from paddock.checkpoint.shape.layout import HEAD, halves_from_pairs, meta_names
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import PIECE_BYTES, Piece, Tensor, has_same_bytes, regrouped

PARAMS = "params.json"
MAX_RANKS = 256
_SHARD_NAME = re.compile(r"consolidated\.(\d\d)\.pth")
_COLUMN_PARALLEL = re.compile(r".*\.(attention\.w[qkv]|feed_forward\.w[13])\.weight|output\.weight")
_ROW_PARALLEL = re.compile(r".*\.(attention\.wo|feed_forward\.w2)\.weight")
_EMBEDDINGS = "tok_embeddings.weight"
_FFN = "layers.0.feed_forward.w1.weight"
_ROPE_TABLE = "rope.freqs"  # Llama 1 and 2 saved it; every reader recomputes it
_DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}


def shard_files(folder: Path) -> tuple[Path, ...]:
    """The ranks' files in order; empty when there are none."""
    names = sorted(path.name for path in folder.iterdir() if _SHARD_NAME.fullmatch(path.name))
    if names != [f"consolidated.{rank:02}.pth" for rank in range(len(names))]:
        raise BadCheckpoint("missing_file", f"{folder.name} lacks a rank among {', '.join(names)}")
    return tuple(inside(folder, name) for name in names)


def read_meta(folder: Path) -> tuple[LlamaConfig, tuple[Tensor, ...]]:
    """Configuration and unread tensors, under Hugging Face's names and in its row order."""
    params = load_object(folder / PARAMS, BadConfig)
    dim = integer(params, "dim", 1, 1 << 17)
    ranks = [{t.name: t for t in read_torch_file(path).tensors} for path in shard_files(folder)]
    for rank, tensors in enumerate(ranks):
        tensors.pop(_ROPE_TABLE, None)
        if tensors.keys() != ranks[0].keys():
            raise TensorMismatch("ranks", f"rank {rank} holds other tensors than rank 0")
    whole = {name: _joined([tensors[name] for tensors in ranks], dim) for name in ranks[0]}
    config = parse_params(params, _facts(whole, is_tied=_is_tied(params, whole)))
    names = {meta: hf for hf, meta in meta_names(min(config.layers, MAX_LAYERS)).items()}
    tensors_hf = []
    for name, tensor in whole.items():
        if name not in names:
            raise UnsupportedModel("foreign_tensor", f"the tensor {name!r} has no place in a Llama")
        if config.tied_embeddings and names[name] == HEAD:
            continue
        tensors_hf.append(_in_hf_order(tensor.renamed(names[name]), config))
    return config, tuple(tensors_hf)


def _is_tied(params: dict[str, Any], whole: dict[str, Tensor]) -> bool:
    """Whether the head is the embeddings: absent, the same bytes, or a copy where published so."""
    head, embeddings = whole.get("output.weight"), whole.get(_EMBEDDINGS)
    if head is None or embeddings is None:
        return head is None
    if head.place is not None and head.place == embeddings.place:
        return True
    outline = (params.get("dim"), params.get("n_layers"), embeddings.shape[:1])
    tied = [shape for shape in PUBLISHED.values() if shape.tied_embeddings]
    if outline not in [(shape.dim, shape.layers, (shape.vocab_size,)) for shape in tied]:
        return False
    return has_same_bytes(head, embeddings)


def _facts(whole: dict[str, Tensor], *, is_tied: bool) -> WeightFacts:
    for name in (_EMBEDDINGS, _FFN):
        if name not in whole or len(whole[name].shape) != 2:
            raise TensorMismatch("shapes", f"the tensor {name!r} is missing or no matrix")
    embeddings, ffn = whole[_EMBEDDINGS], whole[_FFN]
    if ffn.dtype not in _DTYPES:
        raise UnsupportedModel("dtype", f"weights of dtype {ffn.dtype} are not read")
    return WeightFacts(
        vocab_size=embeddings.shape[0],
        ffn_dim=ffn.shape[0],
        tied_embeddings=is_tied,
        dtype=_DTYPES[ffn.dtype],
    )


def _joined(slices: list[Tensor], dim: int) -> Tensor:
    """One tensor of all ranks' slices."""
    first = slices[0]
    if len(slices) == 1:
        return first
    if any((s.dtype, s.shape) != (first.dtype, first.shape) for s in slices):
        raise TensorMismatch("ranks", f"{first.name!r} has different shapes in different ranks")
    by_rows = bool(_COLUMN_PARALLEL.fullmatch(first.name))
    by_columns = bool(_ROW_PARALLEL.fullmatch(first.name))
    if first.name == _EMBEDDINGS and len(first.shape) == 2:
        by_rows = first.shape[1] == dim
        by_columns = not by_rows
    if (by_rows or by_columns) and len(first.shape) != 2:
        raise TensorMismatch("shapes", f"{first.name!r} is no matrix")
    if by_rows:
        return _stacked(slices)
    return _side_by_side(slices) if by_columns else first


def _stacked(slices: list[Tensor]) -> Tensor:
    rows, columns = slices[0].shape

    def pieces() -> Iterator[Piece]:
        for part in slices:
            yield from part.pieces()

    shape = (rows * len(slices), columns)
    return Tensor(slices[0].name, slices[0].dtype, shape, pieces, slices[0].place)


def _side_by_side(slices: list[Tensor]) -> Tensor:
    rows, columns = slices[0].shape
    row_bytes = columns * BITS[slices[0].dtype] // 8
    block_rows = max(1, PIECE_BYTES // max(1, row_bytes * len(slices)))

    def pieces() -> Iterator[Piece]:
        streams = [regrouped(part.pieces(), block_rows * row_bytes) for part in slices]
        for blocks in zip(*streams, strict=True):
            parts = [np.frombuffer(block, np.uint8).reshape(-1, row_bytes) for block in blocks]
            yield np.concatenate(parts, axis=1).data.cast("B")

    shape = (rows, columns * len(slices))
    return Tensor(slices[0].name, slices[0].dtype, shape, pieces, slices[0].place)


def _in_hf_order(tensor: Tensor, config: LlamaConfig) -> Tensor:
    if tensor.name.endswith(("q_proj.weight", "k_proj.weight")):
        return halves_from_pairs(tensor, config.head_dim)
    return tensor
