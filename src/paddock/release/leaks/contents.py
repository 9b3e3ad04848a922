"""Everything that is in a folder: its files, hidden ones too, and what archives in them hold.

Uses the scanner's bounded openers, and dulwich for git's packs; nothing is executed. A member is
unpacked to disk, looked at and removed. What cannot be opened is told, never passed over.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.archives.zips import open_zip
from paddock.checkpoint.scan.checks import OPENERS
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.identify import identify
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.looking import HEAD_BYTES, Budget, Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.scanning import look_at
from paddock.checkpoint.scan.walking import walk
from paddock.errors import PaddockError, shown
from paddock.release.leaks.git_packs import is_object, is_pack, open_object, open_pack
from paddock.release.leaks.report import Unread
from paddock.release.leaks.tables import open_parquet

LIMITS: Final = Limits(
    seconds=3600, bytes_per_second=1_000_000, unpacked_bytes=16 << 30, members=200_000, nesting=6
)
# What an opener says of a member that it does not hand out.
_CLOSED: Final = {"archive_not_read", "archive_bomb", "hidden_bytes", "archive_link", "duplicate"}
_NEVER_OPENED: Final = frozenset({Kind.SEVEN_ZIP, Kind.RAR, Kind.OTHER_ARCHIVE})

Opener = Callable[[Look], Iterator[Reason | Inner]]


def parts(root: Path, prefix: str = "") -> Iterator[Look | Unread]:
    """Every file at and below ``root`` and everything inside it, the outer before the inner.

    Names begin with ``prefix``.
    """
    found = walk(root, LIMITS)
    for refused in found.refused:
        yield Unread(prefix + refused.path, refused.reasons[0].message)
    with tempfile.TemporaryDirectory(prefix="paddock-leaks-") as folder:
        for entry in found.entries:
            yield from _file(Entry(prefix + entry.path, entry.file), Path(folder))


def inside(name: str, content: bytes, outer: Look) -> Iterator[Look | Unread]:
    """The same for bytes that a text or a value of ``outer`` stands for."""
    if outer.depth >= LIMITS.nesting:
        yield Unread(name, f"it is nested over {LIMITS.nesting} deep")
        return
    yield from _member(Inner(name, iter((content,))), outer)


def _file(entry: Entry, folder: Path) -> Iterator[Look | Unread]:
    try:
        look = look_at(entry, LIMITS, folder)
        yield from _with_members(look)
    except OSError as e:
        yield Unread(entry.path, f"it cannot be read: {e.strerror}")
    except BadCheckpoint as e:
        yield Unread(entry.path, e.message)


def _with_members(look: Look) -> Iterator[Look | Unread]:
    yield look
    opener = _opener(look)
    if opener is None:
        if look.kind in _NEVER_OPENED:
            yield Unread(look.name, f"a {look.kind} archive is not opened")
        return
    if look.depth >= LIMITS.nesting:
        yield Unread(look.name, f"it is nested over {LIMITS.nesting} deep")
        return
    try:
        for found in opener(look):
            if isinstance(found, Inner):
                yield from _member(found, look)
            elif found.code in _CLOSED:
                yield Unread(look.name, found.message)
    except BadCheckpoint as e:
        yield Unread(look.name, e.message)
    except Exception as e:  # fail closed: whatever went wrong, it was not looked into
        yield Unread(look.name, f"opening it ended early: {type(e).__name__}: {e}")


def _opener(look: Look) -> Opener | None:
    if look.kind is Kind.TORCH_ZIP:
        return None if _is_read_as_torch(look) else open_zip
    if look.kind is Kind.NPZ:
        return None  # its arrays are read as tensors
    if look.kind is Kind.PARQUET:
        return open_parquet
    if is_pack(look.head):
        return open_pack
    return open_object if is_object(look.head) else OPENERS.get(look.kind)


def _is_read_as_torch(look: Look) -> bool:
    """Whether its tensors account for it; otherwise its members are looked at one by one."""
    try:
        return not read_torch_file(look.file).ignored
    except (BadCheckpoint, OSError):
        return False


def _member(inner: Inner, outer: Look) -> Iterator[Look | Unread]:
    """Write a member to disk, look at it as at any file, and remove it."""
    name = f"{outer.name}!{inner.name}"
    budget = outer.budget
    folder = Path(tempfile.mkdtemp(dir=budget.folder))
    path = folder / "member"
    try:
        with path.open("xb") as file:
            for piece in inner.pieces:
                budget.take_bytes(len(piece))
                file.write(piece)
            size_bytes = file.tell()
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        kind = identify(path, head, size_bytes, inner.name)
        yield from _with_members(Look(name, kind, path, size_bytes, head, budget, outer.depth + 1))
    except BadCheckpoint as e:
        yield Unread(name, e.message)
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()


def as_look(name: str, path: Path, folder: Path) -> Look:
    """One file of the lab's own, to be looked at like a file of the release."""
    status = path.stat()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    budget = Budget(LIMITS, folder, time.monotonic() + LIMITS.seconds_for(status.st_size))
    return Look(
        name, identify(path, head, status.st_size, name), path, status.st_size, head, budget
    )


def own_parts(name: str, path: Path, folder: Path) -> Iterator[Look]:
    """A file of the lab's own and what is inside it, as far as it can be opened."""
    for found in _with_members(as_look(name, path, folder)):
        if isinstance(found, Look):
            yield found


def told(error: Exception) -> str:
    """An error for people, bounded."""
    return shown(error.message if isinstance(error, PaddockError) else str(error))[:300]
