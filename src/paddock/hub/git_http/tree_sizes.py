"""How much a folder unfolds to: entries, depth, and the longest path below it.

Folders are shared: ten that each name the next one ten times are a few hundred bytes and ten
billion files, or as many folders without a file. So what a push brings is measured before it is
taken, from the leaves up, each folder once. Folders that were here before are measured too, and
remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from paddock.errors import TooLarge
from paddock.hub.errors import BadPath
from paddock.hub.git.operations import MAX_DEPTH, MAX_PATH_BYTES
from paddock.hub.git.trees import FOLDER_MODE, read_tree
from paddock.hub.git_http.object_rows import ObjectRows

MAX_ENTRIES = 1_000_000
_MOST_REMEMBERED = 200_000
_FOLDERS_TOGETHER = 200


class Folder(NamedTuple):
    """What a folder itself holds."""

    below: list[tuple[bytes, int]]  # folders in it: id, and bytes of the name
    files: int
    longest_name: int


class Size(NamedTuple):
    """What a folder unfolds to; folders count like files, since empty ones multiply as well."""

    entries: int
    depth: int
    path_bytes: int


_REMEMBERED: dict[bytes, Size] = {}  # by id: what a folder holds follows from that


def check_sizes(rows: ObjectRows, roots: Iterable[str], new: Mapping[bytes, Folder]) -> None:
    """Raise TooLarge or BadPath when a revision would unfold to more than the hub serves."""
    wanted = [bytes.fromhex(oid) for oid in roots]
    sizes: dict[bytes, Size] = {}
    folders = _with_known(rows, wanted, dict(new), sizes)
    for root in wanted:
        size = _measure(root, folders, sizes)
        if size.entries > MAX_ENTRIES:
            raise TooLarge(f"a revision has more than {MAX_ENTRIES} files and folders")
        if size.depth > MAX_DEPTH or size.path_bytes > MAX_PATH_BYTES:
            raise BadPath(
                f"a path is more than {MAX_DEPTH} folders deep, or over {MAX_PATH_BYTES} bytes long"
            )
    if len(_REMEMBERED) + len(sizes) > _MOST_REMEMBERED:
        _REMEMBERED.clear()
    _REMEMBERED.update(sizes)


def _with_known(
    rows: ObjectRows,
    roots: Iterable[bytes],
    folders: dict[bytes, Folder],
    sizes: dict[bytes, Size],
) -> dict[bytes, Folder]:
    """The folders, with all those below them that were here before and are not remembered."""
    level = {oid for oid in roots if oid not in folders}
    level |= {oid for folder in folders.values() for oid, _ in folder.below}
    while level := {oid for oid in level if oid not in folders and oid not in sizes}:
        for oid in level:
            if known := _REMEMBERED.get(oid):
                sizes[oid] = known
        oids = sorted(level - sizes.keys())
        level = set()
        for start in range(0, len(oids), _FOLDERS_TOGETHER):
            some = oids[start : start + _FOLDERS_TOGETHER]
            for row in rows.read([oid.hex() for oid in some]):
                folder = folders[bytes.fromhex(row.oid)] = _folder(row.content or b"")
                level |= {oid for oid, _ in folder.below}
    return folders


def _folder(content: bytes) -> Folder:
    below, files, longest = [], 0, 0
    for entry in read_tree(content):
        length = len(entry.name.encode())
        longest = max(longest, length)
        if entry.mode == FOLDER_MODE:
            below.append((bytes.fromhex(entry.oid), length))
        else:
            files += 1
    return Folder(below, files, longest)


def _measure(root: bytes, folders: Mapping[bytes, Folder], sizes: dict[bytes, Size]) -> Size:
    """From the leaves up, without recursion: a hostile tree may be very deep."""
    stack = [root]
    while stack:
        oid = stack[-1]
        if oid in sizes:
            stack.pop()
            continue
        folder = folders[oid]
        unknown = [at for at, _ in folder.below if at not in sizes]
        if unknown:
            stack += unknown
            continue
        entries, depth, path_bytes = folder.files + len(folder.below), 0, folder.longest_name
        for at, name_bytes in folder.below:
            size = sizes[at]
            entries = min(entries + size.entries, MAX_ENTRIES + 1)
            depth = max(depth, size.depth + 1)
            path_bytes = max(path_bytes, name_bytes + 1 + size.path_bytes)
        sizes[oid] = Size(entries, depth, path_bytes)
        stack.pop()
    return sizes[root]
