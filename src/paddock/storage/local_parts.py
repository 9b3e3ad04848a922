"""The parts of large uploads on a local disk: ``uploads/<upload id>/<number>``.

Knows numbered files; does not know what they make together. A part appears whole or not at all,
and sent again it replaces the earlier one. Parts are not synced: one that a power cut takes or
spoils is found missing or wrong when the upload is completed, and the client starts over.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import blake3

from paddock.storage.blobs import (
    PARTS_KEPT_SECONDS,
    check_part_number,
    check_upload_id,
    part_missing,
)
from paddock.storage.errors import os_errors
from paddock.storage.staging import StagedFile, make_folder

READ_BYTES = 1 << 20


class LocalParts:
    """Uploads that have begun."""

    def __init__(self, uploads: Path, staging: Path) -> None:
        self._uploads = uploads
        self._staging = staging
        make_folder(uploads)

    def begin(self, upload_id: str, number: int) -> LocalPartWriter:
        """Start part ``number``, counted from 1."""
        check_part_number(number)
        folder = self._folder(upload_id)
        return LocalPartWriter(StagedFile(self._staging), folder / str(number))

    def read(self, upload_id: str, count: int) -> Iterator[bytes]:
        """The bytes of parts 1 to ``count``, in order; NotFound before the first if one lacks."""
        check_part_number(count)
        folder = self._folder(upload_id)
        paths = [folder / str(number) for number in range(1, count + 1)]
        with os_errors("looking for parts"):
            absent = [path for path in paths if not path.exists()]
        if absent:
            raise part_missing(int(absent[0].name))
        return _read_files(paths)

    def abandon(self, upload_id: str) -> None:
        """Forget the upload; no error when there is none."""
        with os_errors("forgetting an upload"):
            shutil.rmtree(self._folder(upload_id), ignore_errors=True)

    def _folder(self, upload_id: str) -> Path:
        check_upload_id(upload_id)
        return self._uploads / upload_id

    def remove_abandoned(self) -> None:
        """Forget uploads whose newest part is a week old."""
        oldest = time.time() - PARTS_KEPT_SECONDS
        for folder in self._uploads.iterdir():
            with contextlib.suppress(OSError):  # another server may clean at the same time
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder)


class LocalPartWriter:
    """One part on its way in; its ETag is its BLAKE3."""

    def __init__(self, staged: StagedFile, path: Path) -> None:
        self._staged = staged
        self._path = path
        self._blake3 = blake3.blake3()

    def write(self, chunk: bytes | memoryview) -> None:
        self._blake3.update(chunk)
        self._staged.write(chunk)

    def commit(self) -> str:
        with os_errors("storing a part"):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._staged.publish(self._path)
        return self._blake3.hexdigest()

    def __enter__(self) -> LocalPartWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._staged.discard()


def _read_files(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with os_errors("joining parts"), path.open("rb", buffering=0) as file:
            while piece := file.read(READ_BYTES):
                yield piece
