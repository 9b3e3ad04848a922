"""Xet files: terms inside their xorbs, rows that keep those xorbs, and, looked at deeply, both
hashes of their bytes.

A file whose Xet form is wrong and that is a blob, too, here or in a second copy, loses the form
and is given a new one from the blob.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.fsck import concerns
from paddock.hub.fsck.blobs import fault_of
from paddock.hub.fsck.checkers import Checking, keys
from paddock.hub.fsck.findings import Concerns, Fault
from paddock.hub.fsck.promises import Promise
from paddock.hub.fsck.repairing import Repairs
from paddock.hub.large.tables import xet_file_xorbs
from paddock.hub.large.viewing import view_later
from paddock.hub.tables import large_files, xet_files, xorbs
from paddock.hub.xet import hashes
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.reading import Shelf, read_chunks
from paddock.storage.errors import StorageFailed
from paddock.storage.sql import in_chunks, insert_ignore

_links = xet_file_xorbs.c


class _File(NamedTuple):
    """A Xet file as its row describes it."""

    hash: str
    of_hash: str | None  # where these are other terms of that file
    sha256: str
    size_bytes: int
    terms: Terms


def check_files(checking: Checking, after: str) -> Iterator[str]:
    """Every Xet file by hash."""
    for file_hash in keys(checking.database, xet_files.c.hash, after):
        _check(checking, file_hash)
        checking.add("xet_files")
        yield file_hash


def _check(checking: Checking, file_hash: str) -> None:
    file = _read(checking, file_hash)
    if file is None:
        return
    if isinstance(file, str):
        checking.report(Fault.FILE_TERMS, file_hash, file)
        return
    told = _terms_fault(checking, file)
    fault = Fault.FILE_TERMS
    if told is None:
        _check_links(checking, file)
        told = _bytes_fault(checking, file) if checking.is_deep else None
        fault = Fault.FILE_DAMAGED
    if told is not None and _is_still(checking, file):
        drop = partial(_drop_form, file=file)
        checking.report(fault, file_hash, told, drop, partial(_whose, sha256=file.sha256))


def _read(checking: Checking, file_hash: str) -> _File | str | None:
    """The file, or what makes its row unreadable; None when it is gone."""
    query = sa.select(xet_files).where(xet_files.c.hash == file_hash)
    with checking.database.read() as conn:
        row = conn.execute(query).one_or_none()
    if row is None:
        return None
    try:
        return _File(row.hash, row.of_hash, row.sha256, row.size_bytes, Terms(bytes(row.terms)))
    except ValueError:
        return "the row's list of terms is cut off"


def _is_still(checking: Checking, file: _File) -> bool:
    """A second look: the sweep may have taken it meanwhile, or other terms been found for it."""
    now = _read(checking, file.hash)
    return isinstance(now, _File) and now.terms.packed == file.terms.packed


def _terms_fault(checking: Checking, file: _File) -> str | None:
    if file.terms.size_bytes != file.size_bytes:
        return f"the terms have {file.terms.size_bytes} bytes, the row says {file.size_bytes}"
    shelf = Shelf(checking.database, checking.blobs)
    tree = hashes.MergeTree()
    for at, term in enumerate(file.terms):
        xorb = shelf.find(term.xorb)
        if xorb is None:
            return f"term {at} names xorb {term.xorb}, which is not there"
        if not term.start < term.end <= len(xorb.chunks):
            return f"term {at} names chunks that xorb {term.xorb} does not have"
        if xorb.chunks.unpacked_bytes(term.start, term.end) != term.unpacked_bytes:
            return f"term {at} has another size than its chunks"
        if checking.is_deep:
            packed = xorb.chunks.hashes(term.start, term.end)
            for number, size in enumerate(xorb.chunks.sizes(term.start, term.end).tolist()):
                tree.add(packed[number * 32 : number * 32 + 32], size)
    return _hash_fault(tree, file) if checking.is_deep else None


def _hash_fault(tree: hashes.MergeTree, file: _File) -> str | None:
    made = hashes.file_hash(tree.root()) if len(file.terms) else hashes.EMPTY_FILE_HASH
    named = file.of_hash or file.hash
    return None if hashes.to_text(made) == named else "the terms make another file"


def _bytes_fault(checking: Checking, file: _File) -> str | None:
    """What is wrong with the bytes, unless a xorb was already told to be lost."""
    digest = hashlib.sha256()
    shelf = Shelf(checking.database, checking.blobs)
    try:
        for chunk in read_chunks(shelf, file.terms, 0, file.size_bytes):
            digest.update(chunk)
    except StorageFailed as error:
        for name in {term.xorb for term in file.terms}:
            xorb = shelf.find(name)
            if checking.findings.is_broken(name):
                return None
            if xorb is not None and checking.findings.is_broken(xorb.blob.sha256):
                return None
        return error.message
    if digest.hexdigest() != file.sha256:
        return f"the bytes have SHA-256 {digest.hexdigest()}, the row says {file.sha256}"
    return None


def _check_links(checking: Checking, file: _File) -> None:
    """The rows that keep the file's xorbs say what the terms say."""
    needed = {term.xorb for term in file.terms}
    with checking.database.read() as conn:
        query = sa.select(_links.xorb_hash).where(_links.file_hash == file.hash)
        kept = set(conn.execute(query).scalars())
    if needed != kept and _is_still(checking, file):
        told = f"{len(needed - kept)} rows that keep its xorbs are missing, {len(kept - needed)} "
        anew = partial(_links_anew, file=file)
        checking.report(
            Fault.FILE_LINKS,
            file.hash,
            told + "are wrong",
            anew,
            partial(_whose, sha256=file.sha256),
        )


def _links_anew(repairs: Repairs, file: _File) -> str | None:
    needed = sorted({term.xorb for term in file.terms})
    with repairs.database.write() as conn:
        locked = sa.select(xet_files.c.terms).where(xet_files.c.hash == file.hash)
        packed = conn.execute(locked.with_for_update()).scalar_one_or_none()
        if packed is None or bytes(packed) != file.terms.packed:
            return None
        for some in in_chunks(needed):
            held = sa.select(xorbs.c.hash).where(xorbs.c.hash.in_(some))
            if len(conn.execute(held.with_for_update(read=True, key_share=True)).all()) < len(some):
                return None
        conn.execute(xet_file_xorbs.delete().where(_links.file_hash == file.hash))
        rows = [{"file_hash": file.hash, "xorb_hash": xorb} for xorb in needed]
        insert_ignore(conn, xet_file_xorbs, rows)
    return "they were made anew from its terms"


def _drop_form(repairs: Repairs, file: _File) -> str | None:
    """Let go of a wrong Xet form, where the whole file is a blob."""
    same = large_files.c.sha256 == file.sha256
    with repairs.database.read() as conn:
        row = conn.execute(sa.select(large_files).where(same)).one_or_none()
    if row is None:
        return None  # nobody's: the sweep takes it
    promise = Promise(row.sha256, row.size_bytes)
    is_blob = row.is_blob and fault_of(repairs.blobs, promise, is_deep=True) is None
    if not is_blob and repairs.whole_file(row.sha256, row.size_bytes) is None:
        return None
    with repairs.database.write() as conn:
        conn.execute(xet_files.delete().where(xet_files.c.hash == file.hash))
        named = large_files.update().where(same, large_files.c.xet_hash == file.hash)
        conn.execute(named.values(xet_hash=None))
        view_later(conn, file.sha256)
    return "its chunks are made anew from the whole file"


def _whose(conn: sa.Connection, sha256: str) -> Concerns:
    return concerns.of_large_file(conn, sha256)
