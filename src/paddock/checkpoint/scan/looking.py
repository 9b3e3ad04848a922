"""What a check gets of a file: its name, its type, its first bytes, and what it may still use.

Does not judge. A file stays on disk; a check reads what it needs of it and asks ``budget.tick()``
in every long loop.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.tensors import PIECE_BYTES

HEAD_BYTES = 1 << 16


class OutOfBudget(BadCheckpoint):
    """A scan met a file that takes more time, space or memory than a file may take."""

    code = "scan_budget"


@dataclass(slots=True)
class Budget:
    """What is left for one file with everything inside it. Counts down; never up."""

    limits: Limits
    folder: Path  # where members of archives are unpacked to
    deadline: float  # of time.monotonic()
    unpacked_bytes: int = 0
    members: int = 0

    def tick(self) -> None:
        """To be called in every loop over bytes or items."""
        if time.monotonic() > self.deadline:
            raise OutOfBudget("time", "it takes longer than a file of its size may take")

    def take_bytes(self, count: int) -> None:
        """Count bytes that came out of an archive."""
        self.unpacked_bytes += count
        if self.unpacked_bytes > self.limits.unpacked_bytes:
            raise OutOfBudget("space", f"it unpacks to over {self.limits.unpacked_bytes} bytes")
        self.tick()

    def take_member(self) -> None:
        """Count a member of an archive."""
        self.members += 1
        if self.members > self.limits.members:
            raise OutOfBudget("members", f"it holds over {self.limits.members} members")


@dataclass(frozen=True, slots=True)
class Look:
    """A file, or a member of an archive, that is being looked at."""

    name: str  # relative with /; a member is called archive!member
    kind: Kind
    file: Path  # on disk; of a member, its unpacked copy, which has another name
    size_bytes: int
    head: bytes  # the first HEAD_BYTES at most
    budget: Budget
    depth: int = 0  # archives around it

    @property
    def basename(self) -> str:
        """The name without folders and archives around it."""
        return PurePosixPath(self.name.rpartition("!")[2]).name

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes ``[start, end)`` in pieces of bounded size, under the deadline."""
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        with self.file.open("rb", buffering=0) as file:
            while start < end:
                piece = os.pread(file.fileno(), min(PIECE_BYTES, end - start), start)
                if not piece:
                    raise OutOfBudget("changed", "it became shorter while it was scanned")
                self.budget.tick()
                start += len(piece)
                yield piece

    def read(self, start: int, count: int) -> bytes:
        """At most ``count`` bytes from ``start``; for small counts."""
        return b"".join(self.pieces(start, start + count))
