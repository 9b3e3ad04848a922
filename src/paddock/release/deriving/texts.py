"""The texts that a step reads: those that release.yaml names, or a few that ship with paddock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddock.release.errors import DerivingRefused
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import opened_folder, read_beneath

MAX_TEXT_BYTES = 64 << 20  # of all together


def read_texts(base: Path, patterns: Sequence[str]) -> list[str]:
    """The files that the patterns mean, in order of their names; DerivingRefused for none."""
    found: list[str] = []
    left = MAX_TEXT_BYTES
    with opened_folder(base) as base_fd:
        paths = sorted(list_folder(base_fd).files)
        for pattern in patterns:
            meant = matching(pattern, paths)
            if not meant:
                raise DerivingRefused(f"texts: {pattern!r} matches no file beside the release file")
            for path in meant:
                raw = read_beneath(base_fd, path, left)
                left -= len(raw)
                if left < 0:
                    raise DerivingRefused(f"the texts are larger than {MAX_TEXT_BYTES} bytes")
                found.append(raw.decode("utf-8", "replace"))
    return found
