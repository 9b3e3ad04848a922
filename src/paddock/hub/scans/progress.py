"""How far repositories were looked at, as rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.git.recent_roots import tree_of
from paddock.hub.scans import contents, recording, refusals
from paddock.hub.scans.requests import scan_tree_later
from paddock.hub.scans.tables import file_scans, repository_scans
from paddock.hub.tables import large_files, repositories, repository_large_files
from paddock.hub.types import Repository

_row = repository_scans.c
_MOST_UNCOMMITTED = 1000


def done(conn: sa.Connection, repo: Repository, scanner: str) -> list[str]:
    """Commits whose files this scanner knows, with those of their ancestors."""
    query = sa.select(_row.done).where(_row.repo_id == repo.id, _row.scanner == scanner)
    return list(conn.execute(query).scalar_one_or_none() or [])


def note(hub: Hub, repo: Repository, commits: Sequence[str], scanner: str) -> None:
    """It came this far."""
    with hub.database.write() as conn:
        if recording.find_repository(conn, repo.id, lock=True) is not None:
            _keep(conn, repo.id, commits, scanner, is_current=False)


def finish(hub: Hub, repo: Repository, tips: Sequence[str], scanner: str) -> None:
    """Everything that these tips lead to was looked at, or has a job that will."""
    with hub.database.write() as conn:
        here = recording.find_repository(conn, repo.id, lock=True)
        if here is None:
            return
        now = contents.tip_commits(conn, here)
        trees = [tree for oid in now if (tree := tree_of(conn, repo.id, oid)) is not None]
        refusals.tidy(conn, repo.id, trees)
        kept = list(tips) if len(tips) <= contents.MAX_DONE else []
        _keep(conn, repo.id, kept, scanner, is_current=set(now) <= set(tips))
        scan_tree_later(conn, repo.id)


def missing(conn: sa.Connection, scanner: str, limit: int) -> list[int]:
    """Repositories that this scanner did not finish with, those changed last first."""
    query = (
        sa.select(repositories.c.id)
        .outerjoin(repository_scans, _row.repo_id == repositories.c.id)
        .where(sa.or_(_row.repo_id.is_(None), _row.scanner != scanner, ~_row.is_current))
        .order_by(repositories.c.updated_at.desc(), repositories.c.id)
    )
    return list(conn.execute(query.limit(limit)).scalars())


def unlooked_large(conn: sa.Connection, repo_id: int) -> list[tuple[str, int]]:
    """Large files that no commit named and nobody looked at, with their sizes."""
    links = repository_large_files.c
    known = sa.exists().where(file_scans.c.etag == links.sha256)
    query = (
        sa.select(links.sha256, large_files.c.size_bytes)
        .join(large_files, large_files.c.sha256 == links.sha256)
        .where(links.repo_id == repo_id, links.filename.is_(None), ~known)
    )
    rows = conn.execute(query.order_by(links.sha256).limit(_MOST_UNCOMMITTED))
    return [(sha256, size_bytes) for sha256, size_bytes in rows]


def _keep(
    conn: sa.Connection, repo_id: int, commits: Sequence[str], scanner: str, *, is_current: bool
) -> None:
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    values = {
        "done": list(commits),
        "scanner": scanner,
        "is_current": is_current,
        "looked_at": clock.now(),
    }
    insert = dialect.insert(repository_scans).values(repo_id=repo_id, **values)
    conn.execute(insert.on_conflict_do_update(index_elements=["repo_id"], set_=values))
