"""Checkpoints as Meta ships them: ``params.json`` and one pickled file for every rank."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paddock.checkpoint.shape.config import LlamaConfig
from tests.checkpoint.samples import TINY, in_meta_order, model_tensors

ROWS = ("wq", "wk", "wv", "w1", "w3", "output")
COLUMNS = ("wo", "w2")


def params(config: LlamaConfig) -> dict[str, Any]:
    return {
        "dim": config.dim,
        "n_layers": config.layers,
        "n_heads": config.heads,
        "n_kv_heads": config.kv_heads,
        "norm_eps": config.norm_eps,
        "vocab_size": -1,
    }


def slices(
    array: np.ndarray[Any, Any], name: str, ranks: int, embeddings_by_rows: bool
) -> list[Any]:
    kind = name.split(".")[-2]
    if kind in ROWS or (kind == "tok_embeddings" and embeddings_by_rows):
        return np.split(array, ranks, axis=0)
    if kind in COLUMNS or kind == "tok_embeddings":
        return np.split(array, ranks, axis=1)
    return [array] * ranks


def write_meta(
    folder: Path, config: LlamaConfig = TINY, ranks: int = 1, *, embeddings_by_rows: bool = False
) -> dict[str, bytes]:
    """A checkpoint as Meta ships it; returns the same tensors as Hugging Face orders them."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = model_tensors(config)
    arrays = in_meta_order(config, tensors)
    for rank in range(ranks):
        shard = {
            name: torch.from_numpy(
                np.ascontiguousarray(slices(array, name, ranks, embeddings_by_rows)[rank])
            )
            for name, array in arrays.items()
        }
        shard["rope.freqs"] = torch.ones(4)
        torch.save(shard, folder / f"consolidated.{rank:02}.pth")
    (folder / "params.json").write_text(json.dumps(params(config)))
    return {each.name: bytes(each.read()) for each in tensors}
