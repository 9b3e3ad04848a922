"""Copies files into a release while both digests are computed: one read, one write.

Knows files; does not know what they mean. What was digested is what was written, and a source that
changes meanwhile is an error. Links are never followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from paddock.digest import Digests, digest_stream
from paddock.release.reading import digest_descriptor, open_beneath


def copy_files(source_fd: int, paths: Iterable[str], target: Path) -> dict[str, Digests]:
    """Copy every path to the same place below ``target``, several files at a time."""

    def copy(path: str) -> tuple[str, Digests]:
        return path, _copy_file(source_fd, path, target / path)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        return dict(threads.map(copy, paths))


def _copy_file(source_fd: int, path: str, target: Path) -> Digests:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = open_beneath(source_fd, path)
    try:
        with target.open("xb", buffering=0) as output:
            target.chmod(0o644)

            def write(piece: memoryview) -> None:
                while piece:
                    piece = piece[output.write(piece) or 0 :]

            return digest_descriptor(descriptor, path, write)
    finally:
        os.close(descriptor)


def write_content(content: bytes, target: Path) -> Digests:
    """Write a small file that was made in memory."""
    with target.open("xb") as output:
        target.chmod(0o644)
        output.write(content)
    return digest_stream([content])


def sync_tree(folder: Path) -> None:
    """Every file and folder below ``folder`` is on the medium when this returns."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
