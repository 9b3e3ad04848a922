"""A model that runs while its weights pass by: every pass reads the whole checkpoint once.

For models that are only tried, and may be larger than memory: what is held is a few stretches of
weights and the activations. Products are the runner's own kernels, and what is between them is
written down here in float32, so its results differ from the runner's by roundings alone. All
positions of all sequences are computed at once, and nothing is kept from one pass to the next.
Letters: T tokens of all sequences, D model width, N heads, K heads of keys, H width of a head.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from paddock.engine.adapters import Adapter, Projection, Target
from paddock.engine.errors import NoRunner
from paddock.engine.native.angles import Angles
from paddock.engine.native.packing import norm_values
from paddock.engine.native.plan import Plan, PlannedMatrix
from paddock.engine.native.streamed_products import StreamedProducts
from paddock.engine.native.weights import Floats
from paddock.kernels.step_library import StepLibrary

LOGITS_BYTES: Final = 256 << 20  # of one answer
_STATES_BYTES: Final = 400 << 20  # of one pass


class _Layer(NamedTuple):
    """The matrices of one layer; fused ones as the plan has them."""

    qkv: Sequence[PlannedMatrix]
    o: PlannedMatrix
    gate_up: Sequence[PlannedMatrix]
    down: PlannedMatrix


class StreamedModel:
    """A planned checkpoint, read anew by every pass; ``close`` ends its threads."""

    def __init__(
        self, plan: Plan, library: StepLibrary, threads: int, adapter: Adapter | None = None
    ) -> None:
        """Raises NoRunner for a mixture of experts, BadElements for a norm that is not finite."""
        self.config = plan.config
        self._plan, self._adapter = plan, adapter
        self._layers = _layers_of(plan)
        self._norms = [norm_values(tensor) for tensor in plan.norms]
        self._products = StreamedProducts(library, threads)

    @property
    def most_tokens(self) -> int:
        """Tokens of one pass, at most: their activations stay below ``_STATES_BYTES``."""
        config = self.config
        of_one = 4 * (3 * config.ffn_dim + 4 * config.dim + 3 * config.q_dim + 4 * config.kv_dim)
        return max(1, _STATES_BYTES // of_one)

    @property
    def most_rows(self) -> int:
        """Rows of logits that are asked for at once, at most."""
        return max(1, LOGITS_BYTES // (4 * self.config.vocab_size))

    def close(self) -> None:
        """End the threads."""
        self._products.close()

    def states(self, sequences: Sequence[Sequence[int]]) -> Floats:
        """The final, normalised states of every token, sequence after sequence: ``[T, D]``.

        Raises BadElements for weights that are not finite, and what reading them raises.
        """
        tokens = np.array([token for sequence in sequences for token in sequence], np.int64)
        if len(tokens) and not 0 <= tokens.min() <= tokens.max() < self.config.vocab_size:
            raise ValueError("a token is not in the vocabulary")
        lengths = [len(sequence) for sequence in sequences]
        angles = Angles(self.config, max(lengths))
        angles.fill(max(lengths))
        x_TD = self._products.rows(self._plan.embeddings, tokens)
        for number in range(self.config.layers):
            self._attend(number, x_TD, lengths, angles)
            self._feed_forward(number, x_TD)
        return _normalised(x_TD, self._norms[-1], self.config.norm_eps)

    def logits(self, states_RD: Floats) -> Floats:
        """Logits of some states, ``[R, V]``, no more than ``most_rows``; reads the head."""
        return self._products.multiply([self._plan.head or self._plan.embeddings], states_RD)

    def _attend(self, number: int, x_TD: Floats, lengths: Sequence[int], angles: Angles) -> None:
        config, layer = self.config, self._layers[number]
        inputs_TD = _normalised(x_TD, self._norms[2 * number], config.norm_eps)
        parts = (Projection.Q, Projection.K, Projection.V)
        qkv_TO = self._product(number, parts, layer.qkv, inputs_TD)
        mixed_TO = np.empty((len(x_TD), config.q_dim), np.float32)
        end = 0
        for length in lengths:
            here = slice(end, end := end + length)
            mixed_TO[here] = self._mixed(qkv_TO[here], angles)
        x_TD += self._product(number, (Projection.O,), (layer.o,), mixed_TO)

    def _mixed(self, qkv_TO: Floats, angles: Angles) -> Floats:
        """What the heads of one sequence see, each position itself and those before it."""
        config, length = self.config, len(qkv_TO)
        heads_THN = np.split(qkv_TO, np.cumsum([config.q_dim, config.kv_dim]), axis=1)
        q_NTH, k_KTH, v_KTH = (
            part.reshape(length, -1, config.head_dim).transpose(1, 0, 2) for part in heads_THN
        )
        q_NTH, k_KTH = (_turned(part, angles) for part in (q_NTH, k_KTH))
        group = config.heads // config.kv_heads
        k_NTH, v_NTH = np.repeat(k_KTH, group, axis=0), np.repeat(v_KTH, group, axis=0)
        scores = q_NTH @ k_NTH.transpose(0, 2, 1) / np.float32(np.sqrt(config.head_dim))
        scores[:, np.triu(np.ones((length, length), bool), 1)] = -np.inf
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        seen_TNH: Floats = (scores @ v_NTH).transpose(1, 0, 2)
        return seen_TNH.reshape(length, -1)

    def _feed_forward(self, number: int, x_TD: Floats) -> None:
        layer = self._layers[number]
        inputs_TD = _normalised(x_TD, self._norms[2 * number + 1], self.config.norm_eps)
        parts = (Projection.GATE, Projection.UP)
        gate_up = self._product(number, parts, layer.gate_up, inputs_TD)
        gate, up = gate_up[:, : self.config.ffn_dim], gate_up[:, self.config.ffn_dim :]
        passed = np.exp(-np.maximum(gate, np.float32(-80)))  # beyond, e^x is no float32
        passed += 1
        np.divide(gate, passed, out=passed)
        passed *= up
        x_TD += self._product(number, (Projection.DOWN,), (layer.down,), passed)

    def _product(
        self,
        number: int,
        projections: Sequence[Projection],
        matrices: Sequence[PlannedMatrix],
        x_TI: Floats,
    ) -> Floats:
        """A product, with what the adapter adds to each of its projections."""
        out_TO = self._products.multiply(matrices, x_TI)
        if self._adapter is None:
            return out_TO
        widths = {Projection.Q: self.config.q_dim, Projection.K: self.config.kv_dim}
        widths[Projection.V] = self.config.kv_dim
        end = 0
        for projection in projections:
            part = self._adapter.parts.get(Target(number, projection))
            width = widths.get(projection, out_TO.shape[1] // len(projections))
            here = slice(end, end := end + width)
            if part is not None:
                out_TO[:, here] += np.float32(part.scale) * ((x_TI @ part.a.T) @ part.b.T)
        return out_TO


def _layers_of(plan: Plan) -> list[_Layer]:
    """The plan's matrices by layer; raises NoRunner where they are not those of plain layers."""
    config = plan.config
    if not config.is_plain:
        raise NoRunner("models of other layers than a Llama's cannot be streamed")
    matrices = deque(plan.matrices[1 : None if plan.head is None else -1])

    def taken(*widths: int) -> list[PlannedMatrix]:
        found, wanted = [], sum(widths)
        while wanted > 0 and matrices:
            found.append(matrices.popleft())
            wanted -= found[-1].outputs
        if wanted:
            raise NoRunner("models of other layers than a Llama's cannot be streamed")
        return found

    layers = []
    for _ in range(config.layers):
        qkv, (o,) = taken(config.q_dim, config.kv_dim, config.kv_dim), taken(config.dim)
        layers.append(_Layer(qkv, o, taken(config.ffn_dim, config.ffn_dim), *taken(config.dim)))
    if matrices:
        raise NoRunner("models of other layers than a Llama's cannot be streamed")
    return layers


def _normalised(x_TD: Floats, weight_D: Floats, eps: float) -> Floats:
    """Divided by the root mean square of each row, then scaled."""
    mean_T1 = np.einsum("td,td->t", x_TD, x_TD)[:, None] / np.float32(x_TD.shape[1])
    out_TD: Floats = x_TD / np.sqrt(mean_T1 + np.float32(eps))
    out_TD *= weight_D
    return out_TD


def _turned(heads_NTH: Floats, angles: Angles) -> Floats:
    """Heads turned by their positions' angles: elements i and i + H/2 together."""
    length, width = heads_NTH.shape[1:]
    cos, sin = angles.cos_PH[:length], angles.sin_PH[:length]
    first, second = heads_NTH[..., : width // 2], heads_NTH[..., width // 2 :]
    turned: Floats = np.concatenate((first * cos - second * sin, second * cos + first * sin), -1)
    return turned
