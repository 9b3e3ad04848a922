"""Which revisions an advisory is about, by where their commits are in the history.

A revision is affected if the first affected one leads to it (or is it), and no fix is in it; where
a last affected one is named, if it leads there. What history cannot tell, because a branch was
squashed, counts as affected: a warning too many is the smaller fault.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.advisories.values import Affected, Bound
from paddock.hub.discussions import ancestry
from paddock.hub.git import refs
from paddock.hub.tables import commits
from paddock.hub.types import Repository

MAX_TAGS = 200  # looked at, by name


def is_affected(conn: sa.Connection, repo: Repository, affected: Affected, commit_oid: str) -> bool:
    """Whether the advisory is about this revision."""
    first, last, fixed = affected.first, affected.last, affected.fixed
    if fixed is not None and leads_to(conn, repo, fixed.commit_oid, commit_oid):
        return False
    if first is not None and not _is_since(conn, repo, first, commit_oid):
        return False
    if last is None or not _is_there(conn, repo, last.commit_oid):
        return True
    return leads_to(conn, repo, commit_oid, last.commit_oid)


def affected_tags(conn: sa.Connection, repo: Repository, affected: Affected) -> list[str]:
    """The tags of affected revisions, by name."""
    tags = [ref for ref in refs.list_refs(conn, repo) if ref.name.startswith(refs.TAGS)]
    judged: dict[str, bool] = {}
    found = []
    for tag in tags[:MAX_TAGS]:
        oid = tag.commit_oid
        if oid not in judged:
            judged[oid] = is_affected(conn, repo, affected, oid)
        if judged[oid]:
            found.append(tag.name.removeprefix(refs.TAGS))
    return found


def leads_to(conn: sa.Connection, repo: Repository, older: str, newer: str) -> bool:
    """Whether the newer commit is the older one, or has it in its history."""
    if older == newer:
        return True
    heights = _heights(conn, repo, older, newer)
    if older not in heights or heights.get(newer, 0) <= heights[older]:
        return False
    return ancestry.merge_base(conn, repo, older, newer) == older


def _is_since(conn: sa.Connection, repo: Repository, first: Bound, commit_oid: str) -> bool:
    is_known = _is_there(conn, repo, first.commit_oid)
    return not is_known or leads_to(conn, repo, first.commit_oid, commit_oid)


def _is_there(conn: sa.Connection, repo: Repository, oid: str) -> bool:
    return bool(_heights(conn, repo, oid))


def _heights(conn: sa.Connection, repo: Repository, *oids: str) -> dict[str, int]:
    c = commits.c
    query = sa.select(c.oid, c.height).where(c.repo_id == repo.id, c.oid.in_(oids))
    return {row.oid: row.height for row in conn.execute(query)}
