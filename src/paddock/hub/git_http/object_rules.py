"""Whether a commit, a tree or a tag is one that git would make, as ``git fsck --strict`` asks.

Pure. What arrives is kept for ever and handed to every clone, so what git itself would complain of
is refused: here a sentence, there a repository that cannot be cloned. Names in folders follow the
rule for paths of commits (``git.operations``). Symbolic links and submodules may be there; the
hub shows a link as its text, and leaves submodules out of listings, as they are no files of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import lt
from typing import NamedTuple

from paddock.errors import BadInput, shown
from paddock.hub.errors import BadPath
from paddock.hub.git.operations import check_path
from paddock.hub.git.trees import (
    EXECUTABLE_MODE,
    FILE_MODE,
    FOLDER_MODE,
    SUBMODULE_MODE,
)

SYMLINK_MODE = 0o120000
MAX_SECONDS = 253_402_300_799  # the end of the year 9999, which is as far as dates go

_MODES = {
    b"%o" % mode: mode
    for mode in (FOLDER_MODE, FILE_MODE, EXECUTABLE_MODE, SYMLINK_MODE, SUBMODULE_MODE)
}
_FOLDER, _SYMLINK = b"%o" % FOLDER_MODE, b"%o" % SYMLINK_MODE
_RawEntry = tuple[bytes, bytes, bytes]  # mode, name, id
_MOST_KNOWN = 300_000
_ENTRY = re.compile(rb"([^ \0]{1,12}) ([^\0]*)\0(.{20})", re.DOTALL)
_IDENT = rb"([^<>\n]* <[^<>\n]*>) (0|[1-9][0-9]{0,17}) [+-][0-9]{4}\n"
_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author "
    + _IDENT
    + rb"committer "
    + _IDENT
    + rb"((?:[^\n]+\n)*)(?:\n|\Z)"
)
_TAG = re.compile(
    rb"object ([0-9a-f]{40})\ntype (commit|tree|blob|tag)\ntag ([^\n]+)\n(?:tagger "
    + _IDENT
    + rb")?((?:[^\n]+\n)*)(?:\n|\Z)"
)
_ENCODING = re.compile(rb"^encoding ([^\n]{1,40})$", re.MULTILINE)
_DOT_GIT_FILE = re.compile(rb"\.git[a-z]+|git[a-z0-9]{2,3}~[0-9]+", re.IGNORECASE)
_NO_OBJECT = bytes(20)
_MAX_PARENTS = 1000


class BadObject(BadInput):
    """A git object that git itself would call broken, or that cannot be kept here."""

    code = "bad_git_object"


class ParsedCommit(NamedTuple):
    """What a commit says."""

    tree: str
    parents: tuple[str, ...]
    author: str  # "Name <address>"
    committed_at: int  # seconds since 1970
    message: str


class ParsedTag(NamedTuple):
    """What an annotated tag names."""

    target: str
    type: str


class Entry(NamedTuple):
    """A name in a folder, as bytes."""

    mode: int
    name: bytes
    oid: bytes


def parse_commit(content: bytes) -> ParsedCommit:
    """A commit's fields; raises BadObject."""
    match = _COMMIT.match(content)
    if match is None or b"\0" in content:
        raise BadObject("a commit is not as git writes it")
    parents = tuple(line[7:].decode() for line in match[2].splitlines())
    if len(parents) > _MAX_PARENTS:
        raise BadObject(f"a commit has {len(parents)} parents, more than {_MAX_PARENTS}")
    seconds = int(match[6])
    if max(seconds, int(match[4])) > MAX_SECONDS:
        raise BadObject(f"a commit is dated {seconds} seconds after 1970, beyond the year 9999")
    encoding = _ENCODING.search(match[7])
    return ParsedCommit(
        match[1].decode(),
        parents,
        _text(match[3], encoding),
        seconds,
        _text(content[match.end() :], encoding),
    )


def parse_tag(content: bytes) -> ParsedTag:
    """What a tag names; raises BadObject."""
    match = _TAG.match(content)
    if match is None or b"\0" in content:
        raise BadObject("a tag object is not as git writes it")
    return ParsedTag(match[1].decode(), match[2].decode())


