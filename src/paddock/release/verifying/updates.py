"""What a look may use besides the release: what was seen before, and newer metadata."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Updates:
    """Where they are, and whether an older release was asked for by name."""

    memory: Path | None = None  # what this user has seen
    newer: Path | None = None  # a folder of metadata that came another way than the release
    expected_version: str | None = None


def memory_folder(config_home: Path) -> Path:
    """Where the newest that this user has seen is kept."""
    return config_home / "seen"
