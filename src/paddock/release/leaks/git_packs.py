"""The objects in a git pack, deltas resolved: what a history still holds.

dulwich reads the format; sizes are bounded before. Loose objects are zlib streams, which the
scanner's openers read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import PackData, PackInflater

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

MAX_PACK_BYTES: Final = 8 << 30
_MAGIC: Final = b"PACK"
_BLOB: Final = b"blob"


def is_pack(head: bytes) -> bool:
    """Whether bytes begin as a pack does."""
    return head.startswith(_MAGIC) and int.from_bytes(head[4:8], "big") in (2, 3)


def open_pack(look: Look) -> Iterator[Reason | Inner]:
    """Every blob in the pack; raises BadArchive for a pack that is damaged, or needs others."""
    if look.size_bytes > MAX_PACK_BYTES:
        raise BadArchive("too_large", f"a pack of {look.size_bytes} bytes is not opened")
    try:
        with PackData(str(look.file), DEFAULT_OBJECT_FORMAT) as data:
            for found in PackInflater.for_pack_data(data):
                look.budget.take_member()
                if found.type_name == _BLOB:
                    name = found.id.decode("ascii")
                    yield Inner(name, iter(found.as_raw_chunks()))
    except BadArchive:
        raise
    except Exception as e:
        raise BadArchive("damaged", f"the pack cannot be read: {type(e).__name__}") from e
