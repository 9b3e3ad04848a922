"""What was downloaded, as entries of the log: who, which revision, when, under which terms.

Folded: what one user took of one revision by one way within an hour is one entry, with the paths of
the first files; what strangers took of it is one, too. How often strangers came is counted by the
catalogue, not here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.audit_log.acting import Actor
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.entries import Value
from paddock.hub.audit_log.noting import MAX_ITEMS, Draft, append_at_end
from paddock.hub.lookup import to_repository
from paddock.hub.tables import access_grants, accounts, repositories
from paddock.hub.types import Repository
from paddock.storage.sql import in_chunks


class Fold(NamedTuple):
    """What makes downloads one entry."""

    window: int  # the hour, counted from 1970
    repo_id: int
    user_id: int | None  # None: strangers
    way: str
    commit_oid: str | None


def note_downloads(conn: sa.Connection, taken: Mapping[Fold, Collection[str]]) -> None:
    """Note these with the paths that were taken, of repositories that are still there."""
    if not taken:
        return
    repos = _repositories(conn, {fold.repo_id for fold in taken})
    names = _names(conn, {fold.user_id for fold in taken if fold.user_id is not None})
    drafts = []
    for fold, paths in sorted(taken.items(), key=lambda item: repr(item[0])):
        if (repo := repos.get(fold.repo_id)) is not None:
            grant = _grant(conn, fold) if repo.gated and fold.user_id else None
            drafts.append(_draft(fold, repo, names.get(fold.user_id or 0), paths, grant))
    if drafts:
        append_at_end(conn, drafts)


def _draft(
    fold: Fold, repo: Repository, name: str | None, paths: Collection[str], grant: str | None
) -> Draft:
    files = sorted(path[:500] for path in paths)
    fields: dict[str, Value] = {
        "repository": f"{repo.kind}s/{repo.full_name}",
        "revision": fold.commit_oid,
        "hour": fold.window,
        "by": fold.way,
        "files": files[:MAX_ITEMS],
        "file_count": len(files),
        **_terms(repo),
        "grant": grant,
    }
    who = Actor(fold.user_id, name, "download")
    told = {key: value for key, value in fields.items() if value not in (None, [], 0)}
    return Draft(Act.DOWNLOAD, who, repo.id, None, told)


def _terms(repo: Repository) -> dict[str, Value]:
    """Under which terms it could be read."""
    stage = "private" if repo.is_private else f"gated {repo.gated}" if repo.gated else "open"
    licence = (repo.card or {}).get("license")
    named = licence if isinstance(licence, str) else None
    return {"stage": stage, "licence": named[:100] if named else None}


def _repositories(conn: sa.Connection, ids: Collection[int]) -> dict[int, Repository]:
    found = {}
    for some in in_chunks(sorted(ids)):
        query = sa.select(repositories).where(repositories.c.id.in_(some))
        found.update({row["id"]: to_repository(row) for row in conn.execute(query).mappings()})
    return found


def _names(conn: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in in_chunks(sorted(ids)):
        query = sa.select(accounts.c.id, accounts.c.name).where(accounts.c.id.in_(some))
        found.update((row.id, row.name) for row in conn.execute(query))
    return found


def _grant(conn: sa.Connection, fold: Fold) -> Any:
    c = access_grants.c
    query = sa.select(c.public_id).where(c.repo_id == fold.repo_id, c.user_id == fold.user_id)
    return conn.execute(query).scalar_one_or_none()
