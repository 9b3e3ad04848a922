"""Two trees as the text that ``git diff`` shows and ``git apply`` takes, bounded in size and time.

Knows git's format. Pure but for the two readers that are brought along. A large file is the few
lines of its pointer, as git holds it; binary files, and those too long to compare, are named as
differing. What does not fit is left out by whole files, and the first line says so.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from paddock.errors import TooLarge
from paddock.hub.discussions.line_diff import unified_hunks
from paddock.hub.git.index import MAX_FOLDERS, ReadTrees
from paddock.hub.git.trees import FOLDER_MODE, SUBMODULE_MODE, TreeEntry

MAX_FILES = 500
MAX_FILES_COUNTED = 10_000
MAX_DIFF_BYTES = 4 * 1024 * 1024
MAX_FILE_BYTES = 1024 * 1024  # longer files are compared as git compares binary ones
DIFF_SECONDS = 3.0  # after it, changes are still told, but no longer in the fewest lines

_NO_OID = "0" * 40
_SNIFFED_BYTES = 8000  # as git
_ESCAPES = dict(zip(b'\a\b\t\n\v\f\r"\\', [f"\\{c}" for c in 'abtnvfr"\\'], strict=True))

# A blob's bytes by its id, None when it is longer than ``MAX_FILE_BYTES``.
ReadBlob = Callable[[str], bytes | None]


class Change(NamedTuple):
    """A file that differs; None where it does not exist."""

    path: str
    old: TreeEntry | None
    new: TreeEntry | None


def list_changes(read_trees: ReadTrees, old_oid: str, new_oid: str) -> Iterator[Change]:
    """Files that differ between two root trees, in git's order; raises TooLarge."""
    opened = 0
    stack = [Change("", _folder("", old_oid), _folder("", new_oid))]
    while stack:
        change = stack.pop()
        path, old, new = change
        if old == new:
            continue
        folders = [entry.oid if entry and entry.is_folder else None for entry in (old, new)]
        if folders == [None, None]:
            yield change
            continue
        opened += 1
        if opened > MAX_FOLDERS:
            raise TooLarge(f"the diff is of more than {MAX_FOLDERS} folders")
        # A file that is a folder now, or was one, stands before what is in it, as in git.
        if old is not None and not old.is_folder:
            yield Change(path, old, None)
        if new is not None and not new.is_folder:
            yield Change(path, None, new)
        stack.extend(_children(read_trees, path, folders)[::-1])


def _folder(name: str, oid: str) -> TreeEntry:
    return TreeEntry(name, FOLDER_MODE, oid)


def _children(read_trees: ReadTrees, path: str, folders: list[str | None]) -> list[Change]:
    """What one or both folders hold, in git's order."""
    trees = read_trees([oid for oid in folders if oid is not None])
    sides = [{e.name: e for e in trees[oid]} if oid is not None else {} for oid in folders]
    names = sorted(set().union(*sides), key=lambda name: _order(name, sides))
    start = f"{path}/" if path else ""
    return [Change(start + name, sides[0].get(name), sides[1].get(name)) for name in names]


class RenderedDiff(NamedTuple):
    """A diff's text, and those of its files of which lines are in it."""

    text: str
    shown: list[Change]


def render_diff(
    read_trees: ReadTrees, read_blob: ReadBlob, old_oid: str, new_oid: str
) -> RenderedDiff:
    """The diff between two root trees."""
    deadline = time.monotonic() + DIFF_SECONDS
    patches: list[str] = []
    shown: list[Change] = []
    size_bytes = total = 0
    for change in list_changes(read_trees, old_oid, new_oid):
        total += 1
        if total > MAX_FILES_COUNTED:
            break
        if total > MAX_FILES or size_bytes > MAX_DIFF_BYTES:
            continue
        patch = render_change(change, read_blob, deadline=deadline)
        size_bytes += len(patch)
        if size_bytes <= MAX_DIFF_BYTES:
            patches.append(patch)
            if "\n@@ " in patch:
                shown.append(change)
    if len(patches) < total:
        more = "more than " if total > MAX_FILES_COUNTED else ""
        total = min(total, MAX_FILES_COUNTED)
        patches.insert(0, f"# {len(patches)} of {more}{total} changed files are shown\n")
    return RenderedDiff("".join(patches), shown)


def render_change(change: Change, read_blob: ReadBlob, *, deadline: float) -> str:
    """One file's part of a diff. A file that becomes a link goes and comes anew, as in git."""
    old, new = change.old, change.new
    if old is not None and new is not None and stat.S_IFMT(old.mode) != stat.S_IFMT(new.mode):
        parts = (Change(change.path, old, None), Change(change.path, None, new))
        return "".join(render_change(part, read_blob, deadline=deadline) for part in parts)
    old_name, new_name = quote_path(f"a/{change.path}"), quote_path(f"b/{change.path}")
    head = [f"diff --git {old_name} {new_name}", *_modes(old, new)]
    old_oid, new_oid = old.oid if old else _NO_OID, new.oid if new else _NO_OID
    if old_oid == new_oid:
        return "\n".join(head) + "\n"
    same_mode = f" {old.mode:06o}" if old and new and old.mode == new.mode else ""
    head.append(f"index {old_oid}..{new_oid}{same_mode}")
    old_name, new_name = old_name if old else "/dev/null", new_name if new else "/dev/null"
    texts = _text(old, read_blob), _text(new, read_blob)
    if texts[0] is None or texts[1] is None:
        return "\n".join([*head, f"Binary files {old_name} and {new_name} differ"]) + "\n"
    body = b"".join(unified_hunks(texts[0], texts[1], deadline=deadline)).decode()
    # A name with a space is followed by a tab, as git writes it.
    names = [f"--- {old_name}{_tab(old_name)}", f"+++ {new_name}{_tab(new_name)}"] if body else []
    return "\n".join([*head, *names]) + "\n" + body


def quote_path(path: str) -> str:
    """The path as git writes it: in quotes, with escapes, when it is not plain ASCII."""
    if path.isascii() and path.isprintable() and '"' not in path and "\\" not in path:
        return path
    quoted = [
        _ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
        for byte in path.encode()
    ]
    return f'"{"".join(quoted)}"'


def _modes(old: TreeEntry | None, new: TreeEntry | None) -> list[str]:
    if old is None:
        return [f"new file mode {new.mode:06o}"] if new else []
    if new is None:
        return [f"deleted file mode {old.mode:06o}"]
    if old.mode == new.mode:
        return []
    return [f"old mode {old.mode:06o}", f"new mode {new.mode:06o}"]


def _text(entry: TreeEntry | None, read_blob: ReadBlob) -> bytes | None:
    """The file as text, None when it is binary or too long."""
    if entry is None:
        return b""
    if entry.mode == SUBMODULE_MODE:
        return f"Subproject commit {entry.oid}\n".encode()
    content = read_blob(entry.oid)
    return None if content is None else as_text(content)


def as_text(content: bytes) -> bytes | None:
    """The bytes, if they are text in UTF-8; None for what git, too, calls binary."""
    if b"\0" in content[:_SNIFFED_BYTES]:
        return None
    try:
        content.decode()  # an answer is JSON: what is not UTF-8 would not arrive as it is
    except UnicodeDecodeError:
        return None
    return content


def _order(name: str, sides: list[dict[str, TreeEntry]]) -> bytes:
    """Git's order within a folder: folders as if their names ended in a slash."""
    is_folder = any(name in side and side[name].is_folder for side in sides)
    return name.encode() + (b"/" if is_folder else b"")


def _tab(name: str) -> str:
    return "\t" if " " in name else ""
