"""Types that are known and said to be what they are, with nothing else to find out about them."""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

_CODES = {
    Kind.UNKNOWN: ("unknown_format", "its bytes are of no known format"),
    Kind.SEVEN_ZIP: ("archive_not_read", "it is a 7z archive"),
    Kind.RAR: ("archive_not_read", "it is a RAR archive"),
    Kind.OTHER_ARCHIVE: ("archive_not_read", "it is an archive of a rare kind"),
    Kind.TORCHSCRIPT: ("torchscript", "it holds compiled or packaged code"),
    Kind.NEMO: ("nemo", "it is a NeMo archive"),
    Kind.MAR: ("torchserve", "it is a TorchServe archive"),
    Kind.SQLITE: ("unknown_format", "it is a database, which is not looked into"),
    Kind.PARQUET: ("not_looked_into", "it is a table; its rows are not read"),
    Kind.ARROW: ("not_looked_into", "it is a table; its rows are not read"),
    Kind.MEDIA: ("not_looked_into", "it is sound or film, which is not decoded"),
    Kind.LFS_POINTER: ("lfs_pointer", "it is a pointer to content that is not here"),
}
RECOGNISED = frozenset(_CODES)


def check_recognised(look: Look) -> Iterator[Reason]:
    """The type's own reason."""
    code, message = _CODES[look.kind]
    yield Reason(code, look.name, message)
