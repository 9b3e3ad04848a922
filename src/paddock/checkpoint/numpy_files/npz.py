"""A ``.npz`` archive as lazily read tensors: one ``.npy`` member for each, by name.

Members are stored or deflated (``numpy.savez``, ``numpy.savez_compressed``, MLX's ``savez``). The
archive and every array end exactly where they say.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from paddock.checkpoint.errors import BadArchive, BadNumpy
from paddock.checkpoint.numpy_files.header import MAGIC, MAX_HEADER_BYTES, read_header
from paddock.checkpoint.numpy_files.npy import (
    array_in_file,
    array_in_stream,
    check_length,
    read_npy,
)
from paddock.checkpoint.safetensors.hf_folder import Layout
from paddock.checkpoint.tensors import Piece, Place, Tensor
from paddock.checkpoint.zip_archive import (
    DEFLATED,
    STORED,
    Member,
    read_beginning,
    read_member,
    read_members,
)

_FIRST_NAME = slice(26, 28), 30  # where a local header keeps its name's length, and the name
MAX_ARRAYS = 20_000  # Llama 3.1 405B has 1138
_SUFFIX = ".npy"
_HEAD_BYTES = MAX_HEADER_BYTES + 16


def read_npz(path: Path) -> tuple[Tensor, ...]:
    """Every array of the archive, unread, in the order of its bytes; raises BadNumpy."""
    if not path.is_file():
        raise BadArchive("not_a_file", f"{path.name} is not a regular file")
    members = read_members(path, methods=(STORED, DEFLATED))
    if not members:
        raise BadNumpy("empty", f"{path.name} holds no array")
    if len(members) > MAX_ARRAYS:
        raise BadNumpy("too_many", f"{path.name} holds {len(members)} arrays, over {MAX_ARRAYS}")
    return tuple(_array(path, member) for member in members.values())


def read_numpy(path: Path) -> tuple[Tensor, ...]:
    """The arrays of a file, be it one or an archive of them; raises BadNumpy, BadArchive."""
    with path.open("rb") as file:
        is_archive = not file.read(len(MAGIC)).startswith(MAGIC)
    return read_npz(path) if is_archive else (read_npy(path),)


LAYOUTS = tuple(  # as MLX names them; it has no index
    Layout(name, f"{name}.index.json", ".npz", read_npz) for name in ("weights.npz", "model.npz")
)


def is_npz(head: bytes) -> bool:
    """Whether an archive with these first bytes begins with an array."""
    length, name_at = _FIRST_NAME
    name = head[name_at : name_at + int.from_bytes(head[length], "little")]
    return head.startswith(b"PK\x03\x04") and name.endswith(_SUFFIX.encode())


def _array(path: Path, member: Member) -> Tensor:
    where = f"{path.name}/{member.name}"
    if not member.name.endswith(_SUFFIX):
        raise BadNumpy("foreign_member", f"{where!a} is no array")
    beginning = read_beginning(path, member, _HEAD_BYTES)
    header = read_header(io.BytesIO(beginning), ascii(where))
    check_length(header, member.size_bytes, ascii(where))
    name = member.name.removesuffix(_SUFFIX)
    if member.method == STORED and header.is_column_major:
        return array_in_file(path, name, header, member.start)  # gathered without a spool

    def stream() -> Iterator[Piece]:
        return read_member(path, member)

    return array_in_stream(name, header, stream, Place(path, member.start))  # checks the CRC
