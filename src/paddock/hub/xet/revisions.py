"""The revision that a Xet token was asked for, and whether the token still stands with it.

A token for a branch, a tag or a pull request ends when that is deleted, one that writes to a pull
request also when the pull request is over. A commit stays as long as a ref leads to it, and longer.
Tokens that open a pull request, and those of a git-lfs batch (whose branch git is about to make),
are bound to the repository alone.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.discussions import contributing
from paddock.hub.git import refs
from paddock.hub.types import Caller, Repository
from paddock.hub.xet.access import XetAccess


def check(conn: sa.Connection, caller: Caller, repo: Repository, allowed: XetAccess) -> None:
    """Raise RevisionNotFound, Forbidden or NotNow for a token whose revision has gone."""
    if not allowed.revision:
        return
    if allowed.may_write:
        contributing.require_ref(conn, caller, repo, refs.branch_ref(allowed.revision))
    refs.resolve_revision(conn, repo, allowed.revision)
