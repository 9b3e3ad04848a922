"""A snapshot in the hub client's cache as plain files, to be verified.

A snapshot holds links, which a verification never follows. The files behind them are named by
digest and replaced, never written to, so that what is verified is what will be read.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from paddock.serve.errors import UntrustedModel

_OWN: Final = "verify-"  # begins the names of folders that are there while a release is verified


@contextmanager
def plain_files(folder: Path) -> Iterator[Path]:
    """The folder, or where it is a snapshot, a folder of second names for its files.

    Raises UntrustedModel for a link that leads elsewhere.
    """
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    if not links or folder.parent.name != "snapshots":
        yield folder
        return
    repository = folder.parent.parent
    blobs = [(place / "blobs").resolve() for place in (repository, repository.parent)]
    _remove_abandoned(repository)
    with _own_folder(repository) as temporary:
        target = temporary / folder.name
        for path in sorted(folder.rglob("*")):
            place = target / path.relative_to(folder)
            if path.is_symlink():
                place.parent.mkdir(parents=True, exist_ok=True)
                _second_name(_blob(path, blobs), place)
            elif path.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            else:
                place.mkdir(parents=True, exist_ok=True)
        yield target


@contextmanager
def _own_folder(repository: Path) -> Iterator[Path]:
    """A folder of this process, locked while it is used."""
    with tempfile.TemporaryDirectory(prefix=_OWN, dir=repository) as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(descriptor)


def _remove_abandoned(repository: Path) -> None:
    """What a process left behind that was killed; nobody has it locked."""
    for path in repository.glob(f"{_OWN}*"):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if any(path.iterdir()):  # else it may be new, and not locked yet
                    shutil.rmtree(path)
            finally:
                os.close(descriptor)


def _blob(link: Path, blobs: Sequence[Path]) -> Path:
    """The file behind a link: in the repository's own store, or in that of the whole cache."""
    found = link.resolve()
    if not any(found.is_relative_to(place) for place in blobs):
        raise UntrustedModel(f"{link} leads out of the client's cache")
    return found


def _second_name(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, place)
