"""What is really in a folder: every entry, without following a link.

Knows the file system and the rules for names; does not know which files there should be. Nothing is
skipped except the stock client's own bookkeeping in ``.cache/huggingface``, and that only while it
consists of the small regular files that the client writes there.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from paddock.errors import TooLarge
from paddock.release.errors import SourceChanged
from paddock.release.files.paths import collision_key, path_problem
from paddock.release.signatures.oms import CLIENT_FOLDER

MAX_ENTRIES = 200_000
MAX_FOLDER_DEPTH = 32

# What huggingface_hub writes beside a download, and how large an honest one gets: metadata of three
# short lines, and the file listing of a commit, named by it.
_MAX_NOTE_BYTES = 64 * 1024
_MAX_TREE_BYTES = 64 << 20
_TREE = re.compile(rf"{re.escape(CLIENT_FOLDER)}/trees/[0-9a-f]{{40}}\.json")
_BOOKKEEPING = re.compile(
    rf"{re.escape(CLIENT_FOLDER)}/"
    r"(?:\.gitignore|CACHEDIR\.TAG|\.gitignore\.lock|(?:upload|download)/.+\.(?:metadata|lock))"
)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must not be there, or is not as it must be."""

    path: str
    kind: str  # changed, missing, extra, symlink, special, mode, name, collision, unreadable
    sentence: str


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells whether a file was touched between two looks."""

    size_bytes: int
    inode: int
    mode: int
    changed_ns: int


@dataclass(slots=True)
class Listing:
    """The regular files and folders below a root, and everything that is wrong with the tree."""

    files: dict[str, FileState] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def list_folder(root_fd: int) -> Listing:
    """Everything below ``root_fd``, in the order of names."""
    listing = Listing()
    _walk(root_fd, "", listing)
    _check_collisions(listing)
    return listing


def digest_files(
    root_fd: int, paths: list[str], digest_one: Callable[[int, str], Found]
) -> tuple[dict[str, Found], list[Problem]]:
    """What ``digest_one`` says of every path, several at a time; one unread is a problem."""
    digests: dict[str, Found] = {}
    problems: list[Problem] = []

    def digest(path: str) -> Found | Problem:
        try:
            return digest_one(root_fd, path)
        except SourceChanged as e:
            return Problem(path, "changed", e.message)
        except OSError as e:
            return Problem(path, "unreadable", f"{path} cannot be read: {e.strerror or e}")

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        for path, outcome in zip(paths, threads.map(digest, paths), strict=True):
            if isinstance(outcome, Problem):
                problems.append(outcome)
            else:
                digests[path] = outcome
    return digests, problems


def _walk(folder_fd: int, prefix: str, listing: Listing) -> None:
    with os.scandir(folder_fd) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        path = prefix + name
        if len(listing.files) + len(listing.folders) + len(listing.problems) >= MAX_ENTRIES:
            raise TooLarge(f"the folder has more than {MAX_ENTRIES} entries")
        _visit(folder_fd, name, path, listing)


def _visit(folder_fd: int, name: str, path: str, listing: Listing) -> None:
    status = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    if problem := path_problem(path):
        shown = path.encode("utf-8", "backslashreplace").decode()
        listing.problems.append(Problem(shown, "name", f"{shown!r}: {problem}"))
        return
    if stat.S_ISLNK(status.st_mode):
        listing.problems.append(Problem(path, "symlink", f"{path} is a symbolic link"))
    elif stat.S_ISDIR(status.st_mode):
        _enter(folder_fd, name, path, listing)
    elif not stat.S_ISREG(status.st_mode):
        listing.problems.append(Problem(path, "special", f"{path} is not a regular file"))
    elif _is_bookkeeping(path, status.st_size):
        listing.ignored.append(path)
    else:
        listing.files[path] = FileState(
            status.st_size, status.st_ino, status.st_mode, status.st_ctime_ns
        )


def _is_bookkeeping(path: str, size_bytes: int) -> bool:
    if _TREE.fullmatch(path):
        return size_bytes <= _MAX_TREE_BYTES
    return size_bytes <= _MAX_NOTE_BYTES and _BOOKKEEPING.fullmatch(path) is not None


def _enter(folder_fd: int, name: str, path: str, listing: Listing) -> None:
    if path.count("/") >= MAX_FOLDER_DEPTH:
        listing.problems.append(Problem(path, "name", f"{path} is nested too deep"))
        return
    listing.folders.add(path)
    inner = os.open(
        name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder_fd
    )
    try:
        _walk(inner, path + "/", listing)
    finally:
        os.close(inner)


def _check_collisions(listing: Listing) -> None:
    """Two names that some file system takes for one: the file read there may be the other."""
    seen: dict[str, str] = {}
    for path in sorted(listing.files) + sorted(listing.folders):
        first = seen.setdefault(collision_key(path), path)
        if first != path:
            sentence = f"{path} and {first} differ only in case or Unicode form"
            listing.problems.append(Problem(path, "collision", sentence))
