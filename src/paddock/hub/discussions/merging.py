"""Three trees become one: what both sides made of the tree that they have in common.

Pure but for the reader of trees that is brought along. A path that only one side changed is as that
side has it; a text that both changed in different places gets both changes; anything else that both
changed is a conflict, unless the one changed only its mode.
Folders that are equal are never opened, so the cost is that of the changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from paddock.errors import TooLarge
from paddock.hub.discussions.text_merge import merge_texts
from paddock.hub.git.index import MAX_FOLDERS, ReadTrees
from paddock.hub.git.objects import GitObject, ObjectType, make_object
from paddock.hub.git.trees import (
    EMPTY_TREE_OID,
    EXECUTABLE_MODE,
    FILE_MODE,
    FOLDER_MODE,
    TreeEntry,
    render_tree,
)

MAX_CONFLICTS = 1_000  # named; there may be more

MAX_TEXTS = 100  # changed on both sides; more of them are conflicts
_TEXT_MODES = (FILE_MODE, EXECUTABLE_MODE)

# A text by its blob's id; None for what is no text, or too long to merge.
ReadText = Callable[[str], bytes | None]

T = TypeVar("T")


class MergedTree(NamedTuple):
    """The root tree and its new objects; not to be used when paths are in conflict."""

    oid: str
    objects: list[GitObject]
    conflicts: list[str]


class Trees(NamedTuple):
    """Root trees: what both sides began with, and what each of them has now."""

    base: str
    ours: str
    theirs: str


def merge_trees(read_trees: ReadTrees, read_text: ReadText, trees: Trees) -> MergedTree:
    """Merge whole trees; raises TooLarge when they differ in too many folders."""
    merging = _Merging(read_trees, read_text)
    oid = merging.merge_folders("", trees.base, trees.ours, trees.theirs)
    if oid is None:
        merging.objects.append(make_object(ObjectType.TREE, b""))
    return MergedTree(oid or EMPTY_TREE_OID, merging.objects, merging.conflicts)


@dataclass(slots=True)
class _Merging:
    read_trees: ReadTrees
    read_text: ReadText
    texts_merged: int = 0
    objects: list[GitObject] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    folders: int = 0

    def merge_folders(
        self, path: str, base: str | None, ours: str | None, theirs: str | None
    ) -> str | None:
        """The merged folder's id, None when nothing is left in it; so may each of the three be."""
        chosen = _choose(base, ours, theirs)
        if chosen is not None:
            return chosen.value
        self.folders += 1
        if self.folders > MAX_FOLDERS:
            raise TooLarge(f"a merge changes at most {MAX_FOLDERS} folders")
        oids = [oid for oid in (base, ours, theirs) if oid is not None]
        read = self.read_trees(oids)
        sides = [
            {entry.name: entry for entry in read[oid]} if oid is not None else {}
            for oid in (base, ours, theirs)
        ]
        merged = []
        for name in sorted(set().union(*sides)):
            before, here, there = (side.get(name) for side in sides)
            entry = self._merge_entries(f"{path}{name}", before, here, there)
            if entry is not None:
                merged.append(entry)
        if not merged:
            return None
        tree = make_object(ObjectType.TREE, render_tree(merged))
        if tree.oid not in oids:
            self.objects.append(tree)
        return tree.oid

    def _merge_entries(
        self,
        path: str,
        base: TreeEntry | None,
        ours: TreeEntry | None,
        theirs: TreeEntry | None,
    ) -> TreeEntry | None:
        chosen = _choose(base, ours, theirs)
        if chosen is not None:
            return chosen.value
        if _is_open(ours) and _is_open(theirs) and (ours or theirs):
            before = base.oid if base is not None and base.is_folder else None
            oids = (before, ours.oid if ours else None, theirs.oid if theirs else None)
            if _is_open(base) or (ours and theirs):
                oid = self.merge_folders(f"{path}/", *oids)
                name = path.rpartition("/")[2]
                return TreeEntry(name, FOLDER_MODE, oid) if oid is not None else None
        merged = _merge_fields(base, ours, theirs) or self._merge_files(base, ours, theirs)
        if merged is None:
            self._conflict(path)
        return merged or ours

    def _merge_files(
        self, base: TreeEntry | None, ours: TreeEntry | None, theirs: TreeEntry | None
    ) -> TreeEntry | None:
        """A text with the changes of both sides, None when it is no text or they meet."""
        if base is None or ours is None or theirs is None:
            return None
        mode = _choose(base.mode, ours.mode, theirs.mode)
        if mode is None or mode.value not in _TEXT_MODES or self.texts_merged >= MAX_TEXTS:
            return None
        self.texts_merged += 1
        texts = [self.read_text(entry.oid) for entry in (base, ours, theirs)]
        if any(text is None for text in texts):
            return None
        merged = merge_texts(*(text or b"" for text in texts))
        if merged is None:
            return None
        blob = make_object(ObjectType.BLOB, merged)
        self.objects.append(blob)
        return TreeEntry(ours.name, mode.value, blob.oid)

    def _conflict(self, path: str) -> None:
        if len(self.conflicts) < MAX_CONFLICTS:
            self.conflicts.append(path)


class _Chosen(NamedTuple, Generic[T]):
    value: T


def _choose(base: T, ours: T, theirs: T) -> _Chosen[T] | None:
    """What both made of it, where not both changed it in different ways."""
    if base == theirs or ours == theirs:
        return _Chosen(ours)
    return _Chosen(theirs) if base == ours else None


def _merge_fields(
    base: TreeEntry | None, ours: TreeEntry | None, theirs: TreeEntry | None
) -> TreeEntry | None:
    """One side changed a file's content and the other its mode: that is no conflict."""
    if base is None or ours is None or theirs is None:
        return None
    if base.is_folder or ours.is_folder or theirs.is_folder:
        return None
    mode = _choose(base.mode, ours.mode, theirs.mode)
    oid = _choose(base.oid, ours.oid, theirs.oid)
    if mode is None or oid is None:
        return None
    return TreeEntry(ours.name, mode.value, oid.value)


def _is_open(entry: TreeEntry | None) -> bool:
    """Whether the entry can be looked into as a folder; what is not there is an empty one."""
    return entry is None or entry.is_folder
