"""Layers or feed-forward neurons left out.

Which layers: those that are named, or those whose output differs least from their input over some
texts (block influence; Men et al. 2024, "ShortGPT"). Which neurons: those whose three weight
vectors have the smallest product of norms, layer by layer; the others keep their order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.release.deriving.numbers import blocks, columns_of, rows_of
from paddock.release.deriving.rewriting import Rewritten
from paddock.release.errors import DerivingRefused

_LAYER = re.compile(r"model\.layers\.([0-9]+)\.(.+)")


def drop_layers(
    tensors: Sequence[Tensor], config: LlamaConfig, settings: dict[str, Any], gone: Sequence[int]
) -> Rewritten:
    """The model without these layers; the others move up. ``settings`` is config.json."""
    outside = [layer for layer in gone if layer >= config.layers]
    if outside:
        raise DerivingRefused(f"there is no layer {outside[0]}: the model has {config.layers}")
    if config.llama4 is not None:
        raise DerivingRefused(
            "the layers of Llama 4 are of several kinds by their number: none is dropped here",
            hint="a rule that withholds layers drops them, and changes config.json",
        )
    kept = [layer for layer in range(config.layers) if layer not in set(gone)]
    if not kept:
        raise DerivingRefused("prune would leave no layer")
    place = {layer: number for number, layer in enumerate(kept)}
    staying = []
    for tensor in tensors:
        found = _LAYER.fullmatch(tensor.name)
        if found is None:
            staying.append(tensor)
        elif (number := place.get(int(found[1]))) is not None:
            staying.append(tensor.renamed(f"model.layers.{number}.{found[2]}"))
    changes: dict[str, Any] = {"num_hidden_layers": len(kept)}
    for key, value in settings.items():  # lists that say something of each layer
        if isinstance(value, list) and len(value) == config.layers and key.startswith("layer"):
            changes[key] = [value[layer] for layer in kept]
    return Rewritten(staying, changes)


def least_influential(influence: Sequence[float], keep: int) -> list[int]:
    """The layers to drop so that ``keep`` stay: those that change their input least."""
    if not 0 < keep < len(influence):
        raise DerivingRefused(f"keep_layers: {keep} of {len(influence)} leaves none out, or all")
    order = sorted(range(len(influence)), key=lambda layer: (influence[layer], layer))
    return sorted(order[: len(influence) - keep])


def narrow_ffn(tensors: Sequence[Tensor], config: LlamaConfig, keep: int) -> Rewritten:
    """Every layer with ``keep`` neurons in its feed-forward part."""
    if not config.is_plain:
        raise DerivingRefused(
            f"ffn_dim narrows the feed-forwards of a Llama, and this is a {config.title}",
            hint="drop layers; experts are withheld, or dropped, by rules of their component",
        )
    if not 0 < keep < config.ffn_dim:
        raise DerivingRefused(f"ffn_dim: {keep} of {config.ffn_dim} leaves none out, or all")
    by_name = {tensor.name: tensor for tensor in tensors}
    kept = {layer: _strongest(by_name, layer, keep) for layer in range(config.layers)}
    staying = []
    for tensor in tensors:
        found = _LAYER.fullmatch(tensor.name)
        neurons = kept[int(found[1])] if found else []
        if found and found[2] in {"mlp.gate_proj.weight", "mlp.up_proj.weight"}:
            staying.append(rows_of(tensor, neurons))
        elif found and found[2] == "mlp.down_proj.weight":
            staying.append(columns_of(tensor, neurons))
        else:
            staying.append(tensor)
    return Rewritten(staying, {"intermediate_size": keep})


def _strongest(tensors: dict[str, Tensor], layer: int, keep: int) -> list[int]:
    prefix = f"model.layers.{layer}.mlp."
    score = (
        _row_norms(tensors[f"{prefix}gate_proj.weight"])
        * _row_norms(tensors[f"{prefix}up_proj.weight"])
        * _column_norms(tensors[f"{prefix}down_proj.weight"])
    )
    order = np.lexsort((np.arange(len(score)), -score))  # ties by number: the same everywhere
    return sorted(int(neuron) for neuron in order[:keep])


def _row_norms(tensor: Tensor) -> NDArray[np.float64]:
    parts = [np.linalg.norm(rows.astype(np.float64), axis=1) for _, rows in blocks(tensor)]
    return np.concatenate(parts)


def _column_norms(tensor: Tensor) -> NDArray[np.float64]:
    squares = np.zeros(tensor.shape[1])
    for _, rows in blocks(tensor):
        squares += np.square(rows.astype(np.float64)).sum(axis=0)
    return np.sqrt(squares)
