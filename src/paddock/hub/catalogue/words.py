"""Words of texts, as they are found: folded, cut where words end, each once.

Pure. The same words come out on every database, which only keep and find them. Letters lose their
case and their accents. Scripts that leave no space between words are cut into pairs of letters, so
that any part of a sentence is found. A word is found by its beginning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MAX_WORD_CHARS = 40
MAX_WORDS = 600  # of one text that is kept

# Letters, digits and what stands on them; "_" ends a word as "-" does.
_WORD = re.compile(r"[^\W_]+")
# Kana, Han, and the scripts of South East Asia.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
                       "\uf900-\ufaff\U00020000-\U0003ffff]+")  # fmt: skip


def words_of(texts: Iterable[str]) -> list[str]:
    """The distinct words of texts, the first of them first, bounded in length and number."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _cut(fold(text)):
            found.setdefault(word[:MAX_WORD_CHARS])
            if len(found) == MAX_WORDS:
                return list(found)
    return list(found)


def words_asked(text: str) -> list[str]:
    """What somebody looks for: a repository has a word that begins with each of these."""
    return [word[:MAX_WORD_CHARS] for word in dict.fromkeys(_cut(fold(text)))]


def fold(text: str) -> str:
    """The text without case, accents and other forms of the same letters."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()


def _cut(folded: str) -> Iterator[str]:
    for match in _WORD.finditer(folded):
        word = match.group()
        start = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > start:
                yield word[start : run.start()]
            yield from _pairs(run.group())
            start = run.end()
        if start < len(word):
            yield word[start:]


def _pairs(run: str) -> Iterator[str]:
    """Every letter with the one behind it, and the last alone."""
    for place in range(len(run)):
        yield run[place : place + 2]
