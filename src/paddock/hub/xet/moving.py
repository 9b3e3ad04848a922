"""The same chunks in other places: a file that is one blob, made of xorbs from now on.

Knows rows. What a hash stands for never changes; where its bytes are may. Whoever reads by what the
rows said before still finds it, because the sweep lets go of the old place only after a while.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.errors import Unavailable
from paddock.hub.large.tables import xet_file_xorbs, xorb_variants
from paddock.hub.tables import large_files, xet_files, xorbs
from paddock.hub.xet import records
from paddock.hub.xet.records import XetFile
from paddock.storage.sql import in_chunks, insert_ignore


class BlobLeaves(Unavailable):
    """Two files were to be made of each other's blobs; one of them has to look again."""

    code = "blob_leaves"


def let_go(conn: sa.Connection, file: XetFile) -> bool:
    """Let the file be made of these terms, and its blob be nobody's; False if it stays as it is.

    It stays when it is no blob any more, or when other files, or forms of xorbs that only some
    repositories see, are made of the blob's views: then the blob would stay, too. Raises
    NotUploaded when a xorb was swept meanwhile, and BlobLeaves when a blob that the terms rest on
    is being let go of at this moment.
    """
    same = (large_files.c.sha256 == file.sha256) & large_files.c.is_blob
    query = sa.select(large_files.c.sha256).where(same, large_files.c.xet_hash == file.hash)
    if conn.execute(query.with_for_update()).first() is None or shows_to_some(conn, file.sha256):
        return False
    mine = sa.select(xorbs.c.hash).where(
        xorbs.c.blob_sha256 == file.sha256, xorbs.c.view_start.is_not(None)
    )
    # Who makes a file of a view holds its row: either we see that file now, or it sees us below.
    views = list(conn.execute(mine.order_by(xorbs.c.hash).with_for_update()).scalars())
    if _others_use(conn, file.hash, views):
        return False
    made_of = {term.xorb for term in file.terms}
    _replace_terms(conn, file, made_of)
    if leaving := _leaving(conn, file.hash, made_of):
        raise BlobLeaves(f"xorb {leaving} is a view of a blob that goes", hint="try again")
    conn.execute(large_files.update().where(same).values(is_blob=False))
    return True


def shows_to_some(conn: sa.Connection, sha256: str) -> bool:
    """Whether a repository sees xorbs in this blob that others hold in another form.

    It may not learn of them from what becomes of the blob.
    """
    row = xorb_variants.c
    query = sa.select(row.repo_id).where(row.blob_sha256 == sha256, row.view_start.is_not(None))
    return conn.execute(query.limit(1)).first() is not None


def _replace_terms(conn: sa.Connection, file: XetFile, made_of: set[str]) -> None:
    records.use_xorbs(conn, made_of)
    terms = xet_files.update().where(xet_files.c.hash == file.hash)
    conn.execute(terms.values(terms=file.terms.packed))
    link = xet_file_xorbs.c
    old = set(conn.execute(sa.select(link.xorb_hash).where(link.file_hash == file.hash)).scalars())
    for some in in_chunks(sorted(old - made_of)):
        gone = (link.file_hash == file.hash) & link.xorb_hash.in_(some)
        conn.execute(xet_file_xorbs.delete().where(gone))
    links = [{"file_hash": file.hash, "xorb_hash": xorb} for xorb in sorted(made_of)]
    insert_ignore(conn, xet_file_xorbs, links)
    records.index_first_chunks(conn, [file])


def _others_use(conn: sa.Connection, file_hash: str, views: list[str]) -> bool:
    link = xet_file_xorbs.c
    for some in in_chunks(views):
        query = sa.select(link.xorb_hash).where(link.xorb_hash.in_(some))
        if conn.execute(query.where(link.file_hash != file_hash).limit(1)).first() is not None:
            return True
    return False


def _leaving(conn: sa.Connection, file_hash: str, made_of: set[str]) -> str | None:
    """A xorb of these that is a view of a blob which only this file would keep."""
    link = xet_file_xorbs.c
    is_blob = sa.exists().where(large_files.c.sha256 == xorbs.c.blob_sha256, large_files.c.is_blob)
    is_used = sa.exists().where(link.xorb_hash == xorbs.c.hash, link.file_hash != file_hash)
    for some in in_chunks(sorted(made_of)):
        query = sa.select(xorbs.c.hash).where(xorbs.c.hash.in_(some))
        query = query.where(xorbs.c.view_start.is_not(None), ~is_blob, ~is_used)
        found: str | None = conn.execute(query.limit(1)).scalar_one_or_none()
        if found is not None:
            return found
    return None
