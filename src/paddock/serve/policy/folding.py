"""Text as rules see it, so that another spelling of the same letters makes no difference.

Compatibility forms are decomposed (NFKD), case is folded, accents and invisible characters are
left out, letters of other scripts that look Latin become Latin, and white space is a space. Each
character is folded alone, so that a text may come in any pieces. What JSON writes as an escape can
be read as what it stands for. Every folded character knows where it stands in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u034f\u115f\u1160\u17b4\u17b5\u3164"
    "\uffa0\U000e0100-\U000e01ef]"
)
# Small letters that no reader tells from Latin ones: Cyrillic, Greek, Armenian and others.
_ALIKE: Final = str.maketrans(
    "аеорсухіјѕԁһӏԛԝьνοαιρτυκγɡıց",
    "aeopcyxijsdhlqwbvoaiptukygig",
)
_ESCAPE: Final = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r'|u([0-9a-fA-F]{4})|([nrtbf])|(["\\/]))'
)
_OPEN_ESCAPE: Final = re.compile(
    r"\\(?:u(?:[0-9a-fA-F]{0,3}|[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?))?\Z"
)


class Folded(NamedTuple):
    """A folded text; for each of its characters, where what it stands for begins and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def folded_text(text: str) -> str:
    """The text folded, where nobody asks what stood where."""
    return text.lower().translate(_SPACES) if text.isascii() else "".join(map(_letter, text))


class Folder:
    """Folds one text that comes in pieces."""

    def __init__(self, *, reads_escapes: bool = False, at: int = 0) -> None:
        self._reads_escapes = reads_escapes
        self._at = at
        self._held = ""  # the beginning of an escape

    @property
    def certain(self) -> int:
        """Up to where the text was folded."""
        return self._at

    def feed(self, piece: str, *, is_last: bool = False) -> Folded:
        """The next piece folded; the beginning of an escape waits for its rest."""
        text = self._held + piece
        self._held = ""
        if self._reads_escapes and not is_last and (found := _OPEN_ESCAPE.search(text)):
            self._held, text = text[found.start() :], text[: found.start()]
        base = self._at
        self._at += len(text)
        if self._reads_escapes and "\\" in text:
            return _with_escapes(text, base)
        if text.isascii():
            end = base + len(text)
            return Folded(
                text.lower().translate(_SPACES), range(base, end), range(base + 1, end + 1)
            )
        return _folded([(letter, at, at + 1) for at, letter in enumerate(text, base)])


def _with_escapes(text: str, base: int) -> Folded:
    parts: list[tuple[str, int, int]] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        parts += [(text[i], base + i, base + i + 1) for i in range(at, found.start())]
        parts.append((_meant(found), base + found.start(), base + found.end()))
        at = found.end()
    parts += [(text[i], base + i, base + i + 1) for i in range(at, len(text))]
    return _folded(parts)


def _meant(found: re.Match[str]) -> str:
    high, low, one, space, itself = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    if one:
        return chr(int(one, 16))
    return " " if space else itself


def _folded(parts: list[tuple[str, int, int]]) -> Folded:
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for written, start, end in parts:
        for letter in _letter(written):
            letters.append(letter)
            starts.append(start)
            ends.append(end)
    return Folded("".join(letters), starts, ends)


@cache
def _letter(letter: str) -> str:
    """One character folded; nothing for what cannot be seen."""
    if unicodedata.category(letter) == "Cf":
        return ""
    plain = unicodedata.normalize("NFKD", letter).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    shown = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return _MARKS.sub("", shown).translate(_ALIKE).translate(_SPACES)


_SPACES: Final = {
    number: " " for number in range(0x10000) if chr(number).isspace() and chr(number) != " "
}
