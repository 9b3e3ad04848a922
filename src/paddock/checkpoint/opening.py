"""A checkpoint on disk, whatever its format: configuration, tensors, tokenizer.

The one door for whoever needs a model's weights. Decides what a path is and hands it to that
format's reader; names and row order are Hugging Face's from here on. Nothing is held in memory but
headers, and nothing needs closing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import (
    BadCheckpoint,
    BadConfig,
    NotAvailableYet,
    UnknownCheckpoint,
    disk_failures_in_words,
)
from paddock.checkpoint.gguf.checkpoint import read_gguf_checkpoint
from paddock.checkpoint.gguf.reading import begins_gguf
from paddock.checkpoint.gguf.splits import first_part_of, first_parts
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.meta import folder as meta_folder
from paddock.checkpoint.safetensors import hf_folder
from paddock.checkpoint.shape.config import LlamaConfig, parse_hf_config
from paddock.checkpoint.shape.layout import check_shapes
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import TokenizerFile, find_tokenizer

_DTYPE_NAMES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}


class Format(StrEnum):
    """How a checkpoint is laid out."""

    HUGGING_FACE = "huggingface"
    META = "meta"
    LLAMA2C = "llama2.c"
    GGUF = "gguf"


class Location(NamedTuple):
    """Which format a path is, the folder around it and, if it is one file, that file."""

    format: Format
    folder: Path
    file: Path | None = None

    @property
    def tokenizer_place(self) -> Path:
        """The file that may hold a tokenizer itself, or else the folder around the weights."""
        return self.file if self.file and self.format is Format.GGUF else self.folder


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An opened checkpoint: headers read and checked, weights still on disk."""

    format: Format
    folder: Path
    config: LlamaConfig
    tensors: tuple[Tensor, ...]
    tokenizer: TokenizerFile | None

    def by_name(self) -> dict[str, Tensor]:
        """The tensors under their names."""
        return {tensor.name: tensor for tensor in self.tensors}


def open_checkpoint(path: Path) -> Checkpoint:
    """Open a folder or file as a Llama checkpoint whose tensors fit its configuration."""
    with disk_failures_in_words():
        location = locate(path)
        config, tensors = read_model(location)
        check_shapes(config, tensors)
        tokenizer = find_tokenizer(location.tokenizer_place, config.vocab_size)
    return Checkpoint(location.format, location.folder, config, tensors, tokenizer)


def read_model(location: Location) -> tuple[LlamaConfig, tuple[Tensor, ...]]:
    """Configuration and tensors, not yet compared with each other."""
    match location.format:
        case Format.GGUF:
            if location.file is None:
                raise UnknownCheckpoint("no_file", f"{location.folder} names no GGUF file")
            return read_gguf_checkpoint(location.file)
        case Format.META:
            return meta_folder.read_meta(location.folder)
        case Format.LLAMA2C:
            if location.file is None:
                raise UnknownCheckpoint("no_file", f"{location.folder} names no llama2.c file")
            return read_llama2c(location.file)
        case Format.HUGGING_FACE:
            source = load_object(location.folder / hf_folder.CONFIG, BadConfig)
            tensors = hf_folder.read_tensors(location.folder)
            return parse_hf_config(_with_dtype(source, tensors)), tensors


def _with_dtype(source: dict[str, Any], tensors: tuple[Tensor, ...]) -> dict[str, Any]:
    """The configuration, which may leave it to the weights what they are stored in."""
    if source.get("dtype") is not None or source.get("torch_dtype") is not None:
        return source
    stored = {name for name in map(_DTYPE_NAMES.get, {t.dtype for t in tensors}) if name}
    return source | {"dtype": stored.pop()} if len(stored) == 1 else source


def locate(path: Path) -> Location:
    """What kind of checkpoint a path is, by the files that are there."""
    if not path.exists():
        raise UnknownCheckpoint(
            "missing", f"{path} does not exist", hint="give a folder or a file on this machine"
        )
    if not path.is_dir():
        return _locate_file(path)
    if (path / hf_folder.SINGLE).exists() or (path / hf_folder.INDEX).exists():
        return Location(Format.HUGGING_FACE, path)
    if (path / meta_folder.PARAMS).exists() and meta_folder.shard_files(path):
        return Location(Format.META, path)
    candidates = [
        Location(Format.LLAMA2C, path, file)
        for file in sorted(path.glob("*.bin"))
        if file.is_file() and _is_llama2c(file)
    ] or [Location(Format.GGUF, path, file) for file in first_parts(sorted(path.glob("*.gguf")))]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(each.file.name for each in candidates if each.file)
        raise UnknownCheckpoint(
            "ambiguous", f"{path} holds several checkpoints: {names}", hint="name one of the files"
        )
    raise _unknown(path)


def _locate_file(path: Path) -> Location:
    if not path.is_file():
        raise UnknownCheckpoint("not_a_file", f"{path} is neither a folder nor a regular file")
    if path.name == hf_folder.SINGLE or path.name == hf_folder.INDEX:
        return Location(Format.HUGGING_FACE, path.parent)
    if path in meta_folder.shard_files(path.parent):
        return Location(Format.META, path.parent)
    if path.suffix == ".gguf" or begins_gguf(path):
        return Location(Format.GGUF, path.parent, first_part_of(path))
    if path.suffix in {".safetensors", ".json"}:
        raise UnknownCheckpoint(
            "part", f"{path} is only a part of a checkpoint", hint="give the folder around it"
        )
    read_llama2c(path)
    return Location(Format.LLAMA2C, path.parent, path)


def _is_llama2c(path: Path) -> bool:
    try:
        read_llama2c(path)
    except BadCheckpoint:
        return False
    return True


def _unknown(folder: Path) -> Exception:
    pickles = sorted(folder.glob("pytorch_model*.bin"))
    if pickles:
        return NotAvailableYet(
            f"{pickles[0].name} is a pickled Hugging Face checkpoint, which is not read yet",
            hint="save it as safetensors: model.save_pretrained(folder)",
        )
    return UnknownCheckpoint(
        "unknown",
        f"{folder} holds no checkpoint that is known",
        hint="known are Hugging Face safetensors, Meta's consolidated.*.pth, GGUF, llama2.c's .bin",
    )
