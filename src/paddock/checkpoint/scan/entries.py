"""A file to scan: what it is called to people, and where its bytes are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """``path`` is relative to what is scanned, always with /; ``file`` is a real file on disk."""

    path: str
    file: Path
