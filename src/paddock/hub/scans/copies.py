"""A content as a file on disk, for a scanner that reads files.

Knows where bytes are and how much may be copied. What is one piece on this machine is scanned where
it lies; anything else is copied to a temporary file, up to a bound, and only where there is room.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from paddock.errors import NotFound, PaddockError, Unavailable
from paddock.hub.context import Hub
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.large.content import Content, ContentMissing, open_content
from paddock.hub.types import FileEntry, Repository
from paddock.storage.errors import StorageFailed, os_errors

NOT_HERE = "its bytes are not on this hub"
_LEFT_FREE_BYTES = 1 << 30
_SMALL_BYTES = 64 << 20  # a copy of which hurts no disk that works at all


class CannotLook(PaddockError):
    """A content that is not looked at, and why: it stays unscanned."""

    code = "scan_impossible"


class NoRoomToScan(Unavailable):
    """There is no room for a copy now."""

    code = "scan_no_room"


@contextmanager
def on_disk(hub: Hub, repo: Repository, entry: FileEntry) -> Iterator[Path]:
    """A file with the entry's bytes; raises CannotLook, NoRoomToScan."""
    try:
        with hub.database.read() as conn:
            content = open_content(hub, repo, entry, conn)
    except (ContentMissing, NotFound) as e:
        raise CannotLook(NOT_HERE) from e
    if content.local_path is not None:
        yield content.local_path
        return
    _check_bounds(hub, content)
    with tempfile.NamedTemporaryFile(prefix="paddock-scan-") as copy:
        _copy(content, copy)
        yield Path(copy.name)


def _copy(content: Content, target: IO[bytes]) -> None:
    try:
        with os_errors("copying a file to scan it"):
            for piece in content.read(0, content.size_bytes):
                stop_here_if_asked()
                target.write(piece)
            target.flush()
    except StorageFailed as e:
        raise CannotLook(f"its bytes cannot be read: {e.message}") from e


def _check_bounds(hub: Hub, content: Content) -> None:
    if content.size_bytes > hub.scans.copy_bytes:
        raise CannotLook(
            f"it has {content.size_bytes} bytes and would have to be copied to be scanned, which "
            f"this hub does up to {hub.scans.copy_bytes} bytes"
        )
    folder = tempfile.gettempdir()
    wanted = content.size_bytes + _LEFT_FREE_BYTES if content.size_bytes > _SMALL_BYTES else 0
    if shutil.disk_usage(folder).free < wanted:
        raise NoRoomToScan(
            f"{content.size_bytes} bytes cannot be copied to {folder}",
            hint="make room there, or name another folder with the variable TMPDIR",
        )
