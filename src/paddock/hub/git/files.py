"""Files of a revision: the tree that a commit names, as entries with their real sizes.

Knows how to walk trees that are rows; does not know access, HTTP or history. Folders come before
what they hold and names in git's order, so a listing can be cut anywhere and taken up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import TooLarge
from paddock.hub.errors import EntryNotFound
from paddock.hub.git.objects import BlobFacts, ObjectType, blob_facts, read_object, read_objects
from paddock.hub.git.operations import MAX_DEPTH, MAX_PATH_BYTES
from paddock.hub.git.recent_roots import tree_of
from paddock.hub.git.recent_trees import RecentTrees
from paddock.hub.git.refs import unknown_revision
from paddock.hub.git.trees import EMPTY_TREE_OID, FOLDER_MODE, SUBMODULE_MODE, TreeEntry, read_tree
from paddock.hub.large import large_files
from paddock.hub.paging import foreign_cursor
from paddock.hub.types import FileEntry, FolderEntry, LargeFile, Repository
from paddock.storage.blobs import BlobStore

Entry = FileEntry | FolderEntry

_FOLDERS_AHEAD = 16  # read together while a listing goes deep
_RECENT = RecentTrees()


class Page(NamedTuple):
    """Part of a listing; ``next_after`` is where the next one starts, None at the end."""

    entries: list[Entry]
    next_after: str | None


class PageRequest(NamedTuple):
    """Which part of a listing: at most ``limit`` entries that follow the path ``after``."""

    recursive: bool
    limit: int
    after: str | None = None


class _Found(NamedTuple):
    """A path in a tree, before anything is known of its content."""

    path: str
    mode: int
    oid: str


def entry_at(conn: sa.Connection, repo: Repository, commit_oid: str, path: str) -> Entry | None:
    """What is at the path: a file, a folder, or None. The empty path is the root folder."""
    return entries_at(conn, repo, commit_oid, [path]).get(path)


def entries_at(
    conn: sa.Connection, repo: Repository, commit_oid: str, paths: Sequence[str]
) -> dict[str, Entry]:
    """The same for many paths, reading each folder once; what does not exist is left out."""
    found = {"": _Found("", FOLDER_MODE, tree_oid_of(conn, repo, commit_oid))}
    for level in _by_depth([path for path in paths if may_exist(path)]):
        parents = {path.rpartition("/")[0] for path in level} & found.keys()
        folders = [found[path] for path in parents if found[path].mode == FOLDER_MODE]
        if not folders:
            break
        trees = read_trees(conn, repo.id, [folder.oid for folder in folders])
        for folder in folders:
            start = f"{folder.path}/" if folder.path else ""
            names = {path.removeprefix(start) for path in level if path.startswith(start)}
            tree = _in(trees, folder.oid)
            entries = (entry for entry in tree if entry.name in names)
            found.update((start + entry.name, _child(folder.path, entry)) for entry in entries)
    asked = [found[path] for path in dict.fromkeys(paths) if path in found]
    return {entry.path: entry for entry in _with_facts(conn, repo, asked)}


def may_exist(path: str) -> bool:
    """Whether a path is of a size that a commit accepts: asking for others must cost nothing."""
    return len(path) <= MAX_PATH_BYTES and path.count("/") < MAX_DEPTH


def list_folder(
    conn: sa.Connection, repo: Repository, commit_oid: str, path: str, *, recursive: bool
) -> list[Entry]:
    """What a folder holds, in git's order; raises EntryNotFound when there is no such folder."""
    root = _folder_at(conn, repo, commit_oid, path)
    return _with_facts(conn, repo, list(_walk(conn, repo.id, root, recursive=recursive)))


def list_page(
    conn: sa.Connection, repo: Repository, commit_oid: str, path: str, request: PageRequest
) -> Page:
    """Part of the same listing, at a cost that does not grow with what comes before it."""
    root = _folder_at(conn, repo, commit_oid, path)
    walk = _walk(conn, repo.id, root, recursive=request.recursive, after=request.after)
    items = list(islice(walk, request.limit + 1))
    entries = _with_facts(conn, repo, items[: request.limit])
    more = len(items) > request.limit
    return Page(entries, items[request.limit - 1].path if more else None)


def all_files(conn: sa.Connection, repo: Repository, commit_oid: str) -> list[FileEntry]:
    """Every file of the revision, in git's order."""
    entries = list_folder(conn, repo, commit_oid, "", recursive=True)
    return [entry for entry in entries if isinstance(entry, FileEntry)]


def all_paths(conn: sa.Connection, repo: Repository, commit_oid: str) -> list[str]:
    """The paths of the same files, which cost no look at the files themselves."""
    root = _folder_at(conn, repo, commit_oid, "")
    walk = _walk(conn, repo.id, root, recursive=True)
    return [item.path for item in walk if item.mode not in {FOLDER_MODE, SUBMODULE_MODE}]


def folder_paths(conn: sa.Connection, repo: Repository, commit_oid: str) -> list[str]:
    """The names at the root, of whatever is there."""
    root = tree_oid_of(conn, repo, commit_oid)
    return [entry.name for entry in _in(read_trees(conn, repo.id, [root]), root)]


