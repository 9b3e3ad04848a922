"""A whole check of the store, stage by stage; it may run beside a server, and be interrupted.

Each stage goes through its things by key, so a check that ended early goes on after the last one.
What is found is looked at twice where rows may go meanwhile. Memory does not grow with the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from paddock.hub.fsck.blobs import check_blobs
from paddock.hub.fsck.checkers import Check, Checking
from paddock.hub.fsck.files import check_files
from paddock.hub.fsck.git import check_git
from paddock.hub.fsck.large import check_large
from paddock.hub.fsck.progress import Place, ProgressFile
from paddock.hub.fsck.xorbs import check_xorbs
from paddock.hub.xet import generations

STAGES: tuple[tuple[str, Check], ...] = (
    ("blobs", check_blobs),
    ("xorbs", check_xorbs),
    ("files", check_files),
    ("large", check_large),
    ("git", check_git),
)
BEGINNING = Place("", "")
_SAVE_SECONDS = 2.0

Note = Callable[[Place], None]


def check_store(
    checking: Checking,
    progress: ProgressFile | None = None,
    begin: Place = BEGINNING,
    note: Note | None = None,
) -> None:
    """Check everything from ``begin`` on; ``checking.findings`` has the outcome.

    Raises StorageFailed when the store or the database gives no answer.
    """
    names = [name for name, _ in STAGES]
    first = names.index(begin.stage) if begin.stage in names else 0
    for name, check in STAGES[first:]:
        after = begin.after if name == begin.stage else ""
        saved = time.monotonic()
        for key in check(checking, after):
            after = key
            if time.monotonic() - saved >= _SAVE_SECONDS:
                saved = time.monotonic()
                _keep(checking, progress, Place(name, key), note)
        _keep(checking, progress, Place(name, after), note)
    if checking.repairs is not None and not checking.findings.is_whole:
        with checking.database.write() as conn:  # clients send again what they believe to be here
            generations.renew(conn)
    if progress is not None:
        progress.forget()


def _keep(
    checking: Checking, progress: ProgressFile | None, place: Place, note: Note | None
) -> None:
    if progress is not None:
        progress.save(place, checking.findings)
    if note is not None:
        note(place)
