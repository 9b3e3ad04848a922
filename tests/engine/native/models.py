"""Tiny random Llamas for the native runner, steps of them, and what PyTorch makes of the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from paddock.checkpoint.codecs.transcoding import decode, encode
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.checkpoint.shape.layout import expected_shapes
from paddock.checkpoint.tensors import Tensor
from paddock.engine.native.loading import assemble
from paddock.engine.native.packing import packed_pieces
from paddock.engine.native.plan import plan_weights
from paddock.engine.native.runner import NativeRunner
from paddock.engine.native.weights import Weights
from paddock.engine.precision import Precision
from paddock.engine.step import BLOCK_TOKENS, Step
from paddock.kernels.step_library import aligned, step_library
from paddock.llama.loading import from_tensors
from paddock.llama.model import Llama

Floats = NDArray[np.float32]


def small(**changes: object) -> LlamaConfig:
    """A Llama of odd sizes; ``changes`` are fields of its configuration."""
    fields: dict[str, object] = {
        "dim": 96, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 32, "ffn_dim": 160,
        "vocab_size": 131, "context": 1024, "dtype": "float32",
    }  # fmt: skip
    return LlamaConfig(**{**fields, **changes})


STRETCHED = RopeScaling(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_context=64)


def random_tensors(config: LlamaConfig, dtype: str = "F32", seed: int = 0) -> list[Tensor]:
    """Weights large enough that logits of different tokens are well apart."""
    return [
        _tensor(name, shape, "F32" if name.endswith("norm.weight") else dtype, seed)
        for name, shape in expected_shapes(config).items()
    ]


def _tensor(name: str, shape: tuple[int, ...], dtype: str, seed: int) -> Tensor:
    rng = np.random.default_rng([seed, *name.encode()])
    if name.endswith("norm.weight"):
        values = 1 + 0.2 * rng.standard_normal(shape, np.float32)
    else:
        values = rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[-1]))
    content = bytes(encode(values.astype(np.float32).ravel(), dtype))
    return Tensor(name, dtype, shape, lambda: iter([content]))


def packed(
    config: LlamaConfig, tensors: Sequence[Tensor], precision: Precision = Precision.AUTO
) -> Weights:
    """The weights as the native runner wants them."""
    library = step_library()
    assert library is not None, "the step is not compiled; make up does it"
    plan = plan_weights(config, tensors, precision)
    content = aligned(plan.size_bytes)
    content[:] = np.frombuffer(b"".join(packed_pieces(plan, library, 1)), np.uint8)
    return assemble(plan, content)


def torch_model(config: LlamaConfig, tensors: Iterable[Tensor]) -> Llama:
    """The same in float32, with the numbers that blocks mean."""
    return from_tensors(config, [_as_float32(each) for each in tensors], dtype=torch.float32)


def _as_float32(tensor: Tensor) -> Tensor:
    values = decode(np.frombuffer(tensor.read(), np.uint8), tensor.dtype)
    content = np.ascontiguousarray(values, np.float32).tobytes()
    return Tensor(tensor.name, "F32", tensor.shape, lambda: iter([content]))


def torch_logits(model: Llama, tokens: Sequence[int]) -> Floats:
    """After each of the tokens."""
    with torch.inference_mode():
        logits_TV: Floats = model(torch.tensor([list(tokens)]))[0].numpy()
    return logits_TV


class Piece(NamedTuple):
    """What a sequence brings to a step."""

    tokens: Sequence[int]  # new ones
    length: int  # with them
    table: Sequence[int]
    wanted: Sequence[int]  # indices into its new tokens
    adapter: int = -1


def step_of(*pieces: Piece) -> Step:
    """A mixed step."""
    starts = np.cumsum([0, *(len(piece.tokens) for piece in pieces)])
    width = max(len(piece.table) for piece in pieces)
    tables_SB = np.full((len(pieces), width), -1, np.int32)
    for row, piece in enumerate(pieces):
        tables_SB[row, : len(piece.table)] = piece.table
    wanted = [start + i for start, piece in zip(starts, pieces, strict=False) for i in piece.wanted]
    return Step(
        tokens_T=np.array([token for piece in pieces for token in piece.tokens], np.int32),
        starts_S=starts.astype(np.int32),
        lengths_S=np.array([piece.length for piece in pieces], np.int32),
        tables_SB=tables_SB,
        adapters_S=np.array([piece.adapter for piece in pieces], np.int32),
        wanted_R=np.array(wanted, np.int32),
    )


def blocks_for(length: int) -> int:
    return -(-length // BLOCK_TOKENS)


def whole(tokens: Sequence[int], first_block: int = 0, adapter: int = -1) -> Piece:
    """A sequence all at once, every row wanted."""
    table = range(first_block, first_block + blocks_for(len(tokens)))
    return Piece(tokens, len(tokens), table, range(len(tokens)), adapter)


def all_logits(runner: NativeRunner, tokens: Sequence[int], adapter: int = -1) -> Floats:
    """After each of the tokens, read at once."""
    return runner.logits(step_of(whole(tokens, adapter=adapter))).copy()
