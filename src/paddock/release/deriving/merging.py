"""A LoRA adapter folded into the weights: ``W + scale * B A`` for every projection that it changes.

The product is computed in float32 and rounded once, to the type that the weight is stored in.
Source: Hu et al. 2021, section 4.1; the scale is PEFT's, alpha over rank.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.engine.adapters import LowRank, Projection
from paddock.engine.lora_folder import read_adapter
from paddock.release.deriving.numbers import Floats, changed
from paddock.release.deriving.rewriting import Rewritten
from paddock.release.spec.artifacts import MergeAdapter

_MODULE = {
    Projection.Q: "self_attn", Projection.K: "self_attn", Projection.V: "self_attn",
    Projection.O: "self_attn", Projection.GATE: "mlp", Projection.UP: "mlp",
    Projection.DOWN: "mlp",
}  # fmt: skip


def merge_adapter(
    tensors: tuple[Tensor, ...], config: LlamaConfig, step: MergeAdapter, folder: Path
) -> Rewritten:
    """Every tensor, with the adapter in ``folder`` added; raises BadAdapter."""
    adapter = read_adapter(folder, config)
    parts = {
        f"model.layers.{target.layer}.{_MODULE[target.projection]}.{target.projection}.weight": part
        for target, part in adapter.parts.items()
    }
    return Rewritten([_merged(tensor, parts.get(tensor.name), step.scale) for tensor in tensors])


def _merged(tensor: Tensor, part: LowRank | None, scale: float) -> Tensor:
    if part is None:
        return tensor
    factor = np.float32(part.scale * scale)

    def add(rows: Floats, first: int) -> Floats:
        delta: Floats = part.b[first : first + len(rows)] @ part.a
        return rows + factor * delta

    return changed(tensor, add)
