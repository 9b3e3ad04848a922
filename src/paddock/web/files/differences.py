"""Two revisions side by side: which files differ, and, for those who may read them, how.

Knows trees and who may have which bytes; the text of a diff is the hub's own, as in pull requests.
What a scan withholds is named and not shown.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from paddock.hub.discussions.diffs import ReadBlob, as_text, list_changes
from paddock.hub.discussions.shown_diffs import blob_reader, diff_for
from paddock.hub.git.files import read_trees, tree_oid_of
from paddock.hub.git.trees import EMPTY_TREE_OID
from paddock.hub.scans import leaving
from paddock.web.files.diff_view import DiffView, view_diff
from paddock.web.files.opened import Opened
from paddock.web.files.plain_text import shown_name

MAX_PATHS: Final = 500


class Differences(NamedTuple):
    """The diff; for those who may not read the files, ``paths`` and why that is all."""

    diff: DiffView | None
    paths: list[str]
    why_not: str | None


def differences(opened: Opened, old_oid: str | None, new_oid: str) -> Differences:
    """What changed between two commits; None is before the first."""
    conn, repo = opened.conn, opened.repo
    why_not = None if opened.may_read else "The changes are for those who may read the files."
    try:
        if why_not is None:
            return Differences(view_diff(diff_for(opened.asking, old_oid, new_oid)), [], None)
    except leaving.FileUnscanned as e:
        why_not = e.message
    old = EMPTY_TREE_OID if old_oid is None else tree_oid_of(conn, repo, old_oid)
    new = tree_oid_of(conn, repo, new_oid)
    trees = partial(read_trees, conn, repo.id)
    paths = [shown_name(change.path) for change in islice(list_changes(trees, old, new), MAX_PATHS)]
    return Differences(None, paths, why_not)


def text_reader(opened: Opened) -> ReadBlob:
    """Reads blobs by their ids, but for those that are no texts or withheld from the visitor."""
    read = blob_reader(opened.asking)

    def read_text(oid: str) -> bytes | None:
        content = read(oid)
        return as_text(content) if content is not None else None

    return read_text
