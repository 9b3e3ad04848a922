"""What changed between two commits, told to somebody who may read the files.

Knows who may have which bytes: what a scan withholds is named and not shown. Files whose lines are
shown were given away, so they are in the log of downloads.
"""

from __future__ import annotations

from functools import partial

from paddock.hub.discussions.diffs import MAX_FILE_BYTES, Change, ReadBlob, render_diff
from paddock.hub.download_log.noting import DIFF
from paddock.hub.download_log.paths import Wanted
from paddock.hub.git.files import read_trees, tree_oid_of
from paddock.hub.git.objects import blob_facts, read_object
from paddock.hub.git.trees import EMPTY_TREE_OID
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking


def diff_for(asking: Asking, old_oid: str | None, new_oid: str) -> str:
    """The diff between two commits, as text for ``git apply``; None is before the first.

    Raises FileUnscanned, TooLarge.
    """
    conn, repo, hub = asking.conn, asking.repo, asking.hub
    old = EMPTY_TREE_OID if old_oid is None else tree_oid_of(conn, repo, old_oid)
    new = tree_oid_of(conn, repo, new_oid)
    rendered = render_diff(partial(read_trees, conn, repo.id), blob_reader(asking), old, new)
    for change in _given_away(asking, rendered.shown):
        wanted = Wanted(new_oid if change.new else old_oid, change.path)
        hub.download_log.note(hub.database, asking.caller, repo, DIFF, wanted)
    return rendered.text


def _given_away(asking: Asking, shown: list[Change]) -> list[Change]:
    """Those of which more is shown than how large they are, which is all that a pointer says."""
    sides = [[entry.oid for entry in (one.old, one.new) if entry] for one in shown]
    oids = sorted({oid for side in sides for oid in side})
    facts = blob_facts(asking.conn, asking.repo.id, oids)
    pointers = {oid for oid, fact in facts.items() if fact.pointer is not None}
    return [one for one, side in zip(shown, sides, strict=True) if not pointers.issuperset(side)]


def blob_reader(asking: Asking) -> ReadBlob:
    """Reads blobs by their ids, but for those that are withheld from whoever asks."""
    conn, repo, blobs = asking.conn, asking.repo, asking.hub.blobs
    withheld = leaving.withheld(asking)

    def read(oid: str) -> bytes | None:
        stored = None if oid in withheld else read_object(conn, repo.id, oid)
        if stored is None or stored.size_bytes > MAX_FILE_BYTES:
            return None
        if stored.content is not None:
            return stored.content
        return b"".join(blobs.read(stored.blob_sha256 or ""))

    return read
