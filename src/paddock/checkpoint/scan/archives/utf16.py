"""Text in UTF-16 as what it says: the same text in UTF-8, which every check reads."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason


def open_utf16(look: Look) -> Iterator[Reason | Inner]:
    """The one text, under its own name."""
    yield Inner(look.basename, _recoded(look))


def _recoded(look: Look) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for piece in look.pieces():
            yield decoder.decode(piece).encode("utf-8")
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError as e:
        raise BadArchive("damaged", "it begins as UTF-16 and does not go on so") from e
