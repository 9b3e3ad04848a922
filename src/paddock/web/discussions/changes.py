"""What a pull request changes: its commits, and its files line by line.

For those who may read the files; everyone else is told so. What a scan rejected, or what the gate
keeps, is not shown to those who could not download it either (``hub.scans.leaving``).
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.access import require_content
from paddock.hub.context import Hub, HubDep
from paddock.hub.discussions import comparing
from paddock.hub.discussions.rules import DiscussionNotFound
from paddock.hub.discussions.shown_diffs import diff_for
from paddock.hub.discussions.values import Discussion
from paddock.hub.git.history import CommitEntry
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Repository
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.discussions.comment_form import THREAD
from paddock.web.discussions.large_changes import Split, split_large
from paddock.web.discussions.shown import author_name
from paddock.web.discussions.thread import open_thread
from paddock.web.files.diff_view import view_diff
from paddock.web.files.plain_text import shown_name
from paddock.web.forms import sentence
from paddock.web.page_routes import page_router

router = page_router()


class _Changes(NamedTuple):
    """What may be shown, or why nothing may."""

    commits: list[CommitEntry]
    split: Split | None
    hindrance: str | None


@router.get(THREAD + "/files")
def show_changes(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str) -> Response:
    """The commits and the diff of a pull request."""
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
        found = opened.discussion
        if found.proposal is None:
            raise DiscussionNotFound(f"discussion {found.num} is no pull request")
        changes = _changes(hub, conn, visitor, opened.shell.repo, found)
    return visitor.show(
        "discussions/files.html",
        shell=opened.shell,
        discussion=found,
        author=author_name(found.author),
        commits=[(entry.oid, shown_name(entry.title), entry) for entry in changes.commits],
        diff=changes.split.diff if changes.split else None,
        large=changes.split.large if changes.split else [],
        hindrance=changes.hindrance,
    )


def _changes(
    hub: Hub, conn: sa.Connection, visitor: Visitor, repo: Repository, found: Discussion
) -> _Changes:
    compared = comparing.compare(conn, repo, found)
    if compared is None:
        return _Changes([], None, "The commits of this pull request are gone.")
    commits = comparing.list_commits(conn, repo, compared)
    try:
        require_content(conn, visitor.caller, repo)
        text = diff_for(Asking(hub, conn, visitor.caller, repo), compared.fork, compared.head)
    except PaddockError as e:
        return _Changes(commits, None, sentence(e))
    return _Changes(commits, split_large(view_diff(text)), None)
