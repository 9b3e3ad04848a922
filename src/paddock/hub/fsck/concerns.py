"""Which repositories and files something stored belongs to, so that a loss has names.

Reads rows only. Large files are known by the path at which they were committed first; a git blob by
its path at the tip of main, if it is there still.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.attachments.tables import attachments
from paddock.hub.fsck.findings import MAX_CONCERNS, Concern, Concerns
from paddock.hub.git import files, refs
from paddock.hub.large.tables import xet_file_xorbs, xorb_variants
from paddock.hub.lookup import to_repository
from paddock.hub.tables import (
    accounts,
    git_objects,
    large_files,
    repositories,
    repository_large_files,
    xet_files,
    xorbs,
)
from paddock.hub.types import Kind, Repository

_links = repository_large_files.c


def of_blob(conn: sa.Connection, sha256: str) -> Concerns:
    """Files whose bytes are in the blob."""
    whole = sa.select(large_files.c.sha256).where(
        large_files.c.sha256 == sha256, large_files.c.is_blob
    )
    forms = sa.select(xorb_variants.c.xorb_hash).where(xorb_variants.c.blob_sha256 == sha256)
    in_xorbs = (xorbs.c.blob_sha256 == sha256) | xorbs.c.hash.in_(forms)
    held = _holders(conn, whole.union(_made_of(in_xorbs)))
    in_git = _git_holders(conn, sha256)
    owners = (
        sa.select(accounts.c.name, attachments.c.name.label("path"))
        .join(attachments, attachments.c.uploader_id == accounts.c.id)
        .where(attachments.c.sha256 == sha256)
    )
    attached = [Concern(row.name, f"attachment {row.path}") for row in conn.execute(owners)]
    some = (*held.some, *in_git, *attached)
    return Concerns(some[:MAX_CONCERNS], held.total + len(in_git) + len(attached))


def of_xorb(conn: sa.Connection, xorb_hash: str) -> Concerns:
    """Files that are made of the xorb."""
    return _holders(conn, _made_of(xorbs.c.hash == xorb_hash))


def of_large_file(conn: sa.Connection, sha256: str) -> Concerns:
    """Repositories that hold the file."""
    same = sa.select(large_files.c.sha256).where(large_files.c.sha256 == sha256)
    return _holders(conn, same)


def of_git_object(conn: sa.Connection, repo_id: int, oid: str) -> Concerns:
    """The repository, and the path at main's tip."""
    repo = _repository(conn, repo_id)
    if repo is None:
        return Concerns()
    return Concerns((Concern(address_of(repo), _path_of(conn, repo, oid)),), 1)


def address_of(repo: Repository) -> str:
    """As a person writes it: ``datasets/anna/data``."""
    return f"{repo.kind.url_prefix}{repo.full_name}"


def _made_of(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """SHA-256 of large files of which a xorb is part and that are no blob as well."""
    return (
        sa.select(xet_files.c.sha256)
        .join(xet_file_xorbs, xet_file_xorbs.c.file_hash == xet_files.c.hash)
        .join(xorbs, xorbs.c.hash == xet_file_xorbs.c.xorb_hash)
        .where(which)
    )


def _holders(conn: sa.Connection, sha256s: Any) -> Concerns:
    which = _links.sha256.in_(sha256s)
    count = sa.select(sa.func.count()).select_from(repository_large_files).where(which)
    rows = (
        sa.select(repositories.c.kind, repositories.c.full_name, _links.filename)
        .join(repository_large_files, _links.repo_id == repositories.c.id)
        .where(which)
        .order_by(repositories.c.full_name, _links.filename)
    )
    some = [
        Concern(f"{Kind(row.kind).url_prefix}{row.full_name}", row.filename)
        for row in conn.execute(rows.limit(MAX_CONCERNS))
    ]
    return Concerns(tuple(some), int(conn.execute(count).scalar_one()))


def _git_holders(conn: sa.Connection, sha256: str) -> list[Concern]:
    query = sa.select(git_objects.c.repo_id, git_objects.c.oid)
    found = conn.execute(query.where(git_objects.c.blob_sha256 == sha256).limit(MAX_CONCERNS)).all()
    return [one for row in found for one in of_git_object(conn, row.repo_id, row.oid).some]


def _repository(conn: sa.Connection, repo_id: int) -> Repository | None:
    row = conn.execute(repositories.select().where(repositories.c.id == repo_id))
    found = row.mappings().one_or_none()
    return None if found is None else to_repository(found)


def _path_of(conn: sa.Connection, repo: Repository, oid: str) -> str | None:
    tip = refs.find_ref(conn, repo, refs.MAIN)
    if tip is None:
        return None
    try:
        paths = (one.path for one in files.all_files(conn, repo, tip.commit_oid) if one.oid == oid)
        return next(paths, None)
    except Exception:  # a tree of it may be what is damaged
        return None
