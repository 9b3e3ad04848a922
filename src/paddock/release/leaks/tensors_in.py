"""The tensors in a file of any kind, and the texts and numbers beside them in its header."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from paddock.checkpoint.gguf.ggml_types import GGML_TYPES
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.values import Metadata
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.numpy_files.npz import read_numpy
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.reading import open_tensors, read_header
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.tensors import read_range
from paddock.release.leaks.numbers import Floats, finite
from paddock.release.leaks.released import ReleasedTensor, as_released

READ = frozenset(
    {
        Kind.SAFETENSORS,
        Kind.GGUF,
        Kind.LLAMA2C,
        Kind.TORCH_ZIP,
        Kind.TORCH_LEGACY,
        Kind.NPY,
        Kind.NPZ,
    }
)


class Held(NamedTuple):
    """What a file of weights holds."""

    tensors: tuple[ReleasedTensor, ...]
    texts: tuple[str, ...] = ()
    numbers: tuple[Floats, ...] = ()


def held_by(look: Look) -> Held:
    """The content of a file of weights; raises BadCheckpoint where its reader refuses it."""
    match look.kind:
        case Kind.SAFETENSORS:
            texts = tuple(f"{k} {v}" for k, v in read_header(look.file).metadata.items())
            tensors = tuple(map(as_released, open_tensors(look.file)))
            return Held(tensors, (*texts, "\n".join(t.name for t in tensors)))
        case Kind.GGUF:
            return _gguf(look)
        case Kind.NPY | Kind.NPZ:
            return Held(tuple(map(as_released, read_numpy(look.file))))
        case Kind.LLAMA2C:
            return Held(tuple(map(as_released, read_llama2c(look.file)[1])))
        case _:
            return Held(tuple(map(as_released, read_torch_file(look.file).tensors)))


def _gguf(look: Look) -> Held:
    file = read_gguf(look.file)
    sizes = {ggml.name: ggml for ggml in GGML_TYPES.values()}
    tensors = tuple(
        ReleasedTensor(
            each.name,
            each.dtype if each.dtype in sizes else "U8",
            each.shape,
            each.end - each.start,
            partial(read_range, each.path, each.start, each.end),
        )
        for each in file.tensors
    )
    return Held(tensors, tuple(_texts(file.metadata)), tuple(_numbers(file.metadata)))


def _texts(metadata: Metadata) -> Iterator[str]:
    for value in metadata.values():
        if isinstance(value.item, str):
            yield value.item
        elif isinstance(value.item, tuple):
            yield "\n".join(value.item)


def _numbers(metadata: Metadata) -> Iterator[Floats]:
    for value in metadata.values():
        if isinstance(value.item, np.ndarray) and value.item.size >= 128:
            yield finite(value.item.astype(np.float32))
