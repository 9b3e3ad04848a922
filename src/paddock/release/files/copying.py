"""Copies files into a release while both digests are computed: one read, one write.

Knows files; does not know what they mean. What was digested is what was written, and a source that
changes meanwhile is an error. Links are never followed. Nothing waits for the medium: a release
that a power cut left incomplete does not verify, and is built again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from paddock.digest import Digests, digest_stream
from paddock.release.files.reading import digest_descriptor, open_beneath


def copy_files(
    source_fd: int, paths: Iterable[str], target: Path, *, may_link: bool = False
) -> dict[str, Digests]:
    """Put every path to the same place below ``target``, several files at a time.

    ``may_link`` spares the writing where a second name for the same file will do: for a folder that
    is only read, and soon gone.
    """

    def copy(path: str) -> tuple[str, Digests]:
        return path, _copy_file(source_fd, path, target / path, may_link=may_link)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        return dict(threads.map(copy, paths))


def _copy_file(source_fd: int, path: str, target: Path, *, may_link: bool) -> Digests:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = open_beneath(source_fd, path)
    try:
        if may_link and _link(source_fd, path, target, os.fstat(descriptor)):
            return digest_descriptor(descriptor, path)
        with target.open("xb", buffering=0) as output:
            target.chmod(0o644)

            def write(piece: memoryview) -> None:
                while piece:
                    piece = piece[output.write(piece) or 0 :]

            return digest_descriptor(descriptor, path, write)
    finally:
        os.close(descriptor)


def _link(source_fd: int, path: str, target: Path, opened: os.stat_result) -> bool:
    """Whether ``target`` is now another name of the opened file."""
    try:
        os.link(path, target, src_dir_fd=source_fd, follow_symlinks=False)
    except OSError:  # another file system, or not our file
        return False
    if os.path.samestat(opened, target.lstat()):
        return True
    target.unlink()  # the name means another file by now
    return False


def write_content(content: bytes, target: Path) -> Digests:
    """Write a small file that was made in memory."""
    with target.open("xb") as output:
        target.chmod(0o644)
        output.write(content)
    return digest_stream([content])
