"""Which packed matrices a model becomes, of what kind, and where each begins.

Pure: from a configuration and unread tensors to kinds and offsets. The same checkpoint and
precision always give the same plan, so a packed file needs no table of contents.

As stored (``auto``): F32 and F64 become F32; BF16 and F16 become BF16; blocks (Q8_0, Q4_0, Q4_K,
Q5_K, Q6_K) stay what they are.
``int8`` and ``int4`` bound the bits: blocks of fewer bits stay, since more would bring nothing
back. Plain weights become Q4_K for ``int4``, not Q4_0: the same bytes, and a root mean square error
a fifth smaller for normal weights, a quarter for heavy tails. Embeddings and head keep 8 bits: they
decide every token, and llama.cpp keeps them in 6. Rows that are no whole groups of a kind get the
next kind with room for them: Q4_K, Q4, Q8, then what a plain weight is as stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.errors import TensorMismatch
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.feed_forward import Gated, gated_of, mixture_of
from paddock.checkpoint.shape.layout import EMBEDDINGS, FINAL_NORM, HEAD, check_shapes
from paddock.checkpoint.tensors import Tensor
from paddock.engine.native.weights import Kind
from paddock.engine.precision import Precision
from paddock.kernels.step_library import PANEL

FLOAT_BYTES: Final = 4

_AS_STORED: Final = {
    "F32": Kind.F32, "F64": Kind.F32, "BF16": Kind.BF16, "F16": Kind.BF16,
    "Q8_0": Kind.Q8, "Q4_0": Kind.Q4, "Q4_K": Kind.Q4_K, "Q5_K": Kind.Q5_K, "Q6_K": Kind.Q6_K,
}  # fmt: skip
_OF_FOUR_BITS: Final = (Kind.Q4_K, Kind.Q4)
_TYPES: Final = {Precision.FLOAT32: Kind.F32, Precision.BFLOAT16: Kind.BF16}
_QKV: Final = tuple(f"self_attn.{name}_proj.weight" for name in "qkv")
_NORMS: Final = ("input_layernorm.weight", "post_attention_layernorm.weight")


class PlannedMatrix(NamedTuple):
    """A matrix to be: the rows of its tensors, one after the other."""

    kind: Kind
    outputs: int
    inputs: int
    tensors: tuple[Tensor, ...]

    @property
    def size_bytes(self) -> int:
        return packed_bytes(self.kind, self.outputs, self.inputs)


class PlannedGated(NamedTuple):
    """The matrices of a gated feed-forward, or of one expert."""

    gate_up: tuple[PlannedMatrix, ...]
    down: PlannedMatrix


class PlannedMixture(NamedTuple):
    """A router, whose numbers stay plain, and what it chooses from."""

    router: Tensor
    experts: tuple[PlannedGated, ...]


class PlannedLayer(NamedTuple):
    """The matrices of a layer, in the order of their bytes; it has a feed-forward, or a mixture.

    In Llama 4 it has both: the feed-forward beside a mixture computes every token.
    """

    qkv: tuple[PlannedMatrix, ...]
    o: PlannedMatrix
    gated: PlannedGated | None
    mixture: PlannedMixture | None = None

    @property
    def matrices(self) -> Iterator[PlannedMatrix]:
        """All of them."""
        yield from (*self.qkv, self.o)
        for each in (self.gated, *(self.mixture.experts if self.mixture else ())):
            if each is not None:
                yield from (*each.gate_up, each.down)


class Plan(NamedTuple):
    """A whole model in the order of its bytes: matrices without gaps, then the norms.

    Norms are attention's and the feed-forward's of each layer, then the final one.
    """

    config: LlamaConfig
    embeddings: PlannedMatrix
    layers: tuple[PlannedLayer, ...]
    head: PlannedMatrix | None  # None: the embeddings are the head
    norms: tuple[Tensor, ...]

    @property
    def matrices(self) -> tuple[PlannedMatrix, ...]:
        """All of them, in the order of their bytes."""
        found = [self.embeddings]
        for layer in self.layers:
            found += layer.matrices
        return (*found, self.head) if self.head else tuple(found)

    @property
    def size_bytes(self) -> int:
        """Bytes of matrices, norms and routers."""
        floats = len(self.norms) * self.config.dim
        floats += sum(layer.mixture.router.elements for layer in self.layers if layer.mixture)
        return sum(matrix.size_bytes for matrix in self.matrices) + floats * FLOAT_BYTES


def plan_weights(config: LlamaConfig, tensors: Sequence[Tensor], precision: Precision) -> Plan:
    """What a checkpoint becomes; raises TensorMismatch for wrong tensors, or ones never packed."""
    check_shapes(config, tensors)
    found = {tensor.name: tensor for tensor in tensors}

    def matrices(names: Iterable[str], precision: Precision = precision) -> list[PlannedMatrix]:
        return _fused([found[name] for name in names], precision)

    def gated(parts: Gated) -> PlannedGated:
        gate_up, (down,) = _fused(parts.gate_up, precision), _fused((parts.down,), precision)
        return PlannedGated(tuple(gate_up), down)

    outer = Precision.INT8 if precision is Precision.INT4 else precision
    layers, norms = [], []
    for number in range(config.layers):
        at = f"model.layers.{number}."
        qkv = tuple(matrices(at + name for name in _QKV))
        (o,) = matrices([at + "self_attn.o_proj.weight"])
        own, mixture = gated_of(config, found, number), None
        if experts := mixture_of(config, found, number):
            _check_kind(experts.router)
            mixture = PlannedMixture(experts.router, tuple(map(gated, experts.experts)))
        layers.append(PlannedLayer(qkv, o, gated(own) if own else None, mixture))
        norms += [found[at + name] for name in _NORMS]
    for tensor in (*norms, found[FINAL_NORM]):
        _check_kind(tensor)
    return Plan(
        config,
        matrices([EMBEDDINGS], outer)[0],
        tuple(layers),
        None if config.tied_embeddings else matrices([HEAD], outer)[0],
        (*norms, found[FINAL_NORM]),
    )


def kind_of(stored: str, inputs: int, precision: Precision) -> Kind:
    """What a matrix of this stored type becomes."""
    as_stored = _AS_STORED[stored]
    match precision:
        case Precision.AUTO:
            return as_stored
        case Precision.FLOAT32 | Precision.BFLOAT16:
            return _TYPES[precision]
        case Precision.INT8:
            wanted = [as_stored] if as_stored.dtype in BLOCKS else [Kind.Q8]
        case Precision.INT4:
            wanted = [as_stored] if as_stored in _OF_FOUR_BITS else [*_OF_FOUR_BITS]
    return next((kind for kind in wanted if inputs % _group(kind) == 0), as_stored)


def packed_bytes(kind: Kind, outputs: int, inputs: int) -> int:
    """Bytes of a packed matrix: whole panels, BF16 in pairs of inputs (kernels/step/panels.h)."""
    rows = math.ceil(outputs / PANEL) * PANEL
    if kind is Kind.F32:
        return rows * 4 * inputs
    if kind is Kind.BF16:
        return rows * 2 * (inputs + inputs % 2)
    block = BLOCKS[kind.dtype]
    # A panel of Q4_K or Q5_K has its 6-bit scales in nibbles and pairs of bits: the same 12 bytes.
    return rows * (inputs // block.elements) * block.size_bytes


def _group(kind: Kind) -> int:
    return BLOCKS[kind.dtype].elements if kind.dtype in BLOCKS else 1


def _fused(tensors: Sequence[Tensor], precision: Precision) -> list[PlannedMatrix]:
    """As few matrices as kinds allow; one that ends within a panel is not continued."""
    fused: list[PlannedMatrix] = []
    for tensor in tensors:
        outputs, inputs = tensor.shape
        kind = kind_of(_check_kind(tensor), inputs, precision)
        if fused and fused[-1].kind is kind and fused[-1].outputs % PANEL == 0:
            last = fused[-1]
            fused[-1] = PlannedMatrix(kind, last.outputs + outputs, inputs, (*last.tensors, tensor))
        else:
            fused.append(PlannedMatrix(kind, outputs, inputs, (tensor,)))
    return fused


def _check_kind(tensor: Tensor) -> str:
    if tensor.dtype not in _AS_STORED:
        raise TensorMismatch(
            "dtype",
            f"the tensor {tensor.name!r} is stored as {tensor.dtype}",
            hint=f"a model runs from {', '.join(_AS_STORED)}; convert the checkpoint first",
        )
    return tensor.dtype
