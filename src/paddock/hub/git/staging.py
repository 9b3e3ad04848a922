"""Staging: the tree that a revision becomes when operations are applied to it, written as objects.

Knows which blobs the operations bring and that a pointer may only name a large file that this
repository was given. Does not know commits or refs: until a ref leads to the tree, nobody sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.errors import NotUploaded
from paddock.hub.git.files import read_trees
from paddock.hub.git.index import open_index
from paddock.hub.git.objects import GitObject, ObjectType, make_object, write_objects
from paddock.hub.git.operations import AddFile, AddLarge, Delete, DeleteFolder, Operation
from paddock.hub.large import large_files
from paddock.hub.large.pointers import Pointer, render_pointer
from paddock.hub.types import Repository


def stage(
    conn: sa.Connection, repo: Repository, root_oid: str, operations: Sequence[Operation]
) -> str:
    """The id of the new root tree; it and everything new in it are written.

    Raises NotUploaded, BadInput (a wrong size), BadPath and EntryNotFound.
    """
    blobs = _blobs(conn, repo, operations)
    paths = [operation.path for operation in operations]
    index = open_index(partial(read_trees, conn, repo.id), root_oid, paths)
    for operation, blob in zip(operations, blobs, strict=True):
        match operation:
            case AddFile(path) | AddLarge(path) if blob is not None:
                index.add(path, blob.oid)
            case Delete(path):
                index.delete(path)
            case DeleteFolder(path):
                index.delete_folder(path)
    tree = index.write()
    write_objects(conn, repo.id, [*filter(None, blobs), *tree.objects])
    return tree.oid


def _blobs(
    conn: sa.Connection, repo: Repository, operations: Sequence[Operation]
) -> list[GitObject | None]:
    """The blob that each operation adds, None for a deletion."""
    sizes = _stored_sizes(conn, repo, operations)
    blobs: list[GitObject | None] = []
    for operation in operations:
        match operation:
            case AddFile(path, blob):
                if blob.pointer:
                    _check_size(path, blob.pointer.size_bytes, sizes[blob.pointer.sha256])
                blobs.append(blob)
            case AddLarge(path, sha256, size_bytes):
                _check_size(path, size_bytes, sizes[sha256])
                pointer = Pointer(sha256, sizes[sha256])
                blobs.append(make_object(ObjectType.BLOB, render_pointer(pointer)))
            case _:
                blobs.append(None)
    return blobs


def _stored_sizes(
    conn: sa.Connection, repo: Repository, operations: Iterable[Operation]
) -> dict[str, int]:
    """Real sizes of all large files named; raises NotUploaded unless the repository has them all.

    A small file whose text is a pointer names a large file too: git would take it for one.
    """
    named: dict[str, str] = {}
    for operation in operations:
        if isinstance(operation, AddLarge):
            named.setdefault(operation.sha256, operation.path)
        elif isinstance(operation, AddFile) and operation.blob.pointer:
            named.setdefault(operation.blob.pointer.sha256, operation.path)
    if not named:
        return {}
    held = large_files.present(conn, repo.id, named)
    for sha256, path in named.items():
        if sha256 not in held:
            raise NotUploaded(
                f"the large file {path!r} (sha256 {sha256}) was not uploaded to {repo.full_name}",
                hint="upload its bytes by Xet or LFS before the commit",
            )
    return {sha256: row.size_bytes for sha256, row in large_files.lookup(conn, named).items()}


def _check_size(path: str, claimed_bytes: int | None, stored_bytes: int) -> None:
    if claimed_bytes is not None and claimed_bytes != stored_bytes:
        raise BadInput(f"{path!r} is said to have {claimed_bytes} bytes; it has {stored_bytes}")
