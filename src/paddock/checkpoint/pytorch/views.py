"""Tensors as PyTorch keeps them: strided views of storages that lie in a file.

Every view is checked against its storage before anything is read. Knows neither archives nor
pickles; a storage is a range of bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.values import TensorRef
from paddock.checkpoint.strided import Strides, strided_pieces
from paddock.checkpoint.tensors import (
    MAX_RANK,
    Piece,
    Place,
    Tensor,
    name_problem,
    read_range,
)
from paddock.checkpoint.zip_archive import Member, read_member


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
    strides = Strides(ref.shape, ref.strides, item_bytes)
    _check_view(strides, ref.offset, length * unit_bytes // item_bytes, f"{path.name}: {name!r}")
    start = storage.start + ref.storage.start * unit_bytes + ref.offset * item_bytes
    end = start + math.prod(ref.shape) * item_bytes

    def pieces() -> Iterator[Piece]:
        if not strides.is_row_major:
            return strided_pieces(path, start, strides)
        if storage.member and end - start == storage.size_bytes:
            return read_member(path, storage.member)  # the whole: its CRC can be checked
        return read_range(path, start, end)

    return Tensor(name, ref.dtype, ref.shape, pieces, Place(path, start))


def _check_view(strides: Strides, offset: int, elements: int, what: str) -> None:
    """Every element lies in the storage, and no view is larger than what it looks at."""
    if len(strides.shape) > MAX_RANK:
        raise BadPickle("bad_tensor", f"{what} has {len(strides.shape)} dimensions")
    if strides.reach and offset + strides.reach > elements:
        raise BadPickle("out_of_storage", f"{what} reaches beyond its storage")
    if math.prod(strides.shape) > elements:
        raise BadPickle("out_of_storage", f"{what} has more elements than its storage")
