"""Numbers of bytes, for people. Imports nothing."""

from __future__ import annotations


def size_text(size_bytes: int) -> str:
    """How large something is, in decimal units."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
