"""What a folder on disk adds: durability, leftovers, permissions, a full disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from paddock.digest import sha256_hex
from paddock.storage.errors import StorageFailed, StorageFull
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.staging import LEFTOVER_SECONDS
from tests.storage.test_blob_stores import put, put_part, whole

DAYS = 24 * 3600


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def files_under(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def make_older(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


# A writer in another process: says when its bytes are on disk, then waits to be killed.
WRITER = """
import sys, time
from pathlib import Path
from paddock.storage.local_blobs import LocalBlobStore
writer = LocalBlobStore(Path(sys.argv[1])).begin()
writer.write(b"never finished")
print("written", flush=True)
time.sleep(60)
"""


def start_writer(root: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, root], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_blob_is_one_file_named_by_its_digest(root: Path) -> None:
    blob = put(LocalBlobStore(root), b"content")
    assert files_under(root) == {f"blobs/{blob.sha256[:2]}/{blob.sha256}"}
    path = LocalBlobStore(root).local_path(blob.sha256)
    assert path is not None
    assert path.read_bytes() == b"content"


def test_only_the_owner_may_look(root: Path) -> None:
    store = LocalBlobStore(root)
    put(store, b"content")
    put_part(store, "u", 1, b"part")
    for path in (root, *root.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_a_writer_killed_in_the_middle_leaves_no_blob_and_its_leftover_is_removed(
    root: Path,
) -> None:
    kill(start_writer(root))
    [leftover] = (root / "staging").iterdir()
    store = LocalBlobStore(root)
    assert leftover.exists(), "too young to be sure"
    assert store.size_bytes(sha256_hex(b"never finished")) is None
    make_older(leftover, LEFTOVER_SECONDS + 1)
    LocalBlobStore(root)
    assert files_under(root) == set()


def test_a_slow_writer_of_another_process_keeps_its_file_however_old(root: Path) -> None:
    writer = start_writer(root)
    try:
        [staged] = (root / "staging").iterdir()
        make_older(staged, 30 * DAYS)
        LocalBlobStore(root)
        assert staged.exists()
    finally:
        kill(writer)


def test_uploads_that_nobody_completes_are_removed_after_a_week(root: Path) -> None:
    store = LocalBlobStore(root)
    put_part(store, "old", 1, b"part")
    put_part(store, "young", 1, b"part")
    make_older(root / "uploads/old", 8 * DAYS)
    make_older(root / "uploads/young", 6 * DAYS)
    LocalBlobStore(root)
    assert files_under(root) == {"uploads/young/1"}


def test_a_completed_upload_leaves_no_parts_once_it_is_abandoned(root: Path) -> None:
    store = LocalBlobStore(root)
    put_part(store, "u", 1, b"part")
    blob = store.complete_parts("u", 1, sha256=sha256_hex(b"part"), size_bytes=4)
    store.abandon_parts("u")
    assert files_under(root) == {f"blobs/{blob.sha256[:2]}/{blob.sha256}"}
    assert list((root / "uploads").iterdir()) == []


def test_a_blob_that_a_crashed_disk_cut_short_is_mended_by_the_next_writer(root: Path) -> None:
    store = LocalBlobStore(root)
    blob = put(store, b"content")
    path = store.local_path(blob.sha256)
    assert path is not None
    os.truncate(path, 3)
    assert put(store, b"content") == blob
    assert whole(store, blob.sha256) == b"content"


def test_a_blob_that_shrinks_while_it_is_read_is_an_error_not_a_short_answer(root: Path) -> None:
    store = LocalBlobStore(root)
    blob = put(store, bytes(3_000_000))
    path = store.local_path(blob.sha256)
    assert path is not None
    pieces = store.read(blob.sha256)
    next(pieces)
    os.truncate(path, 2_000_000)
    with pytest.raises(StorageFailed, match="ends at 2000000 of 3000000 bytes"):
        list(pieces)


def write_beyond_the_limit(root: Path) -> None:
    """Exits 0 when a full disk is told in our words and leaves nothing."""
    store = LocalBlobStore(root)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # the kernel stops at 1000 bytes
    with pytest.raises(StorageFull) as caught, store.begin() as writer:
        writer.write(bytes(2000))
    assert caught.value.status == 507
    with pytest.raises(StorageFull), store.begin_part("u", 1) as part:
        part.write(bytes(2000))
    assert files_under(root) == set()


def test_no_room_is_said_clearly_and_leaves_nothing(root: Path) -> None:
    process = get_context("spawn").Process(target=write_beyond_the_limit, args=(root,))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_a_store_that_was_unplugged_is_said_clearly(root: Path) -> None:
    store = LocalBlobStore(root)
    shutil.rmtree(root)
    with pytest.raises(StorageFailed, match="No such file") as caught:
        store.begin()
    assert caught.value.status == 503


def test_a_store_whose_place_is_taken_by_a_file_is_said_clearly(root: Path) -> None:
    root.write_bytes(b"")
    with pytest.raises(StorageFailed, match=str(root)):
        LocalBlobStore(root)


def test_bytes_reach_the_medium_before_the_name_and_the_name_before_the_answer(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalBlobStore(root)
    events: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(fd: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        events.append("sync folder" if is_folder else "sync file")
        real_fsync(fd)

    def replace(source: Path, target: Path) -> None:
        events.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    put(store, b"content")
    assert events == ["sync file", "rename", "sync folder"]
    put(store, b"content")
    assert events[3:] == ["sync folder"]  # its first writer may not have come that far
