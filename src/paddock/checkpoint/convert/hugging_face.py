"""Plans a Hugging Face folder: which files it needs, and where each comes from.

A source that is such a folder already keeps its files as they are, byte for byte, weights too where
nobody asks for other shards or types. Reads headers and small files, no weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.convert.plain_types import model_dtype, plain_type
from paddock.checkpoint.convert.plan import Files
from paddock.checkpoint.convert.rendering import Rendering
from paddock.checkpoint.convert.small_files import SmallFile, json_file
from paddock.checkpoint.convert.source_texts import GENERATION_CONFIG, SourceTexts
from paddock.checkpoint.convert.weight_file import Placed, WeightFile
from paddock.checkpoint.errors import BadConfig
from paddock.checkpoint.opening import Checkpoint, Format, Location, is_text_part
from paddock.checkpoint.safetensors.hf_folder import CONFIG, INDEX, inside, weight_files
from paddock.checkpoint.safetensors.reading import read_raw_header
from paddock.checkpoint.safetensors.writing import (
    DEFAULT_SHARD_BYTES,
    in_file_order,
    plan_shards,
    render_header,
    render_index,
    shard_names,
)
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import (
    CHAT_TEMPLATE,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
    tokenizer_config,
)

# What travels with the weights unchanged, where it is there.
_COMPANIONS = (
    GENERATION_CONFIG,
    TOKENIZER_JSON,
    TOKENIZER_CONFIG,
    CHAT_TEMPLATE,
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
)


def plan_hugging_face(
    checkpoint: Checkpoint, tensors: Sequence[Tensor], texts: SourceTexts, options: ConvertOptions
) -> Files:
    """``tensors`` in the order of their bytes, and everything that ``transformers`` looks for."""
    is_part = is_text_part(Location(checkpoint.format, checkpoint.folder))
    weights, index = _weights(checkpoint, tensors, options, is_part=is_part)
    small = [*_config(checkpoint, texts, options.dtype, is_part=is_part), *index]
    if texts.has_hf_files:
        _ = texts.tokenizer_settings  # refused when it asks for code
        present = [name for name in _COMPANIONS if (checkpoint.folder / name).exists()]
        small += texts.copied(present)
    small += _missing(checkpoint.config, texts, {file.name for file in small})
    notes = ("the language model alone: what sees images is left out",) if is_part else ()
    return Files(tuple(weights), tuple(small), notes)


def _weights(
    checkpoint: Checkpoint, tensors: Sequence[Tensor], options: ConvertOptions, *, is_part: bool
) -> tuple[list[WeightFile], list[SmallFile]]:
    types = {t.name: plain_type(checkpoint, t.dtype, options.dtype) for t in tensors}
    is_same = all(types[tensor.name] == tensor.dtype for tensor in tensors)
    is_same = is_same and checkpoint.format is Format.HUGGING_FACE and not is_part
    if is_same and options.shard_bytes is None:
        folder = checkpoint.folder
        files = [_repeated(path, tensors) for path in weight_files(folder)]
        has_index = (folder / INDEX).exists()
        return files, [SmallFile(INDEX, inside(folder, INDEX))] if has_index else []
    sources = {tensor.name: tensor for tensor in tensors}
    wanted = [replace(tensor, dtype=types[tensor.name]) for tensor in tensors]
    shards = plan_shards(wanted, options.shard_bytes or DEFAULT_SHARD_BYTES)
    names = shard_names(len(shards))
    files = [_shard(name, shard, sources) for name, shard in zip(names, shards, strict=True)]
    return files, [SmallFile(INDEX, render_index(shards))] if len(shards) > 1 else []


def _repeated(path: Path, tensors: Sequence[Tensor]) -> WeightFile:
    """A file of the source, byte for byte: its own header, then its tensors."""
    own = [tensor for tensor in tensors if tensor.place and tensor.place.path == path]
    placed = (Placed(tensor, Rendering(tensor.dtype)) for tensor in own)
    return WeightFile(path.name, (read_raw_header(path), *placed), original=path)


def _shard(name: str, shard: Sequence[Tensor], sources: dict[str, Tensor]) -> WeightFile:
    ordered = in_file_order(shard)
    placed = (Placed(sources[tensor.name], Rendering(tensor.dtype)) for tensor in ordered)
    return WeightFile(name, (render_header(ordered), *placed))


def _config(
    checkpoint: Checkpoint, texts: SourceTexts, dtype: str | None, *, is_part: bool
) -> list[SmallFile]:
    if is_part or not texts.has_hf_files:
        config = replace(checkpoint.config, dtype=model_dtype(checkpoint, dtype))
        return [json_file(CONFIG, config.to_hf_dict())]
    if dtype is None:
        return texts.copied([CONFIG])
    given = load_object(inside(checkpoint.folder, CONFIG), BadConfig)
    keys = [key for key in ("dtype", "torch_dtype") if key in given] or ["torch_dtype"]
    return [json_file(CONFIG, given | dict.fromkeys(keys, dtype))]


def _missing(config: LlamaConfig, texts: SourceTexts, present: set[str]) -> list[SmallFile]:
    """The tokenizer's and generation's files, unless the source brought them."""
    made = {GENERATION_CONFIG: _generation_config(config)}
    tokenizer, template = texts.tokenizer, texts.chat_template
    if tokenizer is not None:
        made[TOKENIZER_JSON] = tokenizer.tokenizer_json
        made[TOKENIZER_CONFIG] = tokenizer_config(tokenizer.names, config.context)
    found = [json_file(name, value) for name, value in made.items() if name not in present]
    if template is not None and not texts.has_hf_files:
        found.append(SmallFile(CHAT_TEMPLATE, template.encode()))
    return found


def _generation_config(config: LlamaConfig) -> dict[str, Any]:
    hf = config.to_hf_dict()
    ids = {key: hf[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    present = {key: value for key, value in ids.items() if value is not None}
    return {"_from_model_config": True} | present
