"""A folder, or one file, that appears whole or not at all.

Everything is written into a hidden folder beside the destination, which is renamed when it is on
the medium. A write that was killed leaves only the hidden folder, which the next one for the same
destination removes: whoever lives holds a lock on theirs.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from paddock.checkpoint.errors import DiskFailure, OutputExists


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """Where to write; it becomes ``destination`` when the block ends without an error."""
    destination = destination.resolve()
    _refuse_taken(destination)
    with _hidden_beside(destination) as partial:
        yield partial
        sync_folder(partial)
        _refuse_taken(destination)
        partial.rename(destination)
        sync_folder(destination.parent)


@contextmanager
def new_file(destination: Path) -> Iterator[Path]:
    """A folder; its file of the same name becomes ``destination`` when the block ends well."""
    destination = destination.parent.resolve() / destination.name  # a link is not followed
    _refuse_existing(destination)
    with _hidden_beside(destination) as partial:
        yield partial
        written = partial / destination.name
        try:
            os.link(written, destination)  # unlike a rename, it replaces nothing
        except FileExistsError:
            _refuse_existing(destination)
            raise
        except OSError:  # a file system without links
            _refuse_existing(destination)
            written.rename(destination)
        shutil.rmtree(partial)
        sync_folder(destination.parent)


@contextmanager
def _hidden_beside(destination: Path) -> Iterator[Path]:
    """A new hidden folder in the same place, gone after an error."""
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(destination)
        partial, lock_fd = _made_beside(destination)
    except OSError as e:
        raise DiskFailure(
            f"{destination} cannot be written: {(e.strerror or str(e)).lower()}",
            hint="name a place where you may write",
        ) from e
    try:
        partial.chmod(0o755)  # mkdtemp's 0700 is for secrets
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        os.close(lock_fd)


def _prefix(destination: Path) -> str:
    return f".{destination.name}.partial-"


def _made_beside(destination: Path) -> tuple[Path, int]:
    """The hidden folder, and a descriptor of it with a lock."""
    while True:
        partial = Path(tempfile.mkdtemp(prefix=_prefix(destination), dir=destination.parent))
        lock_fd = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):  # a file system without locks: nobody removes it either
            fcntl.flock(lock_fd, fcntl.LOCK_EX)
        if partial.exists():  # else somebody took it for abandoned before the lock
            return partial, lock_fd
        os.close(lock_fd)


def _remove_abandoned(destination: Path) -> None:
    for left in destination.parent.glob(f"{glob.escape(_prefix(destination))}*"):
        try:
            lock_fd = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # no folder, or removed meanwhile
            continue
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:  # its writer lives
            continue
        finally:
            os.close(lock_fd)


def _refuse_taken(destination: Path) -> None:
    if destination.is_dir() and not any(destination.iterdir()):
        return
    if destination.exists():
        raise OutputExists(
            f"{destination} exists and is not an empty folder",
            hint="name a new folder; nothing is overwritten",
        )


def _refuse_existing(destination: Path) -> None:
    if os.path.lexists(destination):
        raise OutputExists(f"{destination} exists", hint="name a new file; nothing is overwritten")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the medium; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
