"""Weights as the compiled step reads them, each checked against the model's shape first.

What is given back refers to the arrays' memory and keeps none of it alive: whoever has it keeps the
weights too. A shape that does not fit is a ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.native import library as c
from paddock.engine.native.weights import Floats, Kind, LayerWeights, PackedMatrix, Weights
from paddock.kernels.step_library import StepLibrary


def model_of(library: StepLibrary, weights: Weights) -> c.Model:
    """The model as C reads it; the layers' structures are kept by it."""
    config = weights.config
    if len(weights.layers) != config.layers:
        raise ValueError(f"{len(weights.layers)} layers are not the model's {config.layers}")
    layers = (c.Layer * config.layers)(*(_layer(library, config, each) for each in weights.layers))
    model = c.Model(
        dim=config.dim, layers=config.layers, heads=config.heads, kv_heads=config.kv_heads,
        head_dim=config.head_dim, ffn_dim=config.ffn_dim, vocabulary=config.vocab_size,
        context=0, is_wide=_is_wide(weights), norm_eps=config.norm_eps,
    )  # fmt: skip
    model.layer = layers
    model.final_norm = _norm(config, weights.final_norm)
    model.embeddings = _product(library, (weights.embeddings,), config.vocab_size, config.dim)
    model.head = _product(library, (weights.head,), config.vocab_size, config.dim)
    return model


def _is_wide(weights: Weights) -> bool:
    """Whether keys and values are kept in float32: where the weights are."""
    return weights.layers[0].qkv[0].kind == Kind.F32 if weights.layers else False


def _layer(library: StepLibrary, config: LlamaConfig, layer: LayerWeights) -> c.Layer:
    dim, ffn, queries = config.dim, config.ffn_dim, config.q_dim
    return c.Layer(
        attention_norm=_norm(config, layer.attention_norm),
        ffn_norm=_norm(config, layer.ffn_norm),
        qkv=_product(library, layer.qkv, queries + 2 * config.kv_dim, dim),
        o=_product(library, (layer.o,), dim, queries),
        gate_up=_product(library, layer.gate_up, 2 * ffn, dim),
        down=_product(library, (layer.down,), dim, ffn),
    )


def _norm(config: LlamaConfig, norm_D: Floats) -> int:
    if norm_D.dtype != np.float32 or not norm_D.flags.c_contiguous or norm_D.shape != (config.dim,):
        raise ValueError(f"a norm is {norm_D.dtype} {norm_D.shape}, not float32 ({config.dim},)")
    return int(norm_D.ctypes.data)


def _product(
    library: StepLibrary, parts: Sequence[PackedMatrix], outputs: int, inputs: int
) -> c.Product:
    shapes = [(part.outputs, part.inputs) for part in parts]
    fits = 0 < len(parts) <= c.MAX_PARTS and all(part.inputs == inputs for part in parts)
    if not fits or sum(part.outputs for part in parts) != outputs:
        raise ValueError(f"matrices of {shapes} are not the model's {outputs} x {inputs}")
    product = c.Product(count=len(parts))
    for index, part in enumerate(parts):
        product.parts[index] = library.matrix(
            part.kind.dtype, part.panels, (part.outputs, part.inputs)
        )
    return product
