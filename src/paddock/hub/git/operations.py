"""What a commit does: values, and the rule for the paths they name.

Pure. Knows which paths no honest repository needs; does not know what a revision holds.
Operations happen in their order, so the later one on a path wins.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from paddock.errors import shown
from paddock.hub.errors import BadPath
from paddock.hub.git.objects import GitObject

MAX_PATH_BYTES = 4096
MAX_NAME_BYTES = 255  # what every file system can hold
MAX_DEPTH = 128  # folders in folders
MAX_OPERATIONS = 25_000

# What HFS+ ignores in a name, so that ".g\u200cit" would be ".git" there (git, utf8.c).
_IGNORED_BY_HFS = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
# What NTFS takes for ".git": its short name, trailing dots and spaces, a stream (git, path.c).
_NTFS_DOT_GIT = re.compile(r"(?:\.git|git~1)[ .]*(?::.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class AddFile:
    """A file kept in git; its blob is in memory or already in the blob store."""

    path: str
    blob: GitObject


@dataclass(frozen=True, slots=True)
class AddLarge:
    """A large file that was uploaded before; ``size_bytes`` is None when the client left it out."""

    path: str
    sha256: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Delete:
    """A file goes, or a folder with everything in it."""

    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    """A folder goes with everything in it."""

    path: str


Operation = AddFile | AddLarge | Delete | DeleteFolder


def check_path(path: str) -> str:
    """The path itself, when a repository may hold it; raises BadPath."""
    reason = _why_bad(path)
    if reason:
        raise BadPath(f"the path {shown(path)} {reason}", hint="use a relative path like a/b.txt")
    return path


def _why_bad(path: str) -> str | None:
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if len(encoded) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    if "\\" in path:
        return "contains a backslash, which Windows takes for a folder"
    # A run over ASCII first: almost every path is.
    if not (path.isascii() and path.isprintable()) and any(
        unicodedata.category(character) == "Cc" for character in path
    ):
        return "contains a control character"
    names = path.split("/")
    if len(names) > MAX_DEPTH:
        return f"is more than {MAX_DEPTH} folders deep"
    return next((reason for name in names if (reason := _why_bad_name(name))), None)


def _why_bad_name(name: str) -> str | None:
    if not name:
        return "has an empty component"
    if name in {".", ".."}:
        return f"has the component {name!r}"
    if len(name) * 4 > MAX_NAME_BYTES and len(name.encode()) > MAX_NAME_BYTES:
        return f"has a component longer than {MAX_NAME_BYTES} bytes"
    if name[0] in ".gG" or not name.isascii():
        plain = name.translate(_IGNORED_BY_HFS)
        if plain.lower() == ".git" or _NTFS_DOT_GIT.fullmatch(name):
            return f"has the component {shown(name)}, which is git's own"
    return None
