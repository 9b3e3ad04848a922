"""The folder in which a build does its work, kept until the release is where it should be.

``.NAME-VERSION.work`` beside the output, so that the finished release is moved and not copied; for
a publication without an output beside the release file, or in the user's cache where that is inside
the source or read-only. One process uses it at a time: the lock goes with the process, however it
ends. Knows nothing of what is built in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paddock.errors import Conflict
from paddock.release.building.steps import Steps
from paddock.release.files.manifest import MANIFEST_NAME
from paddock.release.spec.release_spec import ReleaseSpec

_LOCK, _STEPS, _CANDIDATE = "lock", "steps", "candidate"


class BuildRunning(Conflict):
    """Another process builds the same release in the same place."""

    code = "build_running"


@dataclass(frozen=True, slots=True)
class Work:
    """An open work folder."""

    folder: Path
    steps: Steps

    @property
    def candidate(self) -> Path:
        """Where the release is put together; kept when the gate refuses it."""
        return self.folder / _CANDIDATE


def work_path(name: str, version: str, beside: Path, source: Path, cache: Path) -> Path:
    """Where the work of this release belongs: in ``beside``, or else below ``cache``."""
    beside, source = beside.resolve(), source.resolve()
    own = _name(name, version)
    if not beside.is_relative_to(source) and _may_write(beside):
        return beside / own
    place = hashlib.sha256(os.fsencode(beside)).hexdigest()[:16]
    return cache / place / own


def candidates_of(spec: ReleaseSpec, base: Path, beside: Iterable[Path], cache: Path) -> list[Path]:
    """The candidates of this release that builds have kept, for outputs ``beside`` them."""
    name, version = spec.metadata.name, spec.metadata.version
    source = base / spec.artifacts.source
    places = {
        place.resolve(): None
        for each in beside
        for place in (each / _name(name, version), work_path(name, version, each, source, cache))
    }
    found = [place / _CANDIDATE for place in places if (place / _CANDIDATE).is_dir()]
    return [each for each in found if not (each / MANIFEST_NAME).exists()]


@contextmanager
def opened_work(folder: Path) -> Iterator[Work]:
    """The work folder, for this process alone; raises BuildRunning. It stays afterwards."""
    lock_fd = _locked(folder)
    try:
        yield Work(folder, Steps(folder / _STEPS))
    finally:
        os.close(lock_fd)


def remove_work(work: Work) -> None:
    """Delete everything, from within ``opened_work``; the cache's own folder goes when empty."""
    shutil.rmtree(work.folder, ignore_errors=True)


def _name(name: str, version: str) -> str:
    return f".{name}-{version}.work"


def _locked(folder: Path) -> int:
    """A locked descriptor of the folder's lock file, which is still the one with that name."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / _LOCK
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:  # removed by a process that was just done
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError as e:
            os.close(descriptor)
            raise BuildRunning(
                f"another process is building in {folder}", hint="wait for it, or end it"
            ) from e
        os.close(descriptor)


def _may_write(folder: Path) -> bool:
    """Whether new folders may be put there, now or once it exists; its mode counts for all."""
    place = next(each for each in (folder, *folder.parents) if each.exists())
    return os.access(place, os.W_OK) and bool(place.stat().st_mode & 0o222)
