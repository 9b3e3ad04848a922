"""Whether a commit, a tree or a tag is one that git would make, as ``git fsck --strict`` asks.

Pure. What arrives is kept for ever and handed to every clone, so what git itself would complain of
is refused: here a sentence, there a repository that cannot be cloned. Names in folders follow the
rule for paths of commits (``git.operations``). Symbolic links and submodules may be there; the
hub shows a link as its text, and leaves submodules out of listings, as they are no files of it.
"""

from __future__ import annotations

import re
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


class TreeRules:
    """Reads folders and checks them; remembers which names were found good."""

    def __init__(self) -> None:
        self._good: set[bytes] = set()

    def parse(self, content: bytes) -> list[Entry]:
        """A folder's entries; raises BadObject and BadPath."""
        found = []
        at = 0
        last = b""
        names = set()
        for match in _ENTRY.finditer(content):
            mode_text, name, oid = match.groups()
            mode = _MODES.get(mode_text)
            if match.start() != at or mode is None or oid == _NO_OBJECT:
                break
            if name not in self._good:
                self._check_name(name)
            # Git sorts a folder as if its name ended in a slash.
            key = name + b"/" if mode == FOLDER_MODE else name
            if key <= last or name in names:
                raise BadObject(f"a folder has {_shown(name)} twice or out of order")
            if mode == SYMLINK_MODE and _DOT_GIT_FILE.fullmatch(name):
                raise BadObject(f"{_shown(name)} is a symbolic link, which git refuses to follow")
            names.add(name)
            last = key
            at = match.end()
            found.append(Entry(mode, name, oid))
        if at != len(content):
            raise BadObject(_why_unreadable(content[at : at + 300]))
        return found

    def _check_name(self, name: bytes) -> None:
        try:
            text = name.decode()
        except UnicodeDecodeError:
            raise BadPath(f"the name {_shown(name)} is not UTF-8", hint="rename the file") from None
        if "/" in text:
            raise BadPath(f"the name {_shown(name)} contains a slash")
        check_path(text)
        self._good.add(name)


def _why_unreadable(rest: bytes) -> str:
    match = _ENTRY.match(rest)
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
