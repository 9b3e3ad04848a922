"""Which licence a text is, word by word: digests of plain characters, no licence text in here.

Pure. Two copies of a licence differ in line breaks, quotation marks and Markdown, and count as the
same text; one other word, and they do not. A file may hold several texts one after the other.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from paddock.release.licences.terms import KnownText

MAX_PLACES = 20  # where one text may begin in a file
_LINK = re.compile(r"\[([^\[\]]{0,1000})\]\([^()\s]{0,2000}\)")
_DROPPED = re.compile(r"[\s*#>\\`]+")
_SAME = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-"})


def plain(text: str) -> str:
    """The characters that count: no white space, no Markdown, one kind of quotes, no capitals."""
    flat = _LINK.sub(r"\1", unicodedata.normalize("NFKC", text).translate(_SAME))
    return _DROPPED.sub("", flat).casefold()


@cache
def _start(words: str) -> str:
    return plain(words)


def digest_of(text: str) -> str:
    """SHA-256 of the plain characters."""
    return hashlib.sha256(plain(text).encode()).hexdigest()


def is_in(known: KnownText, flat: str) -> bool:
    """Whether ``flat``, plain already, holds exactly these words."""
    return any(
        hashlib.sha256(flat[place : place + known.chars].encode()).hexdigest() == known.sha256
        for place in _places(_start(known.start), flat)
    )


def begins_in(known: Iterable[KnownText], flat: str) -> bool:
    """Whether the text seems to be there: its first words are."""
    return any(_start(text.start) in flat for text in known)


def known_as(start: str, text: str, end: str | None = None) -> KnownText:
    """The digest of a text from the words ``start`` up to and with ``end``: to add to a table."""
    flat = plain(text)
    first = flat.index(plain(start))
    last = len(flat) if end is None else flat.index(plain(end), first) + len(plain(end))
    part = flat[first:last]
    return KnownText(start, len(part), hashlib.sha256(part.encode()).hexdigest())


def _places(start: str, flat: str) -> Iterator[int]:
    place = flat.find(start)
    for _ in range(MAX_PLACES):
        if place < 0:
            return
        yield place
        place = flat.find(start, place + 1)
