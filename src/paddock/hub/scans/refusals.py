"""Which contents of a repository a scan rejected: for questions about all of it.

Kept by the job that looks at the repository. Between a push and that look, what is known of the new
contents from elsewhere counts: nobody gets round a verdict by committing the same bytes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.scans.tables import file_scans, repository_scans, scan_refusals
from paddock.hub.scans.verdicts import REJECT, UNSCANNED, name_of
from paddock.hub.tables import git_objects, repository_large_files
from paddock.storage.sql import in_chunks, insert_new

_refused = scan_refusals.c


class Refusal(NamedTuple):
    """A content that is rejected here; ``tree_oid`` is empty unless only that revision is why."""

    etag: str
    path: str
    tree_oid: str = ""


def is_refused(conn: sa.Connection, repo_id: int, etag: str) -> bool:
    """Whether the look at this repository found the content rejected under any name."""
    query = sa.select(_refused.etag).where(_refused.repo_id == repo_id, _refused.etag == etag)
    return conn.execute(query.limit(1)).first() is not None


def suspected(conn: sa.Connection, repo_id: int, etags: Iterable[str]) -> set[str]:
    """Those of the contents that were rejected under any name, or here: worth a closer look."""
    found: set[str] = set()
    for some in in_chunks(sorted(set(etags))):
        known = sa.select(file_scans.c.etag).where(
            file_scans.c.etag.in_(some), file_scans.c.verdict == REJECT
        )
        here = sa.select(_refused.etag).where(_refused.repo_id == repo_id, _refused.etag.in_(some))
        found.update(conn.execute(sa.union(known, here)).scalars())
    return found


def is_current(conn: sa.Connection, repo_id: int) -> bool:
    """Whether everything that the refs lead to was looked at."""
    query = sa.select(repository_scans.c.is_current).where(repository_scans.c.repo_id == repo_id)
    return bool(conn.execute(query).scalar_one_or_none())


def has_unscanned(conn: sa.Connection, repo_id: int) -> bool:
    """Whether the repository has a large file that no scan has finished."""
    links = repository_large_files.c
    known = sa.exists().where(file_scans.c.etag == links.sha256, file_scans.c.verdict != UNSCANNED)
    query = sa.select(links.sha256).where(links.repo_id == repo_id, ~known)
    return conn.execute(query.limit(1)).first() is not None


def refused_in(conn: sa.Connection, repo_id: int, *, is_current: bool) -> dict[str, str]:
    """Every rejected content of the repository, with a path of it, empty where none is known."""
    query = sa.select(_refused.etag, _refused.path).where(_refused.repo_id == repo_id)
    found = {etag: path for etag, path in conn.execute(query)}
    if not is_current:
        found = {**_known_elsewhere(conn, repo_id), **found}
    return found


def add(conn: sa.Connection, repo_id: int, refused: Iterable[Refusal]) -> set[str]:
    """Remember these as well; the contents that were not refused here before."""
    rows = {
        (one.etag, name_of(one.path), one.tree_oid): {
            "repo_id": repo_id,
            "name": name_of(one.path),
            **one._asdict(),
        }
        for one in refused
    }
    return set(insert_new(conn, scan_refusals, list(rows.values()), _refused.etag))


def drop_of_tree(conn: sa.Connection, repo_id: int, tree_oid: str) -> set[str]:
    """Forget the contradictions of a revision, which is looked at anew; the contents in them."""
    here = (_refused.repo_id == repo_id) & (_refused.tree_oid == tree_oid)
    gone = scan_refusals.delete().where(here).returning(_refused.etag)
    return set(conn.execute(gone).scalars())


def tidy(conn: sa.Connection, repo_id: int, trees: Sequence[str]) -> None:
    """Forget those that a later scan takes back, and contradictions in revisions no ref is at."""
    same = (file_scans.c.etag == _refused.etag) & (file_scans.c.name == _refused.name)
    still = sa.exists().where(same, file_scans.c.verdict == REJECT)
    here = _refused.repo_id == repo_id
    conn.execute(scan_refusals.delete().where(here, _refused.tree_oid == "", ~still))
    left = _refused.tree_oid.not_in([*trees, ""])
    conn.execute(scan_refusals.delete().where(here, left))


def _known_elsewhere(conn: sa.Connection, repo_id: int) -> dict[str, str]:
    """Contents that this repository holds and that were rejected under any name, anywhere."""
    rejected = sa.select(file_scans.c.etag).where(file_scans.c.verdict == REJECT).distinct()
    worst = rejected.subquery()
    of_git = sa.select(git_objects.c.oid).join(worst, worst.c.etag == git_objects.c.oid)
    links = repository_large_files
    of_large = sa.select(links.c.sha256, links.c.filename).join(
        worst, worst.c.etag == links.c.sha256
    )
    found = dict.fromkeys(
        conn.execute(of_git.where(git_objects.c.repo_id == repo_id)).scalars(), ""
    )
    rows = conn.execute(of_large.where(links.c.repo_id == repo_id))
    return found | {sha256: path or "" for sha256, path in rows}