class Listing(NamedTuple):
    """What is in a folder."""

    folders: list[tuple[bytes, int]]  # ids, and bytes of the name
    files: int  # and whatever else is no folder
    longest_name: int
    new: list[Entry]  # those that no folder before had in the same way


class TreeRules:
    """Reads folders and checks them; remembers which names and entries were found good."""

    def __init__(self) -> None:
        self._good: set[bytes] = set()
        self._known: set[_RawEntry] = set()

    def parse(self, content: bytes) -> list[Entry]:
        """A folder's entries; raises BadObject and BadPath."""
        return [Entry(_MODES[mode], name, oid) for mode, name, oid in self._read(content)]

    def list(self, content: bytes) -> Listing:
        """The same for somebody who reads many versions of a folder; raises BadObject, BadPath."""
        found = self._read(content)
        new = [Entry(_MODES[raw[0]], raw[1], raw[2]) for raw in found if raw not in self._known]
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known.update(found)
        folders = [(oid, len(name)) for mode, name, oid in found if mode == _FOLDER]
        longest = max([len(name) for _, name, _ in found], default=0)
        return Listing(folders, len(found) - len(folders), longest, new)

    def _read(self, content: bytes) -> Sequence[_RawEntry]:
        found: list[_RawEntry] = _ENTRY.findall(content)
        read_bytes = sum([len(mode) + len(name) for mode, name, _ in found]) + 22 * len(found)
        if read_bytes != len(content):  # something lies between entries, or behind them
            raise BadObject(_why_unreadable(content))
        # Git sorts a folder as if its name ended in a slash.
        keys = [name + b"/" if mode == _FOLDER else name for mode, name, _ in found]
        names = {name for _, name, _ in found}
        if len(names) < len(found) or not all(map(lt, keys, keys[1:])):
            raise BadObject(f"a folder has {_shown(_misplaced(found, keys))} twice or out of order")
        for entry in found:
            if entry not in self._known:
                self._check(*entry)
        return found

    def _check(self, mode: bytes, name: bytes, oid: bytes) -> None:
        if mode not in _MODES or oid == _NO_OBJECT:
            raise BadObject(_why_unreadable(mode + b" " + name + b"\0" + oid))
        if name not in self._good:
            self._check_name(name)
        if mode == _SYMLINK and _DOT_GIT_FILE.fullmatch(name):
            raise BadObject(f"{_shown(name)} is a symbolic link, which git refuses to follow")

    def _check_name(self, name: bytes) -> None:
        try:
            text = name.decode()
        except UnicodeDecodeError:
            raise BadPath(f"the name {_shown(name)} is not UTF-8", hint="rename the file") from None
        if "/" in text:
            raise BadPath(f"the name {_shown(name)} contains a slash")
        check_path(text)
        self._good.add(name)


def _misplaced(found: Sequence[_RawEntry], keys: Sequence[bytes]) -> bytes:
    """The first name that is twice in a folder, or not in its place."""
    seen: set[bytes] = set()
    for (_, name, _), key, before in zip(found, keys, [b"", *keys], strict=False):
        if key <= before or name in seen:
            return name
        seen.add(name)
    return b""


def _why_unreadable(content: bytes) -> str:
    at = 0
    while match := _ENTRY.match(content, at):
        if match[1] not in _MODES or match[3] == _NO_OBJECT:
            break
        at = match.end()
    if match is None:
        return "a folder ends in the middle of an entry"
    if match[3] == _NO_OBJECT:
        return f"{_shown(match[2])} names no object"
    return f"{_shown(match[2])} has the mode {_shown(match[1])}, which git does not write"


def _text(content: bytes, encoding: re.Match[bytes] | None) -> str:
    if encoding is not None:
        try:
            return content.decode(encoding[1].decode()).replace("\0", "\ufffd")
        except (LookupError, ValueError):
            pass
    return content.decode("utf-8", "replace")


def _shown(name: bytes) -> str:
    return shown(name.decode("utf-8", "backslashreplace"))
