"""Which tensors a model has, and how the two families of names and orders map to each other.

Paddock's own names are Hugging Face's. Meta's files (and llama2.c's) use others, and rotate
adjacent pairs of a head's rows where Hugging Face rotates its halves, so q and k change their row
order on the way. Knows names and shapes; touches no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.dtypes import size_in_bytes
from paddock.checkpoint.errors import TensorMismatch
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.feed_forward import feed_forward_shapes
from paddock.checkpoint.tensors import Piece, Tensor, regrouped

_Rows = NDArray[np.uint8]

EMBEDDINGS = "model.embed_tokens.weight"
HEAD = "lm_head.weight"
FINAL_NORM = "model.norm.weight"

# Per layer: Hugging Face's name, Meta's name.
LAYER_NAMES = (
    ("input_layernorm.weight", "attention_norm.weight"),
    ("self_attn.q_proj.weight", "attention.wq.weight"),
    ("self_attn.k_proj.weight", "attention.wk.weight"),
    ("self_attn.v_proj.weight", "attention.wv.weight"),
    ("self_attn.o_proj.weight", "attention.wo.weight"),
    ("post_attention_layernorm.weight", "ffn_norm.weight"),
    ("mlp.gate_proj.weight", "feed_forward.w1.weight"),
    ("mlp.down_proj.weight", "feed_forward.w2.weight"),
    ("mlp.up_proj.weight", "feed_forward.w3.weight"),
)
OUTER_NAMES = (
    (EMBEDDINGS, "tok_embeddings.weight"),
    (FINAL_NORM, "norm.weight"),
    (HEAD, "output.weight"),
)
MAX_PROBLEMS = 20  # a wrong configuration would otherwise list every tensor


def expected_shapes(config: LlamaConfig) -> dict[str, tuple[int, ...]]:
    """Every tensor of a model of this shape, by Hugging Face's name, in the order of use."""
    shapes: dict[str, tuple[int, ...]] = {EMBEDDINGS: (config.vocab_size, config.dim)}
    for layer in range(config.layers):
        for name, shape in layer_shapes(config, layer).items():
            shapes[f"model.layers.{layer}.{name}"] = shape
    shapes[FINAL_NORM] = (config.dim,)
    if not config.tied_embeddings:
        shapes[HEAD] = (config.vocab_size, config.dim)
    return shapes


def layer_shapes(config: LlamaConfig, layer: int) -> dict[str, tuple[int, ...]]:
    """The tensors of one layer, by their names within it, in order; [out, in] as everywhere."""
    dim, q_dim, kv_dim = config.dim, config.q_dim, config.kv_dim
    attention: tuple[tuple[int, ...], ...] = (
        (dim,),
        (q_dim, dim),
        (kv_dim, dim),
        (kv_dim, dim),
        (dim, q_dim),
        (dim,),
    )
    names = (hf for hf, _ in LAYER_NAMES)
    shapes = dict(zip(names, attention, strict=False))  # the rest is the feed-forward
    return shapes | feed_forward_shapes(config, layer)


def meta_names(layers: int) -> dict[str, str]:
    """Hugging Face's name to Meta's, for every tensor that a model may have."""
    names = dict(OUTER_NAMES)
    for layer in range(layers):
        for hf, meta in LAYER_NAMES:
            names[f"model.layers.{layer}.{hf}"] = f"layers.{layer}.{meta}"
    return names


def shape_problems(config: LlamaConfig, tensors: Iterable[Tensor]) -> list[str]:
    """Where the tensors are not those of the configuration, in sentences; empty when they are."""
    wanted, problems = expected_shapes(config), []
    allowed_extra = {HEAD} if config.tied_embeddings else set()
    for tensor in tensors:
        shape = wanted.pop(tensor.name, None)
        if shape is None:
            if tensor.name not in allowed_extra and not tensor.name.endswith("rotary_emb.inv_freq"):
                place = f"in a {config.title}"
                problems.append(f"the tensor {tensor.name!r} has no place {place}")
        elif shape != tensor.shape:
            problems.append(
                f"the tensor {tensor.name!r} has the shape {list(tensor.shape)}, "
                f"the configuration says {list(shape)}"
            )
    problems += [f"the tensor {name!r} is missing" for name in wanted]
    more = len(problems) - MAX_PROBLEMS
    return [*problems[:MAX_PROBLEMS], f"and {more} more"] if more > 0 else problems


def check_shapes(config: LlamaConfig, tensors: Iterable[Tensor]) -> None:
    """Raise TensorMismatch with the first problem."""
    problems = shape_problems(config, tensors)
    if problems:
        raise TensorMismatch(
            "shapes", problems[0], hint=f"{len(problems)} problems; `paddock inspect` lists them"
        )


def halves_from_pairs(tensor: Tensor, head_dim: int) -> Tensor:
    """A q or k projection in Hugging Face's row order, from Meta's; streamed head by head."""
    return _reordered(tensor, head_dim, lambda rows: np.concatenate((rows[0::2], rows[1::2])))


def pairs_from_halves(tensor: Tensor, head_dim: int) -> Tensor:
    """A q or k projection in Meta's row order, from Hugging Face's; streamed head by head."""
    half = head_dim // 2
    return _reordered(
        tensor, head_dim, lambda rows: np.stack((rows[:half], rows[half:]), 1).reshape(rows.shape)
    )


def _reordered(tensor: Tensor, head_dim: int, reorder: Callable[[_Rows], _Rows]) -> Tensor:
    """Whole rows change places, so blocks of quantised elements stay what they are."""
    if len(tensor.shape) != 2 or tensor.shape[0] % head_dim:
        raise TensorMismatch(
            "heads",
            f"{tensor.name!r} of shape {list(tensor.shape)} is not made of heads of {head_dim}",
        )
    row_bytes = size_in_bytes(tensor.dtype, tensor.shape[1])

    def pieces() -> Iterator[Piece]:
        for head in regrouped(tensor.pieces(), head_dim * row_bytes):
            rows = np.frombuffer(head, np.uint8).reshape(head_dim, row_bytes)
            yield reorder(rows).data.cast("B")

    return Tensor(tensor.name, tensor.dtype, tensor.shape, pieces, tensor.place)
