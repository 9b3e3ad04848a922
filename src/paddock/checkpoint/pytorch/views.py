"""Tensors as PyTorch keeps them: strided views of storages that lie in a file.

Every view is checked against its storage before anything is read. Knows neither archives nor
pickles; a storage is a range of bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.values import TensorRef
from paddock.checkpoint.pytorch.zip_archive import Member, read_member
from paddock.checkpoint.tensors import (
    MAX_RANK,
    PIECE_BYTES,
    Piece,
    Place,
    Tensor,
    name_problem,
    read_range,
)


class Storage(NamedTuple):
    """Bytes in a file; a member of an archive can be checked when the whole of it is read."""

    start: int
    size_bytes: int
    member: Member | None = None


class TorchFile(NamedTuple):
    """The weights of a file, unread, and the names of what else it holds."""

    tensors: tuple[Tensor, ...]
    ignored: tuple[str, ...]


def tensors_of(
    path: Path, references: Mapping[str, TensorRef], storages: Mapping[str, Storage]
) -> tuple[Tensor, ...]:
    """The views that a pickle describes; raises BadPickle where one is not in its storage."""
    return tuple(_tensor(path, name, ref, storages) for name, ref in references.items())


def _tensor(path: Path, name: str, ref: TensorRef, storages: Mapping[str, Storage]) -> Tensor:
    problem = name_problem(name)
    if problem:
        raise BadPickle("bad_name", f"{path.name}: the tensor name {name[:80]!a} {problem}")
    storage = storages.get(ref.storage.key)
    item_bytes = BITS[ref.dtype] // 8
    unit_bytes = item_bytes if ref.storage.dtype else 1
    if storage is None or storage.size_bytes != ref.storage.elements * unit_bytes:
        raise BadPickle("bad_storage", f"{path.name}: the storage of {name!r} is not as announced")
    length = ref.storage.elements if ref.storage.length is None else ref.storage.length
    _check_view(ref, length * unit_bytes // item_bytes, f"{path.name}: {name!r}")
    start = storage.start + ref.storage.start * unit_bytes + ref.offset * item_bytes
    end = start + math.prod(ref.shape) * item_bytes

    def pieces() -> Iterator[Piece]:
        if not _is_contiguous(ref):
            return _strided_pieces(path, start, ref, item_bytes)
        if storage.member and end - start == storage.size_bytes:
            return read_member(path, storage.member)  # the whole: its CRC can be checked
        return read_range(path, start, end)

    return Tensor(name, ref.dtype, ref.shape, pieces, Place(path, start))


def _check_view(ref: TensorRef, elements: int, what: str) -> None:
    """Every element lies in the storage, and no view is larger than what it looks at."""
    if len(ref.shape) > MAX_RANK:
        raise BadPickle("bad_tensor", f"{what} has {len(ref.shape)} dimensions")
    if math.prod(ref.shape) == 0:
        return
    last = ref.offset + sum((n - 1) * step for n, step in zip(ref.shape, ref.strides, strict=True))
    if last >= elements or math.prod(ref.shape) > elements:
        raise BadPickle("out_of_storage", f"{what} reaches beyond its storage")


def _is_contiguous(ref: TensorRef) -> bool:
    expected = 1
    for size, step in zip(reversed(ref.shape), reversed(ref.strides), strict=True):
        if size != 1 and step != expected:
            return math.prod(ref.shape) == 0
        expected *= size
    return True


def _strided_pieces(path: Path, start: int, ref: TensorRef, item_bytes: int) -> Iterator[Piece]:
    """Row-major bytes of a transposed or sliced view, gathered from the mapped file."""
    reach = 1 + sum((n - 1) * step for n, step in zip(ref.shape, ref.strides, strict=True))
    item = np.dtype(f"V{item_bytes}")
    mapped = np.memmap(path, dtype=item, mode="r", offset=start, shape=(reach,))
    strides = tuple(step * item_bytes for step in ref.strides)
    view = np.lib.stride_tricks.as_strided(mapped, ref.shape, strides, writeable=False)
    for block in _blocks(view):
        yield np.ascontiguousarray(block).view(np.uint8).reshape(-1).data


def _blocks(view: npt.NDArray[np.void]) -> Iterator[npt.NDArray[np.void]]:
    """The array in row-major order, in parts of about ``PIECE_BYTES``."""
    row_bytes = view.nbytes // len(view)
    if view.ndim > 1 and row_bytes > PIECE_BYTES:
        for row in view:
            yield from _blocks(row)
        return
    step = max(1, PIECE_BYTES // row_bytes)
    for first in range(0, len(view), step):
        yield view[first : first + step]
