"""Any checkpoint as a Hugging Face folder, in one streaming pass.

Knows which files such a folder needs and where each comes from: a source that is one already is
copied as it is, others are rewritten tensor by tensor. Memory does not grow with the model, and the
digests of everything written come back to the caller.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.checkpoint.digesting_file import WrittenFile, copy_file, write_file
from paddock.checkpoint.errors import BadTokenizer, NotAvailableYet, disk_failures_in_words
from paddock.checkpoint.opening import Checkpoint, Format, open_checkpoint
from paddock.checkpoint.output_folder import new_folder
from paddock.checkpoint.safetensors.hf_folder import CONFIG, INDEX, inside, weight_files
from paddock.checkpoint.safetensors.writing import DEFAULT_SHARD_BYTES, write_model
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tokenizer.files import (
    CHAT_TEMPLATE,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
    load_tokenizer,
    tokenizer_config,
)

MIN_SHARD_BYTES = 1 << 10
GENERATION_CONFIG = "generation_config.json"
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
_LEGAL = ("LICENSE", "LICENCE", "NOTICE", "USE_POLICY", "README")


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What to make. No shard size: as the source is sharded, or Hugging Face's 5 GB."""

    target: str = "safetensors"
    quant: str | None = None
    shard_bytes: int | None = None


def convert_checkpoint(
    source: Path, destination: Path, options: ConvertOptions | None = None
) -> list[WrittenFile]:
    """Write ``source`` as a Hugging Face folder; ``destination`` appears whole or not at all."""
    options = options or ConvertOptions()
    _refuse_unavailable(options)
    with disk_failures_in_words():
        return _convert(open_checkpoint(source), destination, options)


def _convert(
    checkpoint: Checkpoint, destination: Path, options: ConvertOptions
) -> list[WrittenFile]:
    with new_folder(destination) as folder:
        if checkpoint.format is Format.HUGGING_FACE:
            written = _copy_companions(checkpoint, folder)
            written += _write_hugging_face_weights(checkpoint, folder, options.shard_bytes)
        else:
            written = [_write_json(folder / CONFIG, checkpoint.config.to_hf_dict())]
            written += write_model(
                folder, checkpoint.tensors, options.shard_bytes or DEFAULT_SHARD_BYTES
            )
        written += _copy_legal(checkpoint.folder, folder)
        written += _write_missing(checkpoint, folder)
    return sorted(written)


def _refuse_unavailable(options: ConvertOptions) -> None:
    if options.target != "safetensors" or options.quant:
        what = (
            f"quantisation to {options.quant}" if options.quant else f"the {options.target} format"
        )
        raise NotAvailableYet(f"{what} is not available yet", hint="--to safetensors works")
    if options.shard_bytes is not None and options.shard_bytes < MIN_SHARD_BYTES:
        raise NotAvailableYet(
            f"shards of {options.shard_bytes} bytes are too small",
            hint=f"--shard-size takes {MIN_SHARD_BYTES} bytes or more",
        )


def _write_hugging_face_weights(
    checkpoint: Checkpoint, folder: Path, shard_bytes: int | None
) -> list[WrittenFile]:
    if shard_bytes is not None:
        return write_model(folder, checkpoint.tensors, shard_bytes)
    files = [*weight_files(checkpoint.folder)]
    if (checkpoint.folder / INDEX).exists():
        files.append(inside(checkpoint.folder, INDEX))
    return [copy_file(path, folder / path.name) for path in files]


def _copy_companions(checkpoint: Checkpoint, folder: Path) -> list[WrittenFile]:
    names = [CONFIG, *(name for name in _COMPANIONS if (checkpoint.folder / name).exists())]
    if TOKENIZER_CONFIG in names:
        config = load_object(checkpoint.folder / TOKENIZER_CONFIG, BadTokenizer)
        if config.get("auto_map"):
            raise BadTokenizer("custom_code", f"{TOKENIZER_CONFIG} asks for code of its own")
    return [copy_file(inside(checkpoint.folder, name), folder / name) for name in names]


def _copy_legal(source: Path, folder: Path) -> list[WrittenFile]:
    """The texts that a licence wants to see beside every copy."""
    names = sorted(
        path.name
        for path in source.iterdir()
        if path.name.upper().startswith(_LEGAL) and path.suffix.lower() in ("", ".md", ".txt")
    )
    return [copy_file(inside(source, name), folder / name) for name in names]


def _write_missing(checkpoint: Checkpoint, folder: Path) -> list[WrittenFile]:
    """The tokenizer's and generation's files, unless the source brought them."""
    config = checkpoint.config
    written = []
    if not (folder / GENERATION_CONFIG).exists():
        hf = config.to_hf_dict()
        ids = {key: hf[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
        present = {key: value for key, value in ids.items() if value is not None}
        written.append(
            _write_json(folder / GENERATION_CONFIG, {"_from_model_config": True} | present)
        )
    if checkpoint.tokenizer is None:
        return written
    tokenizer = load_tokenizer(checkpoint.tokenizer)
    if not (folder / TOKENIZER_JSON).exists():
        written.append(_write_json(folder / TOKENIZER_JSON, tokenizer.tokenizer_json))
    if not (folder / TOKENIZER_CONFIG).exists():
        settings = tokenizer_config(tokenizer.names, config.context)
        written.append(_write_json(folder / TOKENIZER_CONFIG, settings))
    return written


def _write_json(path: Path, value: dict[str, Any]) -> WrittenFile:
    return write_file(path, _json_pieces(value))


def _json_pieces(value: dict[str, Any]) -> Iterator[bytes]:
    yield json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
