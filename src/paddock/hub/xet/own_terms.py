"""A file in other terms, for repositories whose senders do not know the terms that it has.

A file is stored once, in the terms that came first. Terms name xorbs, and where in them the chunks
are: whoever sends the same bytes after somebody else would see from the reconstruction that they
were here before, and beside what. So where a sender may not name all of a file's terms, the
repository sees the file in the sender's own. They are a row of ``xet_files`` under a name that no
client can ask for, and go like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from blake3 import blake3

from paddock.hub.large.tables import xet_file_xorbs, xet_own_terms
from paddock.hub.tables import xet_files
from paddock.hub.xet import hashes, records
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.naming import Naming
from paddock.hub.xet.records import XetFile
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore

_OWN = xet_own_terms.c


def trusted(database: Database, naming: Naming, files: Sequence[XetFile]) -> set[str]:
    """Those of the files that are stored in other terms, all of which the sender may name."""
    with database.read() as conn:
        stored = _stored_otherwise(conn, files)
    return {
        file_hash
        for file_hash, terms in stored.items()
        if all(naming.may_name(term.xorb_hash, term.start, term.end) for term in terms)
    }


def keep(
    conn: sa.Connection, repo_id: int, files: Sequence[XetFile], trusted_hashes: set[str]
) -> None:
    """Let the repository, which is new to these files, see them in their sender's terms.

    Their rows are there already. Those that have these terms anyhow, or others that the sender may
    know, need nothing.
    """
    stored = _stored_otherwise(conn, files)
    own = [file for file in files if file.hash in stored and file.hash not in trusted_hashes]
    if not own:
        return
    named = {file.hash: file._replace(hash=_name(file)) for file in own}
    made_of = {file.hash: {term.xorb for term in file.terms} for file in named.values()}
    records.use_xorbs(conn, set().union(*made_of.values()))
    rows = [
        {
            "hash": file.hash,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "terms": file.terms.packed,
            "of_hash": of_hash,
        }
        for of_hash, file in named.items()
    ]
    records.insert_held(conn, rows)
    links = [
        {"file_hash": file_hash, "xorb_hash": xorb}
        for file_hash, some in made_of.items()
        for xorb in some
    ]
    insert_ignore(conn, xet_file_xorbs, links)
    records.index_first_chunks(conn, named.values())
    mine = [
        {"repo_id": repo_id, "file_hash": of_hash, "own_hash": file.hash}
        for of_hash, file in named.items()
    ]
    insert_ignore(conn, xet_own_terms, mine)


def copy(conn: sa.Connection, source_id: int, target_id: int, sha256s: Iterable[str]) -> None:
    """Let a copy be seen in the terms of what it is a copy of; the target is new to these files."""
    for some in in_chunks(sorted(set(sha256s))):
        query = sa.select(_OWN.file_hash, _OWN.own_hash).where(_OWN.repo_id == source_id)
        query = query.join(xet_files, xet_files.c.hash == _OWN.own_hash)
        rows = conn.execute(query.where(xet_files.c.sha256.in_(some))).mappings()
        insert_ignore(conn, xet_own_terms, [{**row, "repo_id": target_id} for row in rows])


def _stored_otherwise(conn: sa.Connection, files: Sequence[XetFile]) -> dict[str, Terms]:
    """The terms of those that are stored in other ones."""
    packed = {file.hash: file.terms.packed for file in files}
    found: dict[str, Terms] = {}
    for some in in_chunks(sorted(packed)):
        query = sa.select(xet_files.c.hash, xet_files.c.terms).where(xet_files.c.hash.in_(some))
        for row in conn.execute(query):
            if bytes(row.terms) != packed[row.hash]:
                found[row.hash] = Terms(bytes(row.terms))
    return found


def _name(file: XetFile) -> str:
    """Of the file in these terms, in the form of a hash."""
    return hashes.to_text(blake3(bytes.fromhex(file.hash) + file.terms.packed).digest())
