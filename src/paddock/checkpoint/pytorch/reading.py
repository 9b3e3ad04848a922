"""A file of ``torch.save``, whichever of its formats it is in, told by its first bytes."""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.legacy_file import LEGACY_START, read_legacy
from paddock.checkpoint.pytorch.views import TorchFile
from paddock.checkpoint.pytorch.zip_file import ZIP_MAGIC, read_zip

_HEAD_BYTES = 512
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257  # POSIX 1003.1, ustar interchange format


def read_torch_file(path: Path) -> TorchFile:
    """The file's weights, unread, and what else is in it; raises BadArchive and BadPickle."""
    if not path.is_file():
        raise BadPickle("not_a_file", f"{path.name} is not a regular file")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(ZIP_MAGIC):
        return read_zip(path)
    if is_legacy(head):
        return read_legacy(path)
    if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        raise BadPickle(
            "legacy_tar",
            f"{path.name} is a tar archive, as PyTorch wrote before 0.1.10; it is not read",
            hint="load it with the PyTorch that made it and save it again",
        )
    raise BadPickle(
        "not_torch",
        f"{path.name} is no file of torch.save",
        hint="known are its zip files and the format before PyTorch 1.6",
    )


def is_torch(head: bytes) -> bool:
    """Whether a file with these first bytes may be one; any zip archive may."""
    return head.startswith(ZIP_MAGIC) or is_legacy(head)


def is_legacy(head: bytes) -> bool:
    """Whether a file with these first bytes is of the format before 1.6."""
    frame = 9 if head[2:3] == b"\x95" else 0  # protocol 4 and later
    return head[:1] == b"\x80" and head[2 + frame :].startswith(LEGACY_START)
