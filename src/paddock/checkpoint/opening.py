"""A checkpoint on disk, whatever its format: configuration, tensors, tokenizer.

The one door for whoever needs a model's weights. Decides what a path is and hands it to that
format's reader; names and row order are Hugging Face's from here on. Nothing is held in memory but
headers, and nothing needs closing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import (
    BadCheckpoint,
    BadConfig,
    UnknownCheckpoint,
    disk_failures_in_words,
)
from paddock.checkpoint.gguf.checkpoint import read_gguf_checkpoint
from paddock.checkpoint.gguf.reading import begins_gguf
from paddock.checkpoint.gguf.splits import first_part_of, first_parts
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.meta import folder as meta_folder
from paddock.checkpoint.numpy_files import npz
from paddock.checkpoint.numpy_files.header import MAGIC as NPY_MAGIC
from paddock.checkpoint.pytorch import bin_folder
from paddock.checkpoint.pytorch.reading import is_torch
from paddock.checkpoint.safetensors import hf_folder
from paddock.checkpoint.shape.config import LlamaConfig, parse_hf_config
from paddock.checkpoint.shape.layout import check_shapes
from paddock.checkpoint.shape.text_part import sees_images, text_tensors
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import TokenizerFile, find_tokenizer

_HEAD_BYTES = 1024
_DTYPE_NAMES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}


class Format(StrEnum):
    """How a checkpoint is laid out."""

    HUGGING_FACE = "huggingface"
    PYTORCH = "pytorch"
    NUMPY = "numpy"
    META = "meta"
    LLAMA2C = "llama2.c"
    GGUF = "gguf"


# Formats whose weights lie beside Hugging Face's config.json, the preferred first.
LAYOUTS = {
    Format.HUGGING_FACE: (hf_folder.SAFETENSORS,),
    Format.PYTORCH: (bin_folder.LAYOUT,),
    Format.NUMPY: npz.LAYOUTS,
}


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
        case _:
            source = _settings_of(location.folder)
            tensors = read_layout(location)
            return parse_hf_config(_with_dtype(source, tensors)), text_tensors(source, tensors)


def is_text_part(location: Location) -> bool:
    """Whether the checkpoint is the language model of one that sees images, and leaves that out."""
    if location.format not in LAYOUTS or not (location.folder / hf_folder.CONFIG).exists():
        return False
    return sees_images(_settings_of(location.folder))


def _settings_of(folder: Path) -> dict[str, Any]:
    if not os.path.lexists(folder / hf_folder.CONFIG):
        raise BadConfig(
            "missing",
            f"{folder} has weights and no {hf_folder.CONFIG}",
            hint="put the model's config.json there; `paddock inspect` looks at weights alone",
        )
    return load_object(folder / hf_folder.CONFIG, BadConfig)


def read_layout(location: Location) -> tuple[Tensor, ...]:
    """The tensors that lie beside Hugging Face's ``config.json``, or where that would be."""
    layouts = LAYOUTS[location.format]
    present = [layout for layout in layouts if layout.is_in(location.folder)]
    return hf_folder.read_tensors(location.folder, (present or layouts)[0])


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
    for format, layouts in LAYOUTS.items():
        if any(layout.is_in(path) for layout in layouts):
            return Location(format, path)
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
    for format, layouts in LAYOUTS.items():
        if any(path.name in (layout.single, layout.index) for layout in layouts):
            return Location(format, path.parent)
    if path in meta_folder.shard_files(path.parent):
        return Location(Format.META, path.parent)
    if path.suffix == ".gguf" or begins_gguf(path):
        return Location(Format.GGUF, path.parent, first_part_of(path))
    if path.suffix in {".safetensors", ".json"} or bare_format(path):
        raise UnknownCheckpoint(
            "part", f"{path} is only a part of a checkpoint", hint="give the folder around it"
        )
    if path.suffix != ".bin" and not _is_llama2c(path):
        raise _unknown(path)  # or a text would be told that its heads do not fit
    read_llama2c(path)
    return Location(Format.LLAMA2C, path.parent, path)


def bare_format(path: Path) -> Format | None:
    """The format of one file of tensors without a configuration, by its first bytes."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(NPY_MAGIC) or npz.is_npz(head):
        return Format.NUMPY
    return Format.PYTORCH if is_torch(head) else None


def _is_llama2c(path: Path) -> bool:
    try:
        read_llama2c(path)
    except BadCheckpoint:
        return False
    return True


def _unknown(path: Path) -> Exception:
    return UnknownCheckpoint(
        "unknown",
        f"{path} holds no checkpoint that is known",
        hint="name a folder in the layout of Hugging Face, Meta, PyTorch, NumPy or llama2.c, or "
        "one .gguf or .bin file",
    )
