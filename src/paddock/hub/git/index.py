"""The index: a revision's tree, opened as far as a commit touches it.

Knows how operations change folders and which folders change with them; untouched folders stay
closed and are never read. Does not know rows or commits: whoever opens it brings a reader of trees.
A name is a file or a folder, never both: adding one over the other is refused, as git refuses it,
so that nothing disappears that the commit did not name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from paddock.errors import TooLarge
from paddock.hub.errors import BadPath, EntryNotFound
from paddock.hub.git.objects import GitObject, ObjectType, make_object
from paddock.hub.git.trees import (
    EMPTY_TREE_OID,
    EXECUTABLE_MODE,
    FILE_MODE,
    FOLDER_MODE,
    TreeEntry,
    render_tree,
)

# Every folder that a commit touches is a new tree; deep paths would make more of them than files.
MAX_FOLDERS = 100_000

ReadTrees = Callable[[Sequence[str]], dict[str, list[TreeEntry]]]


class NewTree(NamedTuple):
    """A root tree and the tree objects that were not there before."""

    oid: str
    objects: list[GitObject]


@dataclass(slots=True)
class Folder:
    """An opened folder; ``oid`` is what it was when it was read, None for a new one."""

    oid: str | None
    children: dict[str, TreeEntry | Folder]


@dataclass(slots=True)
class Index:
    """A tree that is being changed."""

    root: Folder
    _removed: set[str] = field(default_factory=set)

    def add(self, path: str, oid: str) -> None:
        """Put a blob at the path. An executable file stays executable."""
        *folders, name = path.split("/")
        folder = self._make_folders(folders, path)
        present = folder.children.get(name)
        if _is_folder(present):
            raise _in_the_way(path, f"{path!r} is a folder")
        executable = isinstance(present, TreeEntry) and present.mode == EXECUTABLE_MODE
        mode = EXECUTABLE_MODE if executable else FILE_MODE
        folder.children[name] = TreeEntry(name, mode, oid)

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with everything in it."""
        self._remove(path, wanted="file", may_be_file=True)

    def delete_folder(self, path: str) -> None:
        """Remove a folder with everything in it."""
        self._remove(path, wanted="folder", may_be_file=False)

    def write(self) -> NewTree:
        """The tree as it is now; folders that became empty are gone, as git has none."""
        objects: list[GitObject] = []
        oid = _write_folder(self.root, objects)
        if oid is None and self.root.oid != EMPTY_TREE_OID:
            objects.append(make_object(ObjectType.TREE, b""))
        return NewTree(oid or EMPTY_TREE_OID, objects)

    def _make_folders(self, names: list[str], path: str) -> Folder:
        folder = self.root
        for depth, name in enumerate(names):
            child = folder.children.get(name)
            if child is None:
                child = folder.children[name] = Folder(None, {})
            if not isinstance(child, Folder):
                raise _in_the_way(path, f"{'/'.join(names[: depth + 1])!r} is a file")
            folder = child
        return folder

    def _remove(self, path: str, *, wanted: str, may_be_file: bool) -> None:
        *names, name = path.split("/")
        chain = self._existing_folders(names)
        present = chain[-1].children.get(name) if len(chain) > len(names) else None
        if not (_is_folder(present) or (may_be_file and present is not None)):
            if self._was_removed(path):
                return
            raise EntryNotFound(f"A {wanted} with this name doesn't exist: {path!r}")
        # Git has no empty folders: what became empty goes too, and may be a file's name now.
        while True:
            del chain[-1].children[name]
            self._removed.add("/".join([*names, name]))
            if chain.pop().children or not names:
                return
            name = names.pop()

    def _existing_folders(self, names: list[str]) -> list[Folder]:
        """The root and the folders that the names lead through, as far as they exist."""
        chain = [self.root]
        for name in names:
            child = chain[-1].children.get(name)
            if not isinstance(child, Folder):
                break
            chain.append(child)
        return chain

    def _was_removed(self, path: str) -> bool:
        """Whether this commit removed it before: overlapping deletions are no mistake."""
        names = path.split("/")
        return any("/".join(names[:depth]) in self._removed for depth in range(1, len(names) + 1))


def open_index(read_trees: ReadTrees, root_oid: str, paths: Iterable[str]) -> Index:
    """The tree with every folder open that leads to one of the paths, read level by level."""
    root = Folder(root_oid, _children(read_trees([root_oid]), root_oid))
    opened = {"": root}
    for level in _folders_by_depth(paths):
        closed = []
        for path in level:
            parent, _, name = path.rpartition("/")
            child = opened[parent].children.get(name) if parent in opened else None
            if isinstance(child, TreeEntry) and child.is_folder:
                closed.append((path, child))
        trees = read_trees([child.oid for _, child in closed]) if closed else {}
        for path, child in closed:
            folder = opened[path] = Folder(child.oid, _children(trees, child.oid))
            opened[path.rpartition("/")[0]].children[child.name] = folder
    return Index(root)


def _folders_by_depth(paths: Iterable[str]) -> list[list[str]]:
    """Every folder above one of the paths, shallow ones first."""
    seen: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in seen:
            seen.add(folder)
            folder = folder.rpartition("/")[0]
        if len(seen) > MAX_FOLDERS:
            raise TooLarge(f"a commit touches at most {MAX_FOLDERS} folders", hint="split it")
    levels: dict[int, list[str]] = {}
    for folder in seen:
        levels.setdefault(folder.count("/"), []).append(folder)
    return [levels[depth] for depth in sorted(levels)]


def _children(trees: dict[str, list[TreeEntry]], oid: str) -> dict[str, TreeEntry | Folder]:
    return {entry.name: entry for entry in trees[oid]}


def _write_folder(folder: Folder, objects: list[GitObject]) -> str | None:
    """The folder's id, its new trees appended; None when nothing is left in it."""
    entries = []
    for name, child in folder.children.items():
        if isinstance(child, TreeEntry):
            entries.append(child)
        elif oid := _write_folder(child, objects):
            entries.append(TreeEntry(name, FOLDER_MODE, oid))
    if not entries:
        return None
    tree = make_object(ObjectType.TREE, render_tree(entries))
    if tree.oid != folder.oid:
        objects.append(tree)
    return tree.oid


def _is_folder(child: TreeEntry | Folder | None) -> bool:
    return isinstance(child, Folder) or (child is not None and child.is_folder)


def _in_the_way(path: str, fact: str) -> BadPath:
    return BadPath(
        f"{path!r} cannot be added because {fact} in this revision",
        hint="delete it earlier in the same commit",
    )
