"""One NumPy array in a file, as a lazily read tensor.

The file ends exactly where the array does. Column-major and big-endian arrays come out row-major
and little-endian, still in pieces.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadNumpy
from paddock.checkpoint.numpy_files.header import Header, read_header
from paddock.checkpoint.strided import Strides, strided_pieces
from paddock.checkpoint.tensors import (
    PIECE_BYTES,
    Piece,
    Place,
    Tensor,
    name_problem,
    read_range,
    regrouped,
)

Pieces = Callable[[], Iterator[Piece]]


def read_npy(path: Path) -> Tensor:
    """The file's array, unread, under the file's name; raises BadNumpy."""
    if not path.is_file():
        raise BadNumpy("not_a_file", f"{path.name} is not a regular file")
    with path.open("rb") as file:
        header = read_header(file, path.name)
        file_bytes = os.fstat(file.fileno()).st_size
    check_length(header, file_bytes, path.name)
    return array_in_file(path, path.stem, header, 0)


def array_in_file(path: Path, name: str, header: Header, npy_start: int) -> Tensor:
    """The tensor of an ``.npy`` that begins at ``npy_start`` and is not compressed."""
    start = npy_start + header.start
    steps = column_major(header)

    def pieces() -> Iterator[Piece]:
        if steps and not steps.is_row_major:
            return strided_pieces(path, start, steps)
        return read_range(path, start, start + header.size_bytes)

    return _tensor(name, header, pieces, Place(path, start))


def array_in_stream(name: str, header: Header, stream: Pieces, place: Place) -> Tensor:
    """The tensor of an ``.npy`` that can only be read from its beginning."""
    steps = column_major(header)

    def pieces() -> Iterator[Piece]:
        elements = _without_header(stream(), header.start)
        if steps is None or steps.is_row_major:
            return elements
        return _spooled(elements, steps)

    return _tensor(name, header, pieces, place)


def check_length(header: Header, npy_bytes: int, where: str) -> None:
    """The array must end where the file does."""
    end = header.start + header.size_bytes
    if npy_bytes < end:
        raise BadNumpy("truncated", f"{where} has {npy_bytes} bytes, its array needs {end}")
    if npy_bytes > end:
        raise BadNumpy("trailing_bytes", f"{where}: {npy_bytes - end} bytes follow its array")


def column_major(header: Header) -> Strides | None:
    """How a column-major array lies in the file; None for a row-major one."""
    if not header.is_column_major:
        return None
    steps, step = [], 1
    for size in header.shape:
        steps.append(step)
        step *= size
    return Strides(header.shape, tuple(steps), BITS[header.dtype] // 8)


def _tensor(name: str, header: Header, pieces: Pieces, place: Place) -> Tensor:
    problem = name_problem(name)
    if problem:
        raise BadNumpy("bad_name", f"{place.path.name}: the name {name[:80]!a} {problem}")
    swapped = (lambda: _swapped(pieces(), header.dtype)) if header.is_big_endian else pieces
    return Tensor(name, header.dtype, header.shape, swapped, place)


def _swapped(pieces: Iterator[Piece], dtype: str) -> Iterator[Piece]:
    """Little-endian bytes of big-endian numbers; a complex number is two of them."""
    item_bytes = 4 if dtype == "C64" else BITS[dtype] // 8
    for piece in regrouped(pieces, PIECE_BYTES):
        yield np.frombuffer(piece, f"u{item_bytes}").byteswap().view(np.uint8).data


def _without_header(pieces: Iterator[Piece], header_bytes: int) -> Iterator[Piece]:
    for piece in pieces:
        view = memoryview(piece).cast("B")
        skipped = min(header_bytes, len(view))
        header_bytes -= skipped
        if skipped < len(view):
            yield view[skipped:]


def _spooled(pieces: Iterator[Piece], steps: Strides) -> Iterator[Piece]:
    """Another order needs the whole array at hand: on disk, not in memory."""
    with TemporaryFile() as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        yield from strided_pieces(file, 0, steps)
