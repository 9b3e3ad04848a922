"""The beginning of a GGUF file: everything before the tensors' bytes.

Pure: metadata and the tensors' names, types and shapes in, bytes and offsets out; whoever streams
the tensors writes ``raw`` first, then each tensor at its offset with zeros between. Layout as the
specification has it (ggml, docs/gguf.md, version 3), and as our own reader checks it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.ggml_types import GGML_TYPES, TYPE_IDS
from paddock.checkpoint.gguf.values import NUMBER_DTYPES, Metadata, Value, ValueType
from paddock.errors import shown

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32  # the default, which every reader assumes without general.alignment
MAX_TENSOR_NAME_BYTES = 63  # ggml keeps 64 with the closing zero


class TensorInfo(NamedTuple):
    """A tensor to come; ``shape`` is row-major, [out, in]."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes in the file, without padding."""
        ggml = GGML_TYPES[TYPE_IDS[self.dtype]]
        return math.prod(self.shape) // ggml.elements * ggml.size_bytes


class Header(NamedTuple):
    """The first bytes of a file, and where its tensors begin, counted from the file's beginning."""

    raw: bytes
    offsets: tuple[int, ...]
    file_bytes: int  # with the padding after the last tensor


def render_header(metadata: Metadata, infos: Sequence[TensorInfo]) -> Header:
    """Header of a file with these tensors in this order; BadGguf where the format forbids one."""
    _check_infos(infos)
    parts = [MAGIC, struct.pack("<IQQ", VERSION, len(infos), len(metadata))]
    for key, value in metadata.items():
        parts += (_string(key), *_typed(key, value))
    at, relative = 0, []
    for info in infos:
        relative.append(at)
        parts.append(_info(info, at))
        at += padded(info.size_bytes)
    raw = b"".join(parts)
    raw += bytes(padded(len(raw)) - len(raw))
    return Header(raw, tuple(len(raw) + start for start in relative), len(raw) + at)


def padded(size_bytes: int, alignment: int = ALIGNMENT) -> int:
    """The next multiple of the alignment."""
    return size_bytes + -size_bytes % alignment


def _check_infos(infos: Iterable[TensorInfo]) -> None:
    seen: set[str] = set()
    for info in infos:
        if info.name in seen:
            raise BadGguf("duplicate_name", f"two tensors are called {shown(info.name)}")
        seen.add(info.name)
        if not 0 < len(info.name.encode()) <= MAX_TENSOR_NAME_BYTES:
            raise BadGguf(
                "bad_name",
                f"{shown(info.name)} has more than {MAX_TENSOR_NAME_BYTES} bytes, or none",
            )
        if info.dtype not in TYPE_IDS:
            raise BadGguf("unknown_type", f"GGUF cannot hold {info.dtype} ({info.name})")
        if not 1 <= len(info.shape) <= 4 or min(info.shape) < 1:
            raise BadGguf("bad_shape", f"{info.name} has the shape {list(info.shape)}")
        elements = GGML_TYPES[TYPE_IDS[info.dtype]].elements
        if info.shape[-1] % elements:
            raise BadGguf(
                "block",
                f"rows of {info.shape[-1]} in {info.name} are no whole {info.dtype} blocks "
                f"of {elements}",
            )


def _info(info: TensorInfo, offset: int) -> bytes:
    rank = len(info.shape)
    dims = struct.pack(f"<I{rank}Q", rank, *reversed(info.shape))
    return _string(info.name) + dims + struct.pack("<IQ", TYPE_IDS[info.dtype], offset)


def _string(content: str) -> bytes:
    raw = content.encode()
    return len(raw).to_bytes(8, "little") + raw


def _typed(key: str, value: Value) -> Iterable[bytes]:
    """The type, and what of it: an array carries its own element type and length."""
    if not value.is_array:
        yield struct.pack("<I", value.type)
        yield _scalar(value)
        return
    if isinstance(value.item, tuple):
        yield struct.pack("<IIQ", ValueType.ARRAY, ValueType.STRING, len(value.item))
        yield from map(_string, value.item)
    elif isinstance(value.item, np.ndarray):
        yield struct.pack("<IIQ", ValueType.ARRAY, value.type, len(value.item))
        yield value.item.astype(NUMBER_DTYPES[value.type], copy=False).tobytes()
    else:
        raise TypeError(f"{key} is no array: {shown(value.item)}")


def _scalar(value: Value) -> bytes:
    if isinstance(value.item, str):
        return _string(value.item)
    return np.array(value.item, NUMBER_DTYPES[value.type]).tobytes()
