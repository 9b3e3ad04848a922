"""A ``.npz`` archive as lazily read tensors: one ``.npy`` member for each, by name.

Members are stored or deflated (``numpy.savez``, ``numpy.savez_compressed``, MLX's ``savez``). The
archive and every array end exactly where they say.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from paddock.checkpoint.errors import BadArchive, BadNumpy
from paddock.checkpoint.numpy_files.header import MAX_HEADER_BYTES, read_header
from paddock.checkpoint.numpy_files.npy import array_in_file, array_in_stream, check_length
from paddock.checkpoint.tensors import Piece, Place, Tensor
from paddock.checkpoint.zip_archive import DEFLATED, STORED, Member, read_member, read_members

WEIGHTS = ("weights.npz", "model.npz")  # as MLX names them
_SUFFIX = ".npy"
_HEAD_BYTES = MAX_HEADER_BYTES + 16


def read_npz(path: Path) -> tuple[Tensor, ...]:
    """Every array of the archive, unread, in the order of its bytes; raises BadNumpy."""
    if not path.is_file():
        raise BadArchive("not_a_file", f"{path.name} is not a regular file")
    members = read_members(path, methods=(STORED, DEFLATED))
    if not members:
        raise BadNumpy("empty", f"{path.name} holds no array")
    return tuple(_array(path, member) for member in members.values())


def _array(path: Path, member: Member) -> Tensor:
    where = f"{path.name}/{member.name}"
    if not member.name.endswith(_SUFFIX):
        raise BadNumpy("foreign_member", f"{where!a} is no array")
    header = read_header(io.BytesIO(_head(path, member)), ascii(where))
    check_length(header, member.size_bytes, ascii(where))
    name = member.name.removesuffix(_SUFFIX)
    if member.method == STORED:
        return array_in_file(path, name, header, member.start)

    def stream() -> Iterator[Piece]:
        return read_member(path, member)

    return array_in_stream(name, header, stream, Place(path, member.start))


def _head(path: Path, member: Member) -> bytes:
    """The member's first bytes, enough for a header."""
    head, pieces = b"", read_member(path, member)
    while len(head) < min(_HEAD_BYTES, member.size_bytes):
        piece = next(pieces, b"")
        if not piece:
            break
        head += piece[:_HEAD_BYTES]
    return head
