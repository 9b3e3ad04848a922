"""Every way to a digest gives the same one, and a file that changes meanwhile is noticed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import blake3
import pytest

from paddock.release.errors import SourceChanged
from paddock.release.files import reading
from paddock.release.files.reading import (
    blake3_beneath,
    digest_beneath,
    lone_blake3_beneath,
    opened_folder,
    sha256_beneath,
)

WAYS = (blake3_beneath, digest_beneath, lone_blake3_beneath, sha256_beneath)
SIZES = (0, 1, reading._AHEAD_BUFFER_BYTES, reading._OVERLAP_FROM_BYTES + 3_000_001)


@pytest.mark.parametrize("size_bytes", SIZES)
def test_every_way_to_a_digest_gives_the_same(tmp_path: Path, size_bytes: int) -> None:
    content = os.urandom(size_bytes)
    (tmp_path / "file").write_bytes(content)
    sha256, blake = hashlib.sha256(content).hexdigest(), blake3.blake3(content).hexdigest()
    with opened_folder(tmp_path) as folder_fd:
        assert blake3_beneath(folder_fd, "file") == (size_bytes, blake)
        assert lone_blake3_beneath(folder_fd, "file") == (size_bytes, blake)
        assert sha256_beneath(folder_fd, "file") == (size_bytes, sha256)
        assert digest_beneath(folder_fd, "file") == (size_bytes, sha256, blake)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_file_that_changes_while_it_is_read_is_noticed(
    tmp_path: Path, way: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(SIZES[-1]))
    read = os.readv

    def touched(descriptor: int, buffers: list[memoryview]) -> int:
        os.utime(path, ns=(1, 1))
        return read(descriptor, buffers)

    monkeypatch.setattr(os, "readv", touched)
    with opened_folder(tmp_path) as folder_fd, pytest.raises(SourceChanged):
        way(folder_fd, "file")
