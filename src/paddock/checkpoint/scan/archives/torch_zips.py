"""What is in PyTorch's zip file: its pickle and its few texts; storages are read, not unpacked."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.archives.zip_directory import ZipMember, read_directory
from paddock.checkpoint.scan.archives.zips import member_reasons, unpacked
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.pickle_shape import pickle_shape

_STORAGES = "data"
_NO_NUMBERS = (b"\x7fELF", b"PK\x03\x04")


def open_torch_zip(look: Look) -> Iterator[Reason | Inner]:
    """Every member that is no storage; of storages only the CRC and the first bytes count."""
    members = read_directory(look.file)
    yield from member_reasons(look, members)
    for member in members:
        look.budget.take_member()
        if _is_storage(member.name):
            yield from _check_storage(look, member)
        elif not member.is_folder and member.size_bytes:
            yield Inner(member.name, unpacked(look, member))


def _is_storage(name: str) -> bool:
    folder, _, key = name.rpartition("/")
    return key.isdecimal() and folder.rpartition("/")[2] == _STORAGES


def _check_storage(look: Look, member: ZipMember) -> Iterator[Reason]:
    for index, piece in enumerate(unpacked(look, member)):
        if index:
            continue
        if piece.startswith(_NO_NUMBERS) or pickle_shape(piece).calls:
            place = f"{look.name}!{member.name}"
            yield Reason("disguised", place, "a storage holds a program or a pickle")