def read_small_file(
    conn: sa.Connection, blobs: BlobStore, repo: Repository, entry: FileEntry, limit_bytes: int
) -> bytes:
    """A regular file's bytes, for reading in memory; raises TooLarge over the limit.

    For a large file these are its pointer's bytes.
    """
    stored = read_object(conn, repo.id, entry.oid)
    if stored is None:
        raise EntryNotFound(f"the bytes of {entry.path!r} are missing")
    if stored.size_bytes > limit_bytes:
        raise TooLarge(f"{entry.path!r} has {stored.size_bytes} bytes, more than {limit_bytes}")
    if stored.content is not None:
        return stored.content
    return b"".join(blobs.read(stored.blob_sha256 or ""))


def tree_oid_of(conn: sa.Connection, repo: Repository, commit_oid: str) -> str:
    """The root folder of a commit."""
    oid = tree_of(conn, repo.id, commit_oid)
    if oid is None:
        raise unknown_revision(commit_oid)
    return oid


def read_trees(
    conn: sa.Connection, repo_id: int, oids: Sequence[str]
) -> dict[str, list[TreeEntry]]:
    """Folders by id, in few statements; ids of anything else are left out."""
    # Git knows the empty tree without being told.
    trees: dict[str, list[TreeEntry]] = {EMPTY_TREE_OID: []} if EMPTY_TREE_OID in oids else {}
    trees |= _RECENT.get(repo_id, oids)
    found = read_objects(conn, repo_id, [oid for oid in oids if oid not in trees])
    folders = {oid: item for oid, item in found.items() if item.type is ObjectType.TREE}
    read = {oid: read_tree(item.content or b"") for oid, item in folders.items()}
    _RECENT.add(repo_id, read)
    return trees | read


def _in(trees: dict[str, list[TreeEntry]], oid: str) -> list[TreeEntry]:
    """The folder; one that is not there was swept, with every commit that had it."""
    if oid not in trees:
        raise EntryNotFound("no revision has this folder any more")
    return trees[oid]


def _folder_at(conn: sa.Connection, repo: Repository, commit_oid: str, path: str) -> _Found:
    entry = entry_at(conn, repo, commit_oid, path)
    if not isinstance(entry, FolderEntry):
        message = f"{path!r} is not a folder of this revision"
        raise EntryNotFound(message, commit_oid=commit_oid)
    return _Found(entry.path, FOLDER_MODE, entry.oid)


def _walk(
    conn: sa.Connection, repo_id: int, root: _Found, *, recursive: bool, after: str | None = None
) -> Iterator[_Found]:
    """Everything under a folder, depth first, from behind the path ``after`` on."""

    def descend(folder: _Found, tree: list[TreeEntry], after: str | None) -> Iterator[_Found]:
        rest = tree[_position(folder.path, tree, after) :]
        ahead: dict[str, list[TreeEntry]] = {}
        for number, entry in enumerate(rest):
            item = _child(folder.path, entry)
            if not (number == 0 and after is not None):  # the first is, or leads to, ``after``
                yield item
            if not recursive or item.mode != FOLDER_MODE:
                continue
            if item.oid not in ahead:  # neighbours are read together, as they are reached
                near = (other.oid for other in islice(rest, number, None) if other.is_folder)
                ahead = read_trees(conn, repo_id, list(islice(near, _FOLDERS_AHEAD)))
            inside = number == 0 and after is not None and after != item.path
            yield from descend(item, ahead[item.oid], after if inside else None)

    return descend(root, read_trees(conn, repo_id, [root.oid])[root.oid], after)


def _position(folder_path: str, tree: Sequence[TreeEntry], after: str | None) -> int:
    """Of the entry that is, or leads to, the path ``after``: a page costs what is on it."""
    if after is None:
        return 0
    start = f"{folder_path}/" if folder_path else ""
    name = after.removeprefix(start).partition("/")[0]
    for number, entry in enumerate(tree):
        if entry.name == name and after.startswith(start):
            return number
    raise foreign_cursor()


def _child(folder_path: str, entry: TreeEntry) -> _Found:
    path = f"{folder_path}/{entry.name}" if folder_path else entry.name
    return _Found(path, entry.mode, entry.oid)


def _by_depth(paths: Sequence[str]) -> list[set[str]]:
    """The paths and every folder above them, shallow ones first."""
    levels: dict[int, set[str]] = {}
    for path in paths:
        while path:
            level = levels.setdefault(path.count("/"), set())
            if path in level:
                break
            level.add(path)
            path = path.rpartition("/")[0]
    return [levels[depth] for depth in sorted(levels)]


def _with_facts(conn: sa.Connection, repo: Repository, items: Sequence[_Found]) -> list[Entry]:
    """Sizes and large-file facts for what was found. A submodule is no file of ours: left out."""
    blobs = [item.oid for item in items if item.mode not in {FOLDER_MODE, SUBMODULE_MODE}]
    facts = blob_facts(conn, repo.id, blobs)
    pointers = [fact.pointer for fact in facts.values() if fact.pointer]
    stored = large_files.lookup(conn, [pointer.sha256 for pointer in pointers])
    entries: list[Entry] = []
    for item in items:
        if item.mode == FOLDER_MODE:
            entries.append(FolderEntry(item.path, item.oid))
        elif item.oid in facts:
            entries.append(_file_entry(item, facts[item.oid], stored))
    return entries


def _file_entry(
    item: _Found, facts: BlobFacts, stored: dict[str, large_files.LargeFileRow]
) -> FileEntry:
    pointer = facts.pointer
    if pointer is None:
        return FileEntry(item.path, item.oid, facts.size_bytes, None)
    row = stored.get(pointer.sha256)
    large = LargeFile(
        pointer.sha256, pointer.size_bytes, facts.size_bytes, row.xet_hash if row else None
    )
    return FileEntry(item.path, item.oid, pointer.size_bytes, large)
