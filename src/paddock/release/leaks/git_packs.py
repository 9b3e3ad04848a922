"""The objects of a git history: in packs, with deltas resolved, or each in its own file.

dulwich reads packs; sizes are bounded before. An object in its own file is a zlib stream, which the
scanner's openers unpack.
"""

from __future__ import annotations

import re
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
_OBJECT: Final = re.compile(rb"(?:blob|tree|commit|tag) [0-9]{1,19}\0")


def is_pack(head: bytes) -> bool:
    """Whether bytes begin as a pack does."""
    return head.startswith(_MAGIC) and int.from_bytes(head[4:8], "big") in (2, 3)


def is_object(head: bytes) -> bool:
    """Whether bytes begin as an object does that was unpacked from its own file."""
    return _OBJECT.match(head) is not None


def open_object(look: Look) -> Iterator[Reason | Inner]:
    """The content of one object, without the words before it."""
    found = _OBJECT.match(look.head)
    if found is not None:
        yield Inner("content", look.pieces(found.end()))


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
