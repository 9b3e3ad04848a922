"""GGUF files made when a test needs them: honest ones by our writer, hostile ones byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from paddock.checkpoint.chat_template.finding import template_source
from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.gguf.metadata import About, metadata_of
from paddock.checkpoint.gguf.naming import ROPE_FREQS, gguf_name, is_rotated
from paddock.checkpoint.gguf.recipes import block_type
from paddock.checkpoint.gguf.rope_factors import rope_factors
from paddock.checkpoint.gguf.values import Value
from paddock.checkpoint.gguf.writing import TensorInfo, render_header
from paddock.checkpoint.opening import Checkpoint, open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import pairs_from_halves
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import load_tokenizer

Content = dict[str, tuple[str, tuple[int, ...], bytes]]  # name: dtype, shape, bytes


def write_gguf(path: Path, metadata: dict[str, Value], content: Content) -> Path:
    """A file with these tensors."""
    header = render_header(metadata, [TensorInfo(n, d, s) for n, (d, s, _) in content.items()])
    with path.open("wb") as file:
        file.write(header.raw)
        for offset, (_, _, raw) in zip(header.offsets, content.values(), strict=True):
            file.seek(offset)
            file.write(raw)
        file.truncate(header.file_bytes)
    return path


def gguf_content(config: LlamaConfig, tensors: Iterable[Tensor], recipe: str) -> Content:
    """A model's tensors as this recipe has them, under GGUF's names and in its order of rows."""
    content: Content = {}
    for tensor in tensors:
        name = gguf_name(tensor.name)
        assert name is not None
        if is_rotated(tensor.name):
            tensor = pairs_from_halves(tensor, config.head_dim)
        dtype = block_type(recipe, tensor.name, tensor.shape, config)
        content[name] = (dtype, tensor.shape, bytes(transcode(tensor.read(), tensor.dtype, dtype)))
    if config.rope_scaling:
        factors = rope_factors(config.rope_scaling, config.head_dim, config.rope_theta)
        content[ROPE_FREQS] = ("F32", factors.shape, factors.tobytes())
    return content


def metadata_for(checkpoint: Checkpoint, recipe: str = "f32", **about: Any) -> dict[str, Value]:
    """The metadata of a checkpoint's GGUF file."""
    tokenizer = load_tokenizer(checkpoint.tokenizer) if checkpoint.tokenizer else None
    template = template_source(checkpoint.folder)
    named = About(about.pop("name", "test"), **about)
    return metadata_of(checkpoint.config, tokenizer, template, recipe, named)


def convert_to_gguf(source: Path, target: Path, recipe: str = "f32") -> Path:
    """A checkpoint as one file, all in memory."""
    checkpoint = open_checkpoint(source)
    content = gguf_content(checkpoint.config, checkpoint.tensors, recipe)
    return write_gguf(target, metadata_for(checkpoint, recipe), content)


def text_bytes(value: str | bytes) -> bytes:
    """A string as the format has it."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def pair_bytes(key: str, type_: int, value: bytes) -> bytes:
    """A key, a type and whatever follows."""
    return text_bytes(key) + struct.pack("<I", type_) + value


def info_bytes(name: str, dims: Iterable[int], type_: int = 0, offset: int = 0) -> bytes:
    """The announcement of a tensor; ``dims`` as the file has them, the row first."""
    sizes = list(dims)
    head = text_bytes(name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
    return head + struct.pack("<IQ", type_, offset)


def file_bytes(
    pairs: Iterable[bytes] = (),
    infos: Iterable[bytes] = (),
    data: bytes = b"",
    *,
    version: int = 3,
    counts: tuple[int, int] | None = None,
) -> bytes:
    """A file with exactly these parts, honest or not; ``counts`` are of tensors and of values."""
    pairs, infos = list(pairs), list(infos)
    tensors, values = counts or (len(infos), len(pairs))
    raw = b"GGUF" + struct.pack("<IQQ", version, tensors, values) + b"".join(pairs + infos)
    return raw + bytes(-len(raw) % 32) + data
