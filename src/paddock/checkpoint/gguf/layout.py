"""Where the tensors of a GGUF file are, and that every byte is accounted for.

Tensors lie in the order of their infos, each at the next multiple of the alignment, with zeros
between and nothing after: what llama.cpp demands (gguf.cpp), and no room for anything else.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.ggml_types import GGML_TYPES, GgmlType
from paddock.checkpoint.gguf.header_bytes import HeaderBytes
from paddock.checkpoint.tensors import MAX_ELEMENTS, name_problem
from paddock.errors import shown

MAX_NAME_BYTES = 64
MAX_RANK = 4


class Info(NamedTuple):
    """A tensor as the header announces it; ``offset`` counts from the beginning of the data."""

    name: str
    ggml: GgmlType
    shape: tuple[int, ...]  # row-major: GGUF writes it the other way round
    offset: int
    size_bytes: int


class GgufTensor(NamedTuple):
    """A tensor at its place; ``dtype`` is ggml's name, also of types that nobody here decodes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    path: Path
    start: int
    end: int


def read_infos(header: HeaderBytes, count: int, where: str) -> list[Info]:
    """The announced tensors: unique names, possible shapes, known types, whole blocks."""
    infos: dict[str, Info] = {}
    for _ in range(count):
        info = _read_info(header, where)
        if info.name in infos:
            raise BadGguf("duplicate_name", f"{where}: two tensors are called {shown(info.name)}")
        infos[info.name] = info
    return list(infos.values())


def place_tensors(
    path: Path, descriptor: int, infos: Sequence[Info], sizes: tuple[int, int, int]
) -> tuple[GgufTensor, ...]:
    """The tensors in the file, if all its bytes are theirs.

    ``sizes`` are the header's bytes, the alignment and the file's bytes.
    """
    header_bytes, alignment, file_bytes = sizes
    where, placed = path.name, []
    at = header_bytes  # end of what is accounted for
    data_start = _aligned(header_bytes, alignment)
    for info in infos:
        begin = data_start + info.offset
        _check_offset(info, _aligned(at, alignment) - data_start, alignment, where)
        end = begin + info.size_bytes
        if end > file_bytes:
            raise BadGguf(
                "past_end", f"{where}: {info.name!r} ends at byte {end}, the file has {file_bytes}"
            )
        _check_zeros(descriptor, at, begin, where)
        placed.append(GgufTensor(info.name, info.ggml.name, info.shape, path, begin, end))
        at = end
    _check_end(descriptor, at, alignment, file_bytes, where)
    return tuple(placed)


def _read_info(header: HeaderBytes, where: str) -> Info:
    name = header.string("the name of a tensor", MAX_NAME_BYTES)
    problem = name_problem(name)
    if problem:
        raise BadGguf("bad_name", f"{where}: the tensor name {shown(name)} {problem}")
    rank = header.u32(f"the rank of {name!r}")
    if not 1 <= rank <= MAX_RANK:
        raise BadGguf("bad_rank", f"{where}: {name!r} has {rank} dimensions, not 1 to {MAX_RANK}")
    raw = header.take(8 * rank + 4 + 8, f"the shape of {name!r}")
    *dims, type_id, offset = struct.unpack(f"<{rank}QIQ", raw)
    ggml = GGML_TYPES.get(type_id)
    if ggml is None:
        raise BadGguf("unknown_type", f"{where}: {name!r} has the unknown ggml type {type_id}")
    size_bytes = _size_bytes(name, tuple(dims), ggml, where)
    return Info(name, ggml, tuple(reversed(dims)), offset, size_bytes)


def _size_bytes(name: str, dims: tuple[int, ...], ggml: GgmlType, where: str) -> int:
    if 0 in dims:
        raise BadGguf("empty_dimension", f"{where}: {name!r} has a dimension of 0")
    elements = math.prod(dims)
    size_bytes = elements // ggml.elements * ggml.size_bytes
    if max(elements, size_bytes) >= MAX_ELEMENTS:
        raise BadGguf("overflow", f"{where}: the shape of {name!r} overflows")
    if dims[0] % ggml.elements:
        raise BadGguf(
            "block",
            f"{where}: rows of {dims[0]} in {name!r} are no whole {ggml.name} blocks "
            f"of {ggml.elements}",
        )
    return size_bytes


def _aligned(position: int, alignment: int) -> int:
    return position + -position % alignment


def _check_offset(info: Info, expected: int, alignment: int, where: str) -> None:
    if info.offset == expected:
        return
    if info.offset % alignment:
        reason, problem = "unaligned", f"is no multiple of the alignment {alignment}"
    elif info.offset < expected:
        reason, problem = "overlap", f"lies before byte {expected}, where the data before ends"
    else:
        reason, problem = "hole", f"leaves bytes from {expected} on that belong to no tensor"
    raise BadGguf(reason, f"{where}: the offset {info.offset} of {info.name!r} {problem}")


def _check_zeros(descriptor: int, start: int, end: int, where: str) -> None:
    if end > start and os.pread(descriptor, end - start, start).strip(b"\0"):
        raise BadGguf(
            "padding", f"{where}: the padding at byte {start} is not empty", hint="export it again"
        )


def _check_end(descriptor: int, end: int, alignment: int, file_bytes: int, where: str) -> None:
    """The last tensor may be padded or not: writers differ."""
    if file_bytes not in (end, _aligned(end, alignment)):
        raise BadGguf(
            "trailing_bytes",
            f"{where}: {file_bytes - end} bytes after the last tensor belong to none",
            hint="something was appended, or the file is not whole",
        )
    _check_zeros(descriptor, end, file_bytes, where)
