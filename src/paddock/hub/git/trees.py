"""Git trees as bytes: one folder, its names, modes and object ids.

Knows git's encoding (through dulwich) and its order, in which a folder sorts as if its name ended
in a slash. Does not know rows. Names are UTF-8; whoever writes a tree checked that before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dulwich.objects import ObjectID, parse_tree, serialize_tree, sorted_tree_items

FOLDER_MODE = 0o040000
FILE_MODE = 0o100644
EXECUTABLE_MODE = 0o100755
SUBMODULE_MODE = 0o160000

EMPTY_TREE_OID = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

_SHA1_BYTES = 20


class TreeEntry(NamedTuple):
    """A name in a folder."""

    name: str
    mode: int
    oid: str

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER_MODE


def render_tree(entries: Iterable[TreeEntry]) -> bytes:
    """A folder's bytes; the entries may come in any order, each name once."""
    by_name = {entry.name.encode(): (entry.mode, ObjectID(entry.oid.encode())) for entry in entries}
    return b"".join(serialize_tree(sorted_tree_items(by_name, name_order=False)))


def read_tree(content: bytes) -> list[TreeEntry]:
    """A folder's entries, in git's order."""
    return [
        TreeEntry(name.decode(), mode, oid.decode())
        for name, mode, oid in parse_tree(content, _SHA1_BYTES, strict=True)
    ]
