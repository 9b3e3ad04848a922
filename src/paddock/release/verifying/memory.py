"""The newest that this user has seen of each publisher, so that nobody shows them the past again.

Knows folders; what is in them is python-tuf's. A look works on a copy: only a trusted verdict keeps
what it saw, and never what is older than what was kept meanwhile.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import PaddockError

_SERIALS = "releases.json"
_TIMESTAMP = "timestamp.json"
MAX_REMEMBERED_BYTES = 16 << 20


class MemoryUnreadable(PaddockError):
    """What was remembered of a publisher cannot be read; forgetting it is the user's decision."""

    code = "memory_unreadable"


@dataclass(slots=True)
class Seen:
    """What is remembered of one publisher, and what this look adds to it."""

    folder: Path  # python-tuf's, a copy
    kept: Path | None  # where it goes after a trusted verdict; None: nothing is remembered
    releases: dict[str, tuple[int, str]] = field(default_factory=dict)  # name: serial, version

    def keep(self) -> None:
        """Remember what was seen, unless somebody remembered something newer meanwhile."""
        if self.kept is None:
            return
        self.kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(self.kept.parent):
            if _timestamp_version(self.kept) > _timestamp_version(self.folder):
                return
            merged = dict(_releases(self.kept))
            for name, (serial, version) in self.releases.items():
                if serial >= merged.get(name, (0, ""))[0]:
                    merged[name] = (serial, version)
            (self.folder / _SERIALS).write_text(json.dumps(merged), encoding="utf-8")
            new = Path(tempfile.mkdtemp(prefix=f".{self.kept.name}-", dir=self.kept.parent))
            shutil.copytree(self.folder, new / "new", symlinks=True)
            if self.kept.exists():
                self.kept.rename(new / "old")
            (new / "new").rename(self.kept)
            shutil.rmtree(new)


@contextmanager
def looking(memory: Path | None, root: bytes) -> Iterator[Seen]:
    """What is remembered of the publisher whose first trusted root is ``root``, to look with."""
    kept = None if memory is None else memory / sha256_hex(root)
    with tempfile.TemporaryDirectory(prefix="paddock-seen-") as temporary:
        folder = Path(temporary) / "metadata"
        if kept is not None and kept.is_dir():
            shutil.copytree(kept, folder, symlinks=True)
        else:
            folder.mkdir()
        yield Seen(folder, kept, _releases(folder))


def _releases(folder: Path) -> dict[str, tuple[int, str]]:
    path = folder / _SERIALS
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_REMEMBERED_BYTES:
            raise ValueError(path)
        read = json.loads(path.read_text(encoding="utf-8"))
        return {name: (int(serial), str(version)) for name, (serial, version) in read.items()}
    except (OSError, ValueError, TypeError, AttributeError) as e:
        raise _unreadable(folder) from e


def _timestamp_version(folder: Path) -> int:
    path = folder / _TIMESTAMP
    if not path.exists():
        return 0
    try:
        return int(json.loads(path.read_bytes())["signed"]["version"])
    except (OSError, ValueError, TypeError, KeyError) as e:
        raise _unreadable(folder) from e


def _unreadable(folder: Path) -> MemoryUnreadable:
    return MemoryUnreadable(
        f"what was remembered of a publisher in {folder} cannot be read",
        hint="remove that folder to start again: an older release could then pass for the newest",
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
