"""Which repositories need a blob: for a large file, a xorb of one, a git object, a kept pack.

Knows rows. A repository that holds a file needs every blob that its bytes are in, however small a
part of a blob that is: a blob goes as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from paddock.hub.git_http.tables import kept_packs
from paddock.hub.large.tables import xet_file_xorbs, xet_own_terms, xorb_variants
from paddock.hub.tables import (
    git_objects,
    large_files,
    repository_large_files,
    xet_files,
    xorbs,
)
from paddock.storage.sql import in_chunks

_links = repository_large_files.c


def holders(conn: sa.Connection, sha256s: Sequence[str]) -> dict[str, set[int]]:
    """The repositories that need each of the blobs; those that none needs are left out."""
    found: dict[str, set[int]] = {}
    for some in in_chunks(sha256s):
        for query in _queries(some):
            for sha256, repo_id in conn.execute(query):
                found.setdefault(sha256, set()).add(repo_id)
    return found


def _queries(sha256s: Sequence[str]) -> tuple[sa.Select[Any], ...]:
    whole = (
        sa.select(_links.sha256, _links.repo_id)
        .join(large_files, large_files.c.sha256 == _links.sha256)
        .where(_links.sha256.in_(sha256s), large_files.c.is_blob)
    )
    # Other terms of a file are needed by those alone who see it so.
    own = sa.exists().where(
        xet_own_terms.c.own_hash == xet_files.c.hash, xet_own_terms.c.repo_id == _links.repo_id
    )
    in_chunks_of = (
        sa.select(xorbs.c.blob_sha256, _links.repo_id)
        .distinct()
        .join(xet_file_xorbs, xet_file_xorbs.c.xorb_hash == xorbs.c.hash)
        .join(xet_files, xet_files.c.hash == xet_file_xorbs.c.file_hash)
        .join(repository_large_files, _links.sha256 == xet_files.c.sha256)
        .where(xorbs.c.blob_sha256.in_(sha256s), xet_files.c.of_hash.is_(None) | own)
    )
    in_git = sa.select(git_objects.c.blob_sha256, git_objects.c.repo_id).where(
        git_objects.c.blob_sha256.in_(sha256s)
    )
    packed = sa.select(kept_packs.c.blob_sha256, kept_packs.c.repo_id).where(
        kept_packs.c.blob_sha256.in_(sha256s)
    )
    variants = sa.select(xorb_variants.c.blob_sha256, xorb_variants.c.repo_id).where(
        xorb_variants.c.blob_sha256.in_(sha256s)
    )
    return whole, in_chunks_of, in_git, packed, variants
