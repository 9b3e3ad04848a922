"""How much a scan may take: files, depth, bytes, memory, time. Plain numbers with units."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from paddock.config import Settings

MAX_REASONS_OF_A_FILE = 200
MAX_MESSAGE_CHARS = 600
MAX_PLACE_CHARS = 400
MAX_NAME_CHARS = 1_024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one scan may use; over any of it, the file is refused as ``unfinished``."""

    files: int = 100_000
    folder_depth: int = 64
    memory_bytes: int = 1 << 30  # of address space, over what Python itself takes
    seconds: int = 60  # for a small file
    bytes_per_second: int = 20_000_000  # a file may take so much longer as it is larger
    unpacked_bytes: int = 16_000_000_000  # out of the archives of one file
    members: int = 200_000  # in the archives of one file
    nesting: int = 5  # archives in archives

    def seconds_for(self, size_bytes: int) -> float:
        """How long a file of this size may take."""
        return self.seconds + size_bytes / self.bytes_per_second

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those that the user set, beside the rest."""
        return cls(
            memory_bytes=settings.scan_memory,
            seconds=settings.scan_seconds,
            unpacked_bytes=settings.scan_unpacked_bytes,
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
