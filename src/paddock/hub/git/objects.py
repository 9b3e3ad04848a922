"""Git objects as rows: what a repository holds, under real git object ids.

Knows the four object types and where an object's bytes are: in the row, or, for a larger blob, in
the blob store under its SHA-256. Does not know paths, revisions or what a commit means. An object
never changes once written; a repository can be asked only for objects that it holds itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.large import condemned, usage
from paddock.hub.large.pointers import Pointer, parse_pointer
from paddock.hub.tables import git_objects
from paddock.storage.sql import in_chunks, insert_ignore

MAX_INLINE_BYTES = 64 * 1024  # larger blobs are kept in the blob store, and sent without copying

# Trees come in bulk, but a hostile repository of huge trees must not fill the memory.
_TREES_PER_READ = 200
_FACTS_PER_READ = 10_000

# Built once: building a statement costs as much as running it.
_OF_REPOSITORY = sa.and_(
    git_objects.c.repo_id == sa.bindparam("repo_id"),
    git_objects.c.oid.in_(sa.bindparam("oids", expanding=True)),
)
_OBJECTS = sa.select(git_objects).where(_OF_REPOSITORY)
_OBJECT = sa.select(git_objects).where(
    git_objects.c.repo_id == sa.bindparam("repo_id"), git_objects.c.oid == sa.bindparam("oid")
)
_HELD = sa.select(git_objects.c.oid, git_objects.c.idle_since).where(_OF_REPOSITORY)
# Many ids are one parameter: writing them into the statement costs more than looking them up.
_OIDS = {
    "sqlite": sa.text("git_objects.oid IN (SELECT value FROM json_each(:oids))"),
    "postgresql": sa.text("git_objects.oid = ANY(:oids)"),
}
_BLOB_FACTS = {
    dialect: sa.select(
        git_objects.c.oid,
        git_objects.c.size_bytes,
        git_objects.c.lfs_sha256,
        git_objects.c.lfs_size_bytes,
    ).where(git_objects.c.repo_id == sa.bindparam("repo_id"), one_of_them)
    for dialect, one_of_them in _OIDS.items()
}


class ObjectType(IntEnum):
    """Git's own numbers."""

    COMMIT = 1
    TREE = 2
    BLOB = 3
    TAG = 4


class GitObject(NamedTuple):
    """An object; ``content`` is None when the bytes are in the blob store as ``blob_sha256``."""

    oid: str
    type: ObjectType
    content: bytes | None
    size_bytes: int  # of the object's own content: for a large file, of its pointer
    blob_sha256: str | None = None
    pointer: Pointer | None = None


class BlobFacts(NamedTuple):
    """What a listing says of a blob without reading it."""

    size_bytes: int
    pointer: Pointer | None


def object_oid(type_: ObjectType, content: bytes) -> str:
    """The id that git gives to these bytes."""
    header = b"%s %d\0" % (type_.name.lower().encode(), len(content))
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def make_object(type_: ObjectType, content: bytes) -> GitObject:
    """An object whose bytes stay in its row; a blob that is an LFS pointer is known as one."""
    pointer = parse_pointer(content) if type_ is ObjectType.BLOB else None
    return GitObject(object_oid(type_, content), type_, content, len(content), pointer=pointer)


def make_stored_blob(content: bytes, blob_sha256: str) -> GitObject:
    """A blob whose bytes the blob store has already made durable."""
    oid = object_oid(ObjectType.BLOB, content)
    return GitObject(oid, ObjectType.BLOB, None, len(content), blob_sha256=blob_sha256)


def write_objects(conn: sa.Connection, repo_id: int, objects: Iterable[GitObject]) -> None:
    """Add the objects that the repository does not hold yet; raises QuotaExceeded, BlobWentAway.

    Those that it holds are kept from now on, whatever the sweep thought of them.
    """
    unique = {item.oid: item for item in objects}
    held = keep_held(conn, repo_id, sorted(unique))
    new = [item for oid, item in unique.items() if oid not in held]
    condemned.release(conn, [item.blob_sha256 for item in new if item.blob_sha256])
    insert_ignore(conn, git_objects, [_row(repo_id, item) for item in new])
    blob_bytes = sum(item.size_bytes for item in new if item.type is ObjectType.BLOB)
    usage.charge(conn, repo_id, git_bytes=blob_bytes)


def keep_held(conn: sa.Connection, repo_id: int, oids: Sequence[str]) -> set[str]:
    """Those that the repository holds, none of them idle any more."""
    held: set[str] = set()
    for chunk in in_chunks(oids):
        rows = conn.execute(_HELD, {"repo_id": repo_id, "oids": chunk}).all()
        held.update(row.oid for row in rows)
        if idle := [row.oid for row in rows if row.idle_since is not None]:
            same = (git_objects.c.repo_id == repo_id) & git_objects.c.oid.in_(idle)
            keep = git_objects.update().where(same).values(idle_since=None)
            # What the sweep removed while we waited for it is not held.
            held -= set(idle) - set(conn.execute(keep.returning(git_objects.c.oid)).scalars())
    return held


def read_object(conn: sa.Connection, repo_id: int, oid: str) -> GitObject | None:
    """One object, or None when the repository does not hold it."""
    row = conn.execute(_OBJECT, {"repo_id": repo_id, "oid": oid}).one_or_none()
    return _to_object(row) if row is not None else None


def read_objects(conn: sa.Connection, repo_id: int, oids: Sequence[str]) -> dict[str, GitObject]:
    """Several objects by id, in few statements; those that are not there are left out."""
    found: dict[str, GitObject] = {}
    for chunk in in_chunks(list(dict.fromkeys(oids)), _TREES_PER_READ):
        found.update((item.oid, item) for item in _read(conn, repo_id, chunk))
    return found


def blob_facts(conn: sa.Connection, repo_id: int, oids: Sequence[str]) -> dict[str, BlobFacts]:
    """Sizes and pointers of many blobs, without their bytes."""
    found: dict[str, BlobFacts] = {}
    statement = _BLOB_FACTS[conn.dialect.name]
    for chunk in in_chunks(list(dict.fromkeys(oids)), _FACTS_PER_READ):
        asked = list(chunk) if conn.dialect.name == "postgresql" else json.dumps(chunk)
        for oid, size_bytes, sha256, lfs_size_bytes in conn.execute(
            statement, {"repo_id": repo_id, "oids": asked}
        ):
            pointer = Pointer(sha256, lfs_size_bytes) if sha256 else None
            found[oid] = BlobFacts(size_bytes, pointer)
    return found


def _read(conn: sa.Connection, repo_id: int, oids: Sequence[str]) -> Iterator[GitObject]:
    yield from map(_to_object, conn.execute(_OBJECTS, {"repo_id": repo_id, "oids": oids}))


def _to_object(row: sa.Row[Any]) -> GitObject:
    pointer = Pointer(row.lfs_sha256, row.lfs_size_bytes) if row.lfs_sha256 else None
    content = None if row.content is None else bytes(row.content)
    return GitObject(
        row.oid, ObjectType(row.type), content, row.size_bytes, row.blob_sha256, pointer
    )


def _row(repo_id: int, item: GitObject) -> dict[str, object]:
    return {
        "repo_id": repo_id,
        "oid": item.oid,
        "type": int(item.type),
        "size_bytes": item.size_bytes,
        "content": item.content,
        "blob_sha256": item.blob_sha256,
        "lfs_sha256": item.pointer.sha256 if item.pointer else None,
        "lfs_size_bytes": item.pointer.size_bytes if item.pointer else None,
    }
