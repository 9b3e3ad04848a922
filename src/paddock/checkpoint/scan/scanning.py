"""Files in, report out: every check of every file, in this process.

Knows the order and what to do when a check fails; the checks are elsewhere (``checks``,
``content``). A check that ends in any way but its own, and a file that changes meanwhile, is the
reason ``unfinished``. ``isolation`` runs this in processes of their own.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.scan import checks, content
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.identify import identify
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import (
    MAX_MESSAGE_CHARS,
    MAX_PLACE_CHARS,
    MAX_REASONS_OF_A_FILE,
    Limits,
)
from paddock.checkpoint.scan.looking import HEAD_BYTES, Budget, Look
from paddock.checkpoint.scan.names import name_reasons
from paddock.checkpoint.scan.report import Reason, Report, ScannedFile

_FILE_CHECKS = (*checks.FILE_CHECKS, *content.FILE_CHECKS)
_FOLDER_CHECKS = (*checks.FOLDER_CHECKS, *content.FOLDER_CHECKS)

_Subject = TypeVar("_Subject")
_ORDINARY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,100}")


class _State(NamedTuple):
    """What of a file changes when anybody writes to it or puts another in its place."""

    device: int
    inode: int
    size_bytes: int
    written: int
    changed: int


def scan_entries(entries: Iterable[Entry], limits: Limits | None = None) -> Report:
    """Scan these files in this process; hostile ones belong into ``isolation.scan_isolated``."""
    limits, entries = limits or Limits(), list(entries)
    with tempfile.TemporaryDirectory(prefix="paddock-scan-") as folder:
        files = tuple(scan_file(entry, limits, Path(folder)) for entry in entries)
        return Report(files, scan_across(entries, limits, Path(folder)))


def scan_file(entry: Entry, limits: Limits, folder: Path) -> ScannedFile:
    """Everything that is wrong with one file and whatever it holds; unpacks into ``folder``."""
    kind, size_bytes = Kind.UNKNOWN, 0
    reasons: list[Reason] = []
    try:
        before = _state(entry.file)
        reasons += name_reasons(entry.path, entry.path)
        look = look_at(entry, limits, folder)
        kind, size_bytes = look.kind, look.size_bytes
        reasons += _bounded(check_file(look))
        if _state(entry.file) != before:
            reasons.append(Reason("unfinished", entry.path, "it changed while it was scanned"))
    except OSError as e:
        reasons.append(Reason("unreadable", entry.path, f"it cannot be read: {e.strerror}"))
    except BadCheckpoint as e:
        reasons.append(refusal(e, entry.path))
    except Exception as e:
        reasons.append(_unfinished(entry.path, "the scan", e))
    return ScannedFile(entry.path, str(kind), size_bytes, tuple(reasons))


def scan_across(entries: Sequence[Entry], limits: Limits, folder: Path) -> tuple[Reason, ...]:
    """What only all of the files together show. Files that cannot be read are passed over here."""
    looks = []
    for entry in entries:
        try:
            looks.append(look_at(entry, limits, folder))
        except (OSError, BadCheckpoint):
            continue
    total_bytes = sum(look.size_bytes for look in looks)
    deadline = time.monotonic() + limits.seconds_for(total_bytes)
    for look in looks:
        look.budget.deadline = deadline
    return tuple(_bounded(r for check in _FOLDER_CHECKS for r in _guarded(check, looks, "")))


def look_at(entry: Entry, limits: Limits, folder: Path) -> Look:
    """The file's size, head and type. Links, pipes and devices are errors, not opened."""
    descriptor = os.open(entry.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BadCheckpoint("not_a_file", "it is not a regular file")
        head = os.pread(descriptor, HEAD_BYTES, 0)
    finally:
        os.close(descriptor)
    deadline = time.monotonic() + limits.seconds_for(status.st_size)
    budget = Budget(limits, folder, deadline)
    kind = identify(entry.file, head, status.st_size, entry.path)
    return Look(entry.path, kind, entry.file, status.st_size, head, budget)


def _state(file: Path) -> _State:
    status = file.stat(follow_symlinks=False)
    times = status.st_mtime_ns, status.st_ctime_ns
    return _State(status.st_dev, status.st_ino, status.st_size, *times)


def check_file(look: Look) -> Iterator[Reason]:
    """Every check for this type of file, then the same for everything inside it."""
    for kinds, check in _FILE_CHECKS:
        if kinds is None or look.kind in kinds:
            yield from _guarded(check, look, look.name)
    opener = checks.OPENERS.get(look.kind)
    if opener is None:
        return
    if look.depth >= look.budget.limits.nesting:
        message = f"it is the {look.depth + 1}th archive in an archive"
        yield Reason("archive_depth", look.name, message)
        return
    yield from _guarded(partial(_inside, opener), look, look.name)


def _inside(opener: checks.Opener, look: Look) -> Iterator[Reason]:
    for found in opener(look):
        if isinstance(found, Reason):
            yield found
        else:
            yield from _guarded(partial(_unpacked, found), look, f"{look.name}!{found.name}")


def _unpacked(inner: Inner, look: Look) -> Iterator[Reason]:
    """Write a member to disk, look at it as at any file, and remove it."""
    name = f"{look.name}!{inner.name}"
    folder = Path(tempfile.mkdtemp(dir=look.budget.folder))
    path = folder / _file_name(inner.name)
    try:
        with path.open("xb") as file:
            for piece in inner.pieces:
                look.budget.take_bytes(len(piece))
                file.write(piece)
            size_bytes = file.tell()
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        kind = identify(path, head, size_bytes, inner.name)
        yield from check_file(Look(name, kind, path, size_bytes, head, look.budget, look.depth + 1))
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()


def _file_name(name: str) -> str:
    """The last part of a member's name, for the messages of readers, if it is an ordinary one."""
    last = name.rpartition("/")[2]
    return last if _ORDINARY.fullmatch(last) else "member"


def _guarded(
    check: Callable[[_Subject], Iterator[Reason]], subject: _Subject, place: str
) -> Iterator[Reason]:
    """The check's reasons; however else it ends is a reason, too."""
    try:
        yield from check(subject)
    except BadCheckpoint as e:
        yield refusal(e, place)
    except Exception as e:  # fail closed: whatever went wrong, the file was not checked
        name = getattr(check, "__name__", "unpacking it").replace("_", " ")
        yield _unfinished(place, name, e)


def _unfinished(place: str, what: str, error: Exception) -> Reason:
    return Reason("unfinished", place, f"{what} ended early: {type(error).__name__}: {error}")


def _bounded(reasons: Iterator[Reason]) -> list[Reason]:
    """Each reason once and of bounded length; of too many the worst."""
    found: dict[Reason, None] = {}
    for code, place, message in reasons:
        reason = Reason(code, _text(place)[-MAX_PLACE_CHARS:], _text(message)[:MAX_MESSAGE_CHARS])
        found[reason] = None
        if len(found) > 50 * MAX_REASONS_OF_A_FILE:
            found[Reason("unfinished", reason.place, "there are more reasons than are told")] = None
            break
    worst_first = sorted(found, key=lambda reason: reason.level.rank)
    return worst_first[:MAX_REASONS_OF_A_FILE]


def _text(text: str) -> str:
    """Text that every encoding of UTF-8 takes: lone surrogates are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
