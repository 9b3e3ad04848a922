"""A checkpoint as packed weights: mapped from the folder of packed ones, or packed first.

Puts the parts together: plan, identity, packing, cache. Does not choose a runner or a precision
(``engine/opening``), and does not know how bytes are laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.errors import disk_failures_in_words
from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.errors import LoadingStopped, NoRunner
from paddock.engine.native.identity import check_unchanged, identity, settled_states
from paddock.engine.native.pack_cache import PackCache, load_packed
from paddock.engine.native.packed_file import warm
from paddock.engine.native.packing import packed_pieces
from paddock.engine.native.plan import FLOAT_BYTES, Plan, PlannedMatrix
from paddock.engine.native.weights import LayerWeights, PackedMatrix, Weights
from paddock.kernels import sources
from paddock.kernels.step_library import StepLibrary


def no_plain_layers(config: LlamaConfig) -> str:
    """Why a model is none for the compiled step."""
    what = "no Llama 4" if config.llama4 else "no mixtures of experts"
    return f"the compiled step runs {what}; PyTorch does"


Bytes = NDArray[np.uint8]


class Packing(NamedTuple):
    """By what weights are packed, and where they are kept."""

    library: StepLibrary
    threads: int = 1
    kept: PackCache | None = None
    is_stopped: Callable[[], bool] = lambda: False


def load_weights(checkpoint: Checkpoint, plan: Plan, packing: Packing) -> Weights:
    """The weights of a plan of this checkpoint.

    Raises NoRunner for a mixture of experts, BadElements for numbers that are not finite,
    BadCheckpoint for files that change meanwhile, LoadingStopped, DiskFailure, MemoryError.
    """
    if not plan.config.is_plain:
        raise NoRunner(no_plain_layers(plan.config), hint="leave --runner out, or torch")
    with disk_failures_in_words():
        states = settled_states(checkpoint)

    def pieces() -> Iterator[memoryview]:
        with disk_failures_in_words():
            for piece in packed_pieces(plan, packing.library, packing.threads):
                if packing.is_stopped():
                    raise LoadingStopped("loading was stopped")
                yield piece
        check_unchanged(states)  # before anybody takes the last byte for written

    kinds = [(each.kind, each.outputs, each.inputs) for each in plan.matrices]
    # The panels' layout, and how numbers are encoded, are whatever these sources do.
    digest = identity(checkpoint, states, str(kinds), sources.digest(sources.STEP))
    content = load_packed(packing.kept, digest, plan.size_bytes, pieces, packing.is_stopped)
    warm(content)
    return assemble(plan, content)


def assemble(plan: Plan, content: Bytes) -> Weights:
    """The weights whose bytes, in the order of the plan, are ``content``."""
    matrices = _cut(plan, content)
    norms = _norms(plan, content)
    embeddings = next(matrices)
    layers = tuple(
        LayerWeights(
            attention_norm=norms[2 * number],
            qkv=tuple(next(matrices) for _ in layer.qkv),
            o=next(matrices),
            ffn_norm=norms[2 * number + 1],
            gate_up=tuple(next(matrices) for _ in layer.gated.gate_up),
            down=next(matrices),
        )
        for number, layer in enumerate(plan.layers)
        if layer.gated is not None
    )
    head = embeddings if plan.head is None else next(matrices)
    return Weights(plan.config, embeddings, layers, norms[-1], head)


def _cut(plan: Plan, content: Bytes) -> Iterator[PackedMatrix]:
    at = 0
    for matrix in plan.matrices:
        yield _matrix(matrix, content[at : at + matrix.size_bytes])
        at += matrix.size_bytes


def _matrix(planned: PlannedMatrix, panels: Bytes) -> PackedMatrix:
    return PackedMatrix(planned.kind, planned.outputs, planned.inputs, panels)


def _norms(plan: Plan, content: Bytes) -> NDArray[np.float32]:
    """All norms, one a row."""
    size_bytes = len(plan.norms) * plan.config.dim * FLOAT_BYTES
    return content[content.size - size_bytes :].view(np.float32).reshape(len(plan.norms), -1)
