"""Which reports are fixed in what a page shows: in its own revision, or in one that leads to it."""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.advisories.affected import leads_to
from paddock.hub.reports import fixes
from paddock.hub.reports.fixes import Fixed
from paddock.hub.types import Caller, Repository

MAX_REVISIONS = 20


def fixed_until(
    conn: sa.Connection, caller: Caller, repo: Repository, commit_oid: str | None
) -> list[Fixed]:
    """The revisions in the history of this one that fixed something, the latest fix first."""
    if commit_oid is None:
        return []
    some = fixes.fixes(conn, caller, repo)[:MAX_REVISIONS]
    return [one for one in some if leads_to(conn, repo, one.commit_oid, commit_oid)]
