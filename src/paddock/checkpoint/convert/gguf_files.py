"""Plans GGUF files: one for each recipe, cut into llama.cpp's splits where a size is given.

Rows of q and k go back into Meta's order; norms are float32; RoPE factors stand first. A quantised
source without a recipe keeps its blocks. Reads headers and small files, no weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from paddock.checkpoint.convert.plan import Files
from paddock.checkpoint.convert.rendering import Rendering
from paddock.checkpoint.convert.stacking import Entry, stacked
from paddock.checkpoint.convert.weight_file import Part, Placed, WeightFile, part_bytes
from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.gguf.naming import ROPE_FREQS, is_rotated
from paddock.checkpoint.gguf.recipes import RECIPES, block_type
from paddock.checkpoint.gguf.rope_factors import rope_factors
from paddock.checkpoint.gguf.values import Metadata, Value, ValueType
from paddock.checkpoint.gguf.writing import TensorInfo, render_header
from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.safetensors.writing import plan_shards
from paddock.checkpoint.shape.layout import expected_shapes
from paddock.checkpoint.tensors import Tensor

_PLAIN = {"F32": "f32", "F64": "f32", "F16": "f16", "BF16": "bf16"}


def own_recipe(checkpoint: Checkpoint) -> str:
    """The recipe that comes nearest to what the source is stored in."""
    elements = Counter[str]()
    for tensor in checkpoint.tensors:
        elements[tensor.dtype] += tensor.elements
    most = elements.most_common(1)[0][0] if elements else "F32"
    made_of = {recipe.default: name for name, recipe in RECIPES.items()}  # the last of each type
    return _PLAIN.get(most) or made_of.get(most, "f32")


def gguf_types(
    checkpoint: Checkpoint, tensors: Sequence[Tensor], recipe: str | None
) -> dict[str, str]:
    """The type of every tensor that the model has, by Hugging Face's name."""
    wanted = expected_shapes(checkpoint.config)
    own = [tensor for tensor in tensors if tensor.name in wanted]
    if recipe is None and any(tensor.dtype in BLOCKS for tensor in own):
        return {t.name: t.dtype if len(t.shape) > 1 else "F32" for t in own}
    chosen = recipe or own_recipe(checkpoint)
    return {t.name: block_type(chosen, t.name, t.shape, checkpoint.config) for t in own}


def plan_gguf(
    checkpoint: Checkpoint,
    tensors: Sequence[Tensor],
    types: Mapping[str, str],
    metadata: Metadata,
    name: str,
    shard_bytes: int | None,
) -> Files:
    """One file ``name``.gguf, or its splits; ``tensors`` in the order of their bytes."""
    head_dim = checkpoint.config.head_dim
    placed = [
        Placed(tensor, Rendering(types[tensor.name], head_dim if is_rotated(tensor.name) else None))
        for tensor in tensors
        if tensor.name in types
    ]
    stood = {entry.tensor.name: entry for entry in stacked(placed)}
    announced = [entry.tensor for entry in stood.values()]
    shards = plan_shards(announced, shard_bytes) if shard_bytes else [announced]
    factors = _rope_factors(checkpoint)
    count = len(announced) + len(factors)
    files = []
    for number, shard in enumerate(shards):
        keys = metadata if number == 0 else {}
        stem = name
        if len(shards) > 1:
            keys = {**keys, **_split_keys(number, len(shards), count)}
            stem = f"{name}-{number + 1:05}-of-{len(shards):05}"
        entries = [stood[tensor.name] for tensor in shard]
        files.append(_file(f"{stem}.gguf", keys, entries, factors if number == 0 else {}))
    return Files(tuple(files))


def _file(
    name: str, metadata: Metadata, entries: Sequence[Entry], known: Mapping[str, bytes]
) -> WeightFile:
    infos = [TensorInfo(each, "F32", (len(raw) // 4,)) for each, raw in known.items()]
    infos += [TensorInfo(e.tensor.name, e.tensor.dtype, e.tensor.shape) for e in entries]
    header = render_header(metadata, infos)
    contents: list[tuple[bytes | Placed, ...]] = [(raw,) for raw in known.values()]
    contents += [entry.parts for entry in entries]
    parts: list[Part] = [header.raw]
    at = len(header.raw)
    for start, content in zip(header.offsets, contents, strict=True):
        parts += [bytes(start - at), *content]
        at = start + sum(part_bytes(part) for part in content)
    parts.append(bytes(header.file_bytes - at))
    return WeightFile(name, tuple(part for part in parts if part != b""))


def _rope_factors(checkpoint: Checkpoint) -> dict[str, bytes]:
    """The tensor that stands for Llama 3.1's RoPE scaling; empty without one."""
    config = checkpoint.config
    if config.rope_scaling is None:
        return {}
    factors = rope_factors(config.rope_scaling, config.head_dim, config.rope_theta)
    return {ROPE_FREQS: factors.astype("<f4").tobytes()}


def _split_keys(number: int, count: int, tensors: int) -> dict[str, Value]:
    """As llama.cpp cuts a file (tools/gguf-split)."""
    return {
        "split.no": Value(ValueType.U16, number),
        "split.count": Value(ValueType.U16, count),
        "split.tensors.count": Value(ValueType.I32, tensors),
    }
