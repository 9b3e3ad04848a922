"""Renames: which file of an older tree a new one was, as git finds it.

Pure. A file that came was one of those that went: the one with the same bytes, else the only one
of the same name if three quarters of it are the same, else the most similar one, half of which is
at least. How similar two texts are is counted in lines, of which long ones are cut, as git's
``diffcore-rename`` and ``diffcore-delta`` do.
"""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from paddock.hub.discussions.line_diff import split_lines
from paddock.hub.git.trees import TreeEntry

_WHOLE: Final = 60_000  # git's scores are parts of it
_SIMILAR: Final = _WHOLE // 2
_SIMILAR_NAMESAKE: Final = _WHOLE * 3 // 4
_CHUNK_BYTES: Final = 64


class Gone(NamedTuple):
    """A file that the newer tree no longer has."""

    path: str
    entry: TreeEntry
    size_bytes: int


# A text by its id; None for one that cannot be compared.
ReadText = Callable[[str], bytes | None]


def find_source(path: str, entry: TreeEntry, gone: Sequence[Gone], read: ReadText) -> str | None:
    """The path that the file at ``path`` had, None where it is new; ``gone`` is in git's order."""
    name = _name(path)
    same = [one for one in gone if one.entry.oid == entry.oid and _may_be(one.entry, entry)]
    if same:
        return next((one.path for one in same if _name(one.path) == name), same[0].path)
    text = read(entry.oid) if stat.S_ISREG(entry.mode) else None
    if text is None:
        return None
    namesakes = [one for one in gone if _name(one.path) == name]
    if len(namesakes) == 1 and _best(text, namesakes, _SIMILAR_NAMESAKE, read) is not None:
        return namesakes[0].path
    # Of those which are as similar, one of the same name comes first.
    others = [one for one in gone if _name(one.path) != name]
    found = _best(text, [*namesakes, *others], _SIMILAR, read)
    return found.path if found is not None else None


def _best(text: bytes, gone: Iterable[Gone], least: int, read: ReadText) -> Gone | None:
    """The first of the most similar ones."""
    found, most = None, least - 1
    counts = _chunks(text)
    for one in gone:
        sizes = sorted((one.size_bytes, len(text)))
        # At best, all of the shorter one is in the longer.
        if sizes[0] * _WHOLE <= most * sizes[1] or not stat.S_ISREG(one.entry.mode):
            continue
        older = read(one.entry.oid)
        if older is None:
            continue
        score = _score(_chunks(older), counts, sizes[1])
        if score > most:
            found, most = one, score
    return found


def _score(old: Counter[bytes], new: Counter[bytes], longer_bytes: int) -> int:
    copied = sum(len(chunk) * min(times, new[chunk]) for chunk, times in old.items())
    return copied * _WHOLE // longer_bytes


def _chunks(text: bytes) -> Counter[bytes]:
    """The lines of a text, whose ends are as on Unix, in pieces of a bounded length."""
    found: Counter[bytes] = Counter()
    for line in split_lines(text.replace(b"\r\n", b"\n")):
        for start in range(0, len(line), _CHUNK_BYTES):
            found[line[start : start + _CHUNK_BYTES]] += 1
    return found


def _may_be(old: TreeEntry, new: TreeEntry) -> bool:
    return old.mode == new.mode or (stat.S_ISREG(old.mode) and stat.S_ISREG(new.mode))


def _name(path: str) -> str:
    return path.rpartition("/")[2]
