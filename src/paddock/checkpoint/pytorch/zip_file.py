"""A PyTorch zip file (``torch.save`` since 1.6) as lazily read tensors.

Joins the archive and the pickle: every storage is a stored member of exactly the announced size and
every tensor a view inside its storage. TorchScript, foreign members and big-endian files are
refused. Knows no model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadArchive, BadPickle
from paddock.checkpoint.pytorch.opcodes import MAX_PICKLE_BYTES, parse_state_dict
from paddock.checkpoint.pytorch.values import TensorRef
from paddock.checkpoint.pytorch.zip_archive import Member, read_member, read_members
from paddock.checkpoint.tensors import (
    MAX_RANK,
    PIECE_BYTES,
    Piece,
    Place,
    Tensor,
    name_problem,
    read_range,
)

ZIP_MAGIC = b"PK\x03\x04"
_PICKLE, _STORAGE, _BYTEORDER = "data.pkl", "data/", "byteorder"
_OTHER_MEMBERS = {
    "version",
    ".format_version",
    ".storage_alignment",
    ".data/serialization_id",
}


def read_torch_file(path: Path) -> tuple[Tensor, ...]:
    """Every tensor of the file's dictionary, unread, in the dictionary's order."""
    with path.open("rb") as file:
        if file.read(4) != ZIP_MAGIC:
            raise BadArchive(
                "not_zip",
                f"{path.name} is no PyTorch zip file",
                hint="the format before PyTorch 1.6 is not read; save it again with a newer one",
            )
    members = _by_short_name(read_members(path), path.name)
    pickle = members[_PICKLE]
    if pickle.size_bytes > MAX_PICKLE_BYTES:
        raise BadPickle("too_large", f"{path.name}: its pickle has {pickle.size_bytes} bytes")
    _check_byte_order(path, members)
    raw = b"".join(read_member(path, pickle))
    references = parse_state_dict(raw, f"{path.name}/{_PICKLE}")
    return tuple(_tensor(path, name, ref, members) for name, ref in references.items())


def _by_short_name(members: dict[str, Member], where: str) -> dict[str, Member]:
    """Members without the archive's one root folder; only those that ``torch.save`` writes."""
    roots = {name.partition("/")[0] for name in members}
    short = {name.partition("/")[2]: member for name, member in members.items()}
    if len(roots) != 1 or _PICKLE not in short:
        raise BadArchive("not_torch", f"{where} is a zip archive, but not one of torch.save")
    for name, member in short.items():
        known = name in _OTHER_MEMBERS or name in (_PICKLE, _BYTEORDER)
        if not known and not name.removeprefix(_STORAGE).isdecimal():
            raise BadArchive(
                "foreign_member",
                f"{where} holds {member.name!a}, which no file of tensors needs",
                hint="TorchScript and packaged code are not read",
            )
    return short


def _check_byte_order(path: Path, members: dict[str, Member]) -> None:
    member = members.get(_BYTEORDER)  # absent before PyTorch 2.0
    if member is None:
        return
    order = b"".join(read_member(path, member)) if member.size_bytes <= len("little") else b""
    if order != b"little":
        raise BadArchive("byteorder", f"{path.name} was not written little-endian")


def _tensor(path: Path, name: str, ref: TensorRef, members: dict[str, Member]) -> Tensor:
    problem = name_problem(name)
    if problem:
        raise BadPickle("bad_name", f"{path.name}: the tensor name {name[:80]!a} {problem}")
    member = members.get(_STORAGE + ref.storage.key)
    item_bytes = BITS[ref.dtype] // 8
    storage_bytes = ref.storage.elements * (item_bytes if ref.storage.dtype else 1)
    if member is None or member.size_bytes != storage_bytes:
        raise BadPickle("bad_storage", f"{path.name}: the storage of {name!r} is not as announced")
    _check_view(ref, storage_bytes // item_bytes, f"{path.name}: {name!r}")
    start = member.start + ref.offset * item_bytes
    end = start + math.prod(ref.shape) * item_bytes

    def pieces() -> Iterator[Piece]:
        if not _is_contiguous(ref):
            return _strided_pieces(path, start, ref, item_bytes)
        if end - start == storage_bytes:
            return read_member(path, member)  # a whole storage: its CRC can be checked
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
