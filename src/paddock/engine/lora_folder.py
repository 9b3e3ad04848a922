"""A LoRA adapter from a folder as PEFT saves it.

Knows names of tensors and shapes; settings are ``lora_config``'s. Everything is checked against the
model before a number is read: an adapter of another model, or one that changes more than the
projections of layers, is refused. Pickles (``adapter_model.bin``) are interpreted, never executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from paddock.checkpoint.codecs.transcoding import decode
from paddock.checkpoint.errors import BadCheckpoint, disk_failures_in_words
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import layer_shapes
from paddock.checkpoint.tensors import Tensor
from paddock.engine.adapters import Adapter, Floats, LowRank, Projection, Target
from paddock.engine.errors import BadAdapter
from paddock.engine.free_memory import available_memory_bytes, check_fits
from paddock.engine.lora_config import LoraConfig, load_lora_config
from paddock.errors import shown

WEIGHTS: Final = "adapter_model.safetensors"
PICKLE: Final = "adapter_model.bin"
MAX_NAME: Final = 128
_TYPES: Final = ("F32", "F16", "BF16", "F64")
# The module is as a whole Llama names it; saved from the model without its head, `model.` is gone.
_NAME: Final = re.compile(
    r"base_model\.model\.((?:model\.)?layers\.(0|[1-9][0-9]{0,3})\."
    r"((?:self_attn|mlp)\.((?<=self_attn\.)[qkvo]_proj|(?<=mlp\.)(?:gate|up|down)_proj)))"
    r"\.lora_([AB])\.weight"
)
_PROJECTIONS: Final = frozenset(projection.value for projection in Projection)
_FLOAT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class _Pair:
    """A module, and its A and B."""

    module: str
    tensors: dict[str, Tensor] = field(default_factory=dict)


class _Part(NamedTuple):
    """Which matrix of which module a tensor is."""

    target: Target
    module: str  # as PEFT's settings name it
    path: str  # the same within the layer
    factor: str  # A or B


def read_adapter(folder: Path, config: LlamaConfig, name: str | None = None) -> Adapter:
    """The adapter in a folder, for a model of this shape; named like the folder unless told.

    Raises BadAdapter, ModelTooLarge, DiskFailure.
    """
    with _faults_in_words(folder):
        settings, pairs = _checked(folder, config)
        check_fits(f"the adapter {folder.name}", _size_bytes(pairs), available_memory_bytes())
        parts = {target: _low_rank(pair, settings) for target, pair in pairs.items()}
    return Adapter(name or folder.resolve().name, parts)


def adapter_bytes(folder: Path, config: LlamaConfig) -> int:
    """Bytes of memory that ``read_adapter`` would take, from headers alone; raises the same."""
    with _faults_in_words(folder):
        return _size_bytes(_checked(folder, config)[1])


@contextmanager
def _faults_in_words(folder: Path) -> Iterator[None]:
    try:
        with disk_failures_in_words():
            yield
    except BadAdapter:
        raise
    except BadCheckpoint as e:
        raise BadAdapter(e.reason, f"the adapter {folder.name}: {e.message}", hint=e.hint) from e


def _checked(folder: Path, config: LlamaConfig) -> tuple[LoraConfig, Mapping[Target, _Pair]]:
    settings = load_lora_config(folder)
    return settings, _pairs(_tensors(folder), settings, config)


def _size_bytes(pairs: Mapping[Target, _Pair]) -> int:
    """As float32, which every runner reads them as."""
    tensors = (each for pair in pairs.values() for each in pair.tensors.values())
    return sum(each.elements for each in tensors) * _FLOAT_BYTES


def _tensors(folder: Path) -> Sequence[Tensor]:
    if (folder / WEIGHTS).is_file():  # a pipe would be waited for
        return open_tensors(folder / WEIGHTS)
    if (folder / PICKLE).is_file():
        return read_torch_file(folder / PICKLE).tensors
    raise BadAdapter("missing", f"{folder.name} has no {WEIGHTS}", hint="is this the right folder?")


def _pairs(
    tensors: Sequence[Tensor], settings: LoraConfig, config: LlamaConfig
) -> Mapping[Target, _Pair]:
    """A and B of each adapted projection, checked; raises BadAdapter."""
    pairs: dict[Target, _Pair] = {}
    for tensor in tensors:
        part = _part(tensor)
        if not settings.targets(part.module):
            raise BadAdapter(
                "not_a_target",
                f"target_modules does not name {part.module}; there are weights of it",
            )
        _check(tensor, part, settings, config)
        pair = pairs.setdefault(part.target, _Pair(part.module))
        if part.factor in pair.tensors or part.module != pair.module:
            raise BadAdapter("twice", f"{part.module} is there twice: with `model.` and without")
        pair.tensors[part.factor] = tensor
    for pair in pairs.values():
        if len(pair.tensors) < len("AB"):
            raise BadAdapter("half", f"{pair.module} has one matrix of two")
    _check_complete(pairs, settings)
    return pairs


def _part(tensor: Tensor) -> _Part:
    match = _NAME.fullmatch(tensor.name) if len(tensor.name) <= MAX_NAME else None
    if not match:
        raise BadAdapter(
            "unknown_tensor",
            f"the adapter has {shown(tensor.name)}, no LoRA matrix of a layer's projection",
            hint=f"what is run: {', '.join(Projection)}; no embeddings, head, norms or biases",
        )
    module, layer, path, projection, factor = match.groups()
    return _Part(Target(int(layer), Projection(projection)), module, path, factor)


def _check(tensor: Tensor, part: _Part, settings: LoraConfig, config: LlamaConfig) -> None:
    if part.target.layer >= config.layers:
        raise BadAdapter(
            "shape", f"the adapter is for layer {part.target.layer}; the model has {config.layers}"
        )
    if tensor.dtype not in _TYPES:
        raise BadAdapter("dtype", f"{tensor.name!r} is stored as {tensor.dtype}")
    shape = layer_shapes(config, part.target.layer).get(f"{part.path}.weight")
    if shape is None:
        raise BadAdapter(
            "experts",
            f"the adapter changes {part.path}; in layer {part.target.layer} experts are there",
            hint="adapters of a mixture of experts are run where they change its attention alone",
        )
    outputs, inputs = shape
    rank = settings.rank_of(part.module)
    wanted = (rank, inputs) if part.factor == "A" else (outputs, rank)
    if tensor.shape != wanted:
        raise BadAdapter(
            "shape",
            f"{tensor.name!r} is {list(tensor.shape)}; this model and rank {rank} need "
            f"{list(wanted)}",
            hint="the adapter is of another model, or its settings are of another adapter",
        )


def _check_complete(pairs: Mapping[Target, object], settings: LoraConfig) -> None:
    if not pairs:
        raise BadAdapter("empty", "the adapter changes nothing: it has no matrices")
    there = {target.projection.value for target in pairs}
    for name in settings.modules or ():
        if name in _PROJECTIONS and name not in there:
            raise BadAdapter("incomplete", f"target_modules names {name}; there is no matrix of it")


def _low_rank(pair: _Pair, settings: LoraConfig) -> LowRank:
    a, b = _floats(pair.tensors["A"]), _floats(pair.tensors["B"])
    return LowRank(a, b, settings.scale_of(pair.module))


def _floats(tensor: Tensor) -> Floats:
    values = np.ascontiguousarray(decode(tensor.read(), tensor.dtype)).reshape(tensor.shape)
    if not np.isfinite(values).all():
        raise BadAdapter("not_finite", f"{tensor.name!r} holds numbers that are not finite")
    return values
