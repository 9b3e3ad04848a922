"""How a collection is addressed: ``owner/words-of-its-title-<24 hex digits>``.

Pure. Only the digits at the end count, so an address from before a new title, or from before a new
owner's name, still leads to the collection.
"""

from __future__ import annotations

import re
import unicodedata

from paddock.errors import NotFound, shown

MAX_WORDS_CHARS = 80
_ID = re.compile(r"(?:\A|[-/])([0-9a-f]{24})\Z", re.IGNORECASE)
_NOT_WORD = re.compile(r"[^a-z0-9]+")


class CollectionNotFound(NotFound):
    """There is no such collection, or this caller may not know of it."""

    code = "collection_not_found"


def make_slug(owner: str, title: str, public_id: str) -> str:
    """The address of a collection under its present title."""
    words = f"{title_words(title)}-" if title_words(title) else ""
    return f"{owner}/{words}{public_id}"


def title_words(title: str) -> str:
    """The title in lower case, everything but letters and digits as ``-``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_WORD.sub("-", plain).strip("-")[:MAX_WORDS_CHARS].rstrip("-")


def parse_slug(slug: str) -> str:
    """The id that an address ends with; raises CollectionNotFound where it has none."""
    found = _ID.search(slug)
    if found is None:
        raise CollectionNotFound(f"there is no collection {shown(slug)}")
    return found[1].lower()
