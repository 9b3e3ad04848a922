"""Objects in bulk: many rows of one repository, in the order asked for, with bounded memory.

Knows rows; does not know what objects mean. Each batch is read in a transaction of its own, which
changes nothing because objects never change: a client that reads slowly holds nothing up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.git.objects import ObjectType
from paddock.hub.git.trees import EMPTY_TREE_OID
from paddock.hub.tables import git_objects
from paddock.storage.database import Database
from paddock.storage.errors import StorageFailed
from paddock.storage.sql import in_chunks

_BATCH_ROWS = 900
_ROWS_AT_ONCE = 512
_SMALL_BYTES = 16 << 10

_COLUMNS = git_objects.c
_WHERE = sa.and_(
    _COLUMNS.repo_id == sa.bindparam("repo_id"),
    _COLUMNS.oid.in_(sa.bindparam("oids", expanding=True)),
)
_FACTS = sa.select(_COLUMNS.oid, _COLUMNS.type, _COLUMNS.size_bytes).where(_WHERE)
_CONTENTS = sa.select(
    _COLUMNS.oid, _COLUMNS.type, _COLUMNS.size_bytes, _COLUMNS.content, _COLUMNS.blob_sha256
).where(_WHERE)
# Many small objects come at once; a larger one is asked for when its turn comes.
_SMALL = sa.select(
    _COLUMNS.oid,
    _COLUMNS.type,
    _COLUMNS.size_bytes,
    sa.case((_COLUMNS.size_bytes <= _SMALL_BYTES, _COLUMNS.content)),
    _COLUMNS.blob_sha256,
).where(_WHERE)


class Facts(NamedTuple):
    """What is known of an object without reading it."""

    type: int
    size_bytes: int


class ObjectRow(NamedTuple):
    """An object; its bytes are in the row or, for a larger blob, in the blob store."""

    oid: str
    type: int
    size_bytes: int
    content: bytes | None
    blob_sha256: str | None


class ObjectRows:
    """The objects of one repository."""

    def __init__(self, database: Database, repo_id: int) -> None:
        self._database, self._repo_id = database, repo_id

    def facts(self, oids: Iterable[str]) -> dict[str, Facts]:
        """Type and size of those objects that the repository has."""
        found: dict[str, Facts] = {}
        wanted = list(dict.fromkeys(oids))
        for some in in_chunks(wanted, _BATCH_ROWS):
            with self._database.read() as conn:
                rows = conn.execute(_FACTS, {"repo_id": self._repo_id, "oids": some}).all()
                found.update((oid, Facts(type_, size)) for oid, type_, size in rows)
        if EMPTY_TREE_OID in wanted:  # which git knows without being told
            found.setdefault(EMPTY_TREE_OID, Facts(ObjectType.TREE, 0))
        return found

    def unknown(self, oids: Iterable[str]) -> list[str]:
        """Those of the objects that the repository does not have."""
        wanted = sorted(oids)
        known = self.facts(wanted)
        return [oid for oid in wanted if oid not in known]

    def read(self, oids: Sequence[str]) -> Iterator[ObjectRow]:
        """The objects in this order; raises StorageFailed for one that is not there."""
        for some in in_chunks(oids, _ROWS_AT_ONCE):
            found = self._ask(_SMALL, some)
            for oid in some:
                row = found.get(oid) or _known(oid)
                if row.content is None and row.blob_sha256 is None:
                    row = self._ask(_CONTENTS, [oid]).get(oid) or _known(oid)
                yield row

    def _ask(self, query: sa.Select[Any], oids: Sequence[str]) -> dict[str, ObjectRow]:
        with self._database.read() as conn:
            # All at once: a row at a time would cost more than what is done with it.
            rows = conn.execute(query, {"repo_id": self._repo_id, "oids": list(oids)}).all()
        return {row[0]: ObjectRow(*row) for row in rows}


def _known(oid: str) -> ObjectRow:
    """Git knows the empty folder without being told."""
    if oid == EMPTY_TREE_OID:
        return ObjectRow(oid, ObjectType.TREE, 0, b"", None)
    raise StorageFailed(f"git object {oid} is gone", hint="restore the database from a backup")
