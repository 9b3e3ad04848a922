"""The newest that this user has seen of each publisher, so that nobody shows them the past again.

Knows folders; what is in them is python-tuf's. A look works on a copy: only a trusted verdict keeps
what it saw, and never what is older than what was kept meanwhile. Each publisher has a folder, in
it one folder for every state, and a file that names the newest: at no moment is nothing remembered.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import PaddockError
from paddock.release.files.replacing import locked, replace_file, sync_tree

_SERIALS = "releases.json"
_TIMESTAMP = "timestamp.json"
_CLOCK = "clock.json"
_NEWEST = "newest"
_STATE = "state-"
_STATE_NAME = re.compile(r"state-[a-z0-9_]{1,32}")
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
    latest: datetime | None = None  # what the clock said at the latest trusted look

    def keep(self, now: datetime) -> None:
        """Remember what was seen, unless somebody remembered something newer meanwhile."""
        if self.kept is None:
            return
        self.kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.kept):
            before = _newest(self.kept)
            if before is not None:
                if _timestamp_version(before) > _timestamp_version(self.folder):
                    return
                now = max(now, _latest(before) or now)
            self._write(self.kept, before, now)

    def _write(self, kept: Path, before: Path | None, now: datetime) -> None:
        """A new state beside the one before, then its name; what is left of others goes."""
        merged = dict(_releases(before)) if before is not None else {}
        for name, (serial, version) in self.releases.items():
            if serial >= merged.get(name, (0, ""))[0]:
                merged[name] = (serial, version)
        (self.folder / _SERIALS).write_text(json.dumps(merged), encoding="utf-8")
        (self.folder / _CLOCK).write_text(json.dumps(now.isoformat()), encoding="utf-8")
        new = Path(tempfile.mkdtemp(prefix=_STATE, dir=kept))
        shutil.copytree(self.folder, new, symlinks=True, dirs_exist_ok=True)
        sync_tree(new)
        replace_file(kept / _NEWEST, new.name.encode())
        for other in kept.glob(f"{_STATE}*"):
            if other != new:
                shutil.rmtree(other)


@contextmanager
def looking(memory: Path | None, root: bytes) -> Iterator[Seen]:
    """What is remembered of the publisher whose first trusted root is ``root``, to look with.

    Raises MemoryUnreadable.
    """
    kept = None if memory is None else memory / sha256_hex(root)
    with tempfile.TemporaryDirectory(prefix="paddock-seen-") as temporary:
        folder = Path(temporary) / "metadata"
        if kept is None or not kept.is_dir():
            folder.mkdir()
            yield Seen(folder, kept)
            return
        with locked(kept):
            newest = _newest(kept)
            if newest is None:
                folder.mkdir()
                yield Seen(folder, kept)
                return
            releases, latest = _releases(newest), _latest(newest)
            shutil.copytree(newest, folder, symlinks=True)
        yield Seen(folder, kept, releases, latest)


def _newest(kept: Path) -> Path | None:
    """The state that counts; None before the first."""
    try:
        name = (kept / _NEWEST).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as e:
        raise _unreadable(kept / _NEWEST) from e
    if not _STATE_NAME.fullmatch(name) or not (kept / name).is_dir():
        raise _unreadable(kept / _NEWEST)
    return kept / name


def _releases(folder: Path) -> dict[str, tuple[int, str]]:
    path = folder / _SERIALS
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_REMEMBERED_BYTES:
            raise ValueError(path)
        read = json.loads(path.read_text(encoding="utf-8"))
        return {name: (int(serial), str(version)) for name, (serial, version) in read.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as e:
        raise _unreadable(folder) from e


def _latest(folder: Path) -> datetime | None:
    path = folder / _CLOCK
    if not path.exists():
        return None
    try:
        moment = datetime.fromisoformat(json.loads(path.read_bytes()))
        return moment.astimezone(UTC)
    except (OSError, ValueError, TypeError, OverflowError, RecursionError) as e:
        raise _unreadable(folder) from e


def _timestamp_version(folder: Path) -> int:
    path = folder / _TIMESTAMP
    if not path.exists():
        return 0
    try:
        return int(json.loads(path.read_bytes())["signed"]["version"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as e:
        raise _unreadable(folder) from e


def _unreadable(folder: Path) -> MemoryUnreadable:
    return MemoryUnreadable(
        f"what was remembered of a publisher in {folder} cannot be read",
        hint="remove that folder to start again: an older release could then pass for the newest",
    )
