"""A PyTorch zip file (``torch.save`` since 1.6): where its storages are, and its weights.

Every storage is a stored member of the archive, and every member belongs to the pickle or is one
that ``torch.save`` writes beside it. TorchScript, foreign members and big-endian files are refused.
"""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.errors import BadArchive, BadPickle
from paddock.checkpoint.pytorch.state_dict import MAX_PICKLE_BYTES, parse_state_dict
from paddock.checkpoint.pytorch.views import Storage, TorchFile, tensors_of
from paddock.checkpoint.zip_archive import Member, read_member, read_members

ZIP_MAGIC = b"PK\x03\x04"
_PICKLE, _STORAGE, _BYTEORDER = "data.pkl", "data/", "byteorder"
_OTHER_MEMBERS = {
    "version",
    ".format_version",
    ".storage_alignment",
    ".data/serialization_id",
}


def read_zip(path: Path) -> TorchFile:
    """The file's weights, unread, in the dictionary's order; raises BadArchive and BadPickle."""
    members = _by_short_name(read_members(path), path.name)
    pickle = members[_PICKLE]
    if pickle.size_bytes > MAX_PICKLE_BYTES:
        raise BadPickle("too_large", f"{path.name}: its pickle has {pickle.size_bytes} bytes")
    _check_byte_order(path, members)
    raw = b"".join(read_member(path, pickle))
    weights = parse_state_dict(raw, f"{path.name}/{_PICKLE}")
    storages = {
        name.removeprefix(_STORAGE): Storage(member.start, member.size_bytes, member)
        for name, member in members.items()
        if name.startswith(_STORAGE)
    }
    tensors = tensors_of(path, weights.tensors, storages)
    unused = storages.keys() - weights.storages.keys()
    if unused:
        raise BadArchive("foreign_member", f"{path.name}: nothing refers to data/{min(unused)}")
    return TorchFile(tensors, weights.ignored)


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
