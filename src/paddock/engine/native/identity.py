"""What a checkpoint on disk is, without reading it: whether packed weights are still its own.

A digest of the files' places, sizes, inodes and times of change, and of everything that headers
say. Not of the weights themselves: hashing 2.5 GB takes as long as packing them. Whoever writes to
a file moves its time of change (``ctime``), which no program can set; so a change is missed only
if the clock that stamps files stands still between it and our look. We look when the last change
is older than a tick of that clock.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.tensors import Tensor

_TICK_NS: Final = 50_000_000  # kernels stamp every 1 to 10 ms
_COARSE_TICK_NS: Final = 2_000_000_000  # file systems that keep seconds, or two
_SECOND_NS: Final = 1_000_000_000


class FileState(NamedTuple):
    """What changes when a file does."""

    path: str
    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int


def settled_states(checkpoint: Checkpoint) -> tuple[FileState, ...]:
    """The states of all files that weights come from, once no change can hide; waits <= 2 s."""
    paths = _files(checkpoint)
    while True:
        states = tuple(_state(path) for path in paths)
        missing_ns = max(map(_unsettled_ns, states), default=0)
        if missing_ns <= 0:
            return states
        time.sleep(missing_ns / _SECOND_NS)


def check_unchanged(states: Iterable[FileState]) -> None:
    """Raise BadCheckpoint when a file is not what it was."""
    for state in states:
        if _state(Path(state.path)) != state:
            raise BadCheckpoint(
                "changed",
                f"{Path(state.path).name} changed while it was read",
                hint="wait until whoever writes it is done",
            )


def identity(checkpoint: Checkpoint, states: Iterable[FileState], *others: str) -> bytes:
    """A digest of the states, of configuration and headers, and of what else decides the bytes."""
    headers = [(each.name, each.dtype, each.shape, _start(each)) for each in checkpoint.tensors]
    content = [list(states), repr(checkpoint.config), headers, others]
    return hashlib.sha256(json.dumps(content).encode()).digest()


def _start(tensor: Tensor) -> int | None:
    return tensor.place.start if tensor.place else None


def _files(checkpoint: Checkpoint) -> list[Path]:
    """The files that tensors say they are in; where one does not say, all of the folder."""
    paths = {tensor.place.path.resolve() for tensor in checkpoint.tensors if tensor.place}
    if not all(tensor.place for tensor in checkpoint.tensors):
        paths |= {path.resolve() for path in checkpoint.folder.iterdir() if path.is_file()}
    return sorted(paths)


def _state(path: Path) -> FileState:
    try:
        found = path.stat()
    except OSError as e:
        raise BadCheckpoint("changed", f"{path.name} is gone: {e.strerror}") from e
    return FileState(
        str(path), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    )


def _unsettled_ns(state: FileState) -> int:
    """How much longer a change could leave the time as it is; 0 for times in the future."""
    tick_ns = _TICK_NS if state.changed_ns % _SECOND_NS else _COARSE_TICK_NS
    age_ns = time.time_ns() - state.changed_ns
    return max(0, tick_ns - age_ns) if age_ns >= 0 else 0
