"""Packed once, mapped ever after: what is trusted, what is packed again, and what is removed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.native import pack_cache, packed_file
from paddock.engine.native.loading import Packing, load_weights
from paddock.engine.native.pack_cache import PackCache, load_packed
from paddock.engine.native.packed_file import HEADER_BYTES, map_packed, remove_abandoned
from paddock.engine.native.plan import plan_weights
from paddock.engine.native.weights import Weights
from paddock.engine.precision import Precision
from paddock.kernels.step_library import step_library
from tests.checkpoint.samples import TINY, write_hf_folder

IDENTITY = bytes(range(32))
CONTENT = np.random.default_rng(0).bytes(100_003)


class Packer:
    """Gives the same bytes whenever it is asked, and counts how often that is."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content, self.times = content, 0

    def __call__(self) -> Iterator[memoryview]:
        self.times += 1
        for at in range(0, len(self.content), 7_001):
            yield memoryview(self.content)[at : at + 7_001]


@pytest.fixture
def cache(tmp_path: Path) -> PackCache:
    return PackCache(tmp_path / "packed", 1_000_000)


@pytest.fixture
def reasons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why packed weights were not kept, each time that it was said."""
    said: list[str] = []

    class Log:
        def warning(self, _sentence: str, *, folder: str, reason: str) -> None:
            said.append(reason)

    monkeypatch.setattr(pack_cache, "get_logger", lambda _: Log())
    return said


def load(cache: PackCache, pack: Packer, identity: bytes = IDENTITY) -> bytes:
    return load_packed(cache, identity, len(pack.content), pack).tobytes()


def files(cache: PackCache) -> list[Path]:
    return sorted(cache.folder.iterdir())


def test_what_was_packed_is_mapped_the_next_time(cache: PackCache) -> None:
    pack = Packer()
    assert load(cache, pack) == load(cache, pack) == CONTENT
    assert pack.times == 1
    (path,) = files(cache)
    assert path.stat().st_mode & 0o777 == 0o600
    assert cache.folder.stat().st_mode & 0o777 == 0o700


def test_the_mapping_is_aligned_read_only_and_outlives_its_file(cache: PackCache) -> None:
    pack = Packer()
    load(cache, pack)
    mapped = load_packed(cache, IDENTITY, len(CONTENT), pack)
    assert mapped.ctypes.data % 64 == 0
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1
    files(cache)[0].unlink()
    assert mapped.tobytes() == CONTENT


def test_large_contents_are_written_in_large_aligned_pieces(
    cache: PackCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[int, int]] = []
    pwritev = os.pwritev

    def heard(descriptor: int, views: list[memoryview], at: int) -> int:
        written.append((at, sum(map(len, views))))
        return pwritev(descriptor, views, at)

    monkeypatch.setattr(os, "pwritev", heard)
    pack = Packer(np.random.default_rng(1).bytes(9 << 20))
    assert load(PackCache(cache.folder, 1 << 30), pack) == pack.content
    assert [at for at, _ in written] == [0, 4 << 20, 8 << 20]
    assert written[0][1] == packed_file.WRITE_BYTES


def test_a_short_write_loses_nothing(cache: PackCache, monkeypatch: pytest.MonkeyPatch) -> None:
    pwritev = os.pwritev
    monkeypatch.setattr(
        os, "pwritev", lambda fd, views, at: pwritev(fd, [views[0][: len(views[0]) // 2 + 1]], at)
    )
    assert load(cache, Packer()) == CONTENT


def _flip(at: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        raw[at] ^= 1
        path.write_bytes(raw)

    return change


def _link(path: Path) -> None:
    moved = path.with_name("elsewhere")
    path.rename(moved)
    path.symlink_to(moved)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


SPOILT: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(path, HEADER_BYTES + 1000),
    "emptied": lambda path: os.truncate(path, 0),
    "longer": lambda path: os.truncate(path, path.stat().st_size + 1),
    "other magic": _flip(0),
    "other layout": _flip(16),
    "other size": _flip(24),
    "other identity": _flip(40),
    "other digest": _flip(64),
    "header filled": _flip(HEADER_BYTES - 1),
    "readable by others": lambda path: path.chmod(0o644),
    "writable by others": lambda path: path.chmod(0o602),
    "a symbolic link": _link,
    "a pipe": _pipe,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_file_that_is_not_exactly_ours_is_packed_again(
    cache: PackCache, spoil: Callable[[Path], object]
) -> None:
    pack = Packer()
    load(cache, pack)
    spoil(files(cache)[-1])
    assert load(cache, pack) == CONTENT
    assert pack.times == 2
    assert load(cache, pack) == CONTENT
    assert pack.times == 2


def test_a_file_of_somebody_else_is_packed_again(
    cache: PackCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(cache, Packer())
    (path,) = files(cache)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert map_packed(path, IDENTITY, len(CONTENT)) is None


@pytest.mark.parametrize("mode", [0o777, 0o730])
def test_a_folder_that_others_may_write_to_is_not_used(
    cache: PackCache, reasons: list[str], mode: int
) -> None:
    cache.folder.mkdir()
    cache.folder.chmod(mode)
    assert load(cache, Packer()) == load(cache, Packer()) == CONTENT
    assert files(cache) == []
    assert reasons == ["others own the folder or may write to it"]  # said once


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_no_more_means_memory(
    cache: PackCache, reasons: list[str], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pwritev", full)
    assert load(cache, Packer()) == CONTENT
    assert files(cache) == []
    assert reasons == [os.strerror(number).lower()]


def test_a_disk_without_room_is_not_written_to(
    cache: PackCache, reasons: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(pack_cache.shutil, "disk_usage", lambda _: Usage)
    assert load(cache, Packer()) == CONTENT
    assert files(cache) == []
    assert "1,000 bytes left" in reasons[0]


def test_the_one_that_was_used_longest_ago_goes_first(cache: PackCache) -> None:
    cache = PackCache(cache.folder, 3 * (len(CONTENT) + HEADER_BYTES))
    names = [bytes([n]) * 32 for n in range(4)]
    for age, name in zip((30, 20, 10), names[:3], strict=True):
        load(cache, Packer(), name)
        newest = cache.folder / f"{name.hex()[:40]}.packed"
        os.utime(newest, (time.time() - age, time.time() - age))
    load(cache, Packer(), names[0])  # used again: now the second is the oldest
    load(cache, Packer(), names[3])
    kept = {path.name[:2] for path in files(cache)}
    assert kept == {"00", "02", "03"}


def test_more_than_the_limit_is_not_kept_and_removes_nothing(
    cache: PackCache, reasons: list[str]
) -> None:
    load(cache, Packer())
    small = PackCache(cache.folder, len(CONTENT) - 1)
    assert load(small, Packer(), b"\xaa" * 32) == CONTENT
    assert len(files(cache)) == 1
    assert "more than" in reasons[0]


PROCESS = """
import sys, time
from pathlib import Path
from paddock.engine.native.pack_cache import PackCache, load_packed
def pack():
    print("packing", flush=True)
    for n in range({pieces}):
        time.sleep({seconds})
        yield memoryview(bytes([n % 256]) * (4 << 20))
found = load_packed(PackCache(Path(sys.argv[1]), 1 << 30), bytes(32), {pieces} * (4 << 20), pack)
print("sum", int(found.sum(dtype="u8")), flush=True)
"""


def start(cache: PackCache, *, pieces: int, seconds: float) -> subprocess.Popen[str]:
    program = PROCESS.format(pieces=pieces, seconds=seconds)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(cache.folder)], stdout=subprocess.PIPE, text=True
    )


def test_of_two_processes_at_once_one_packs_and_both_have_it(cache: PackCache) -> None:
    one, other = (start(cache, pieces=4, seconds=0.1) for _ in range(2))
    said = [process.communicate(timeout=60)[0].splitlines() for process in (one, other)]
    assert [lines[-1] for lines in said] == [f"sum {6 * (4 << 20)}"] * 2
    assert sum("packing" in lines for lines in said) == 1
    assert [path.suffix for path in files(cache)] == [".packed"]


def test_a_process_killed_while_packing_leaves_nothing_that_counts(cache: PackCache) -> None:
    killed = start(cache, pieces=200, seconds=0.05)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "packing\n"
    while not any(path.suffix == ".partial" and path.stat().st_size for path in files(cache)):
        time.sleep(0.01)
    remove_abandoned(cache.folder)
    assert any(path.suffix == ".partial" for path in files(cache))  # its writer lives
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert not any(path.suffix == ".packed" for path in files(cache))
    pack = Packer()
    assert load(cache, pack) == CONTENT  # also takes the turn that the dead one had
    assert [path.suffix for path in files(cache) if path.suffix != ".lock"] == [".packed"]


def test_one_that_fails_while_packing_leaves_nothing(cache: PackCache) -> None:
    def fails() -> Iterator[memoryview]:
        yield memoryview(CONTENT)[:100]
        raise BadCheckpoint("truncated", "the file ended early")

    with pytest.raises(BadCheckpoint):
        load_packed(cache, IDENTITY, len(CONTENT), fails)
    assert files(cache) == []


# Whole checkpoints


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_hf_folder(tmp_path / "model")
    return tmp_path / "model"


def weights_of(model: Path, cache: PackCache, precision: Precision = Precision.AUTO) -> Weights:
    library = step_library()
    assert library is not None, "the step is not compiled; run: make kernels"
    checkpoint = open_checkpoint(model)
    plan = plan_weights(checkpoint.config, checkpoint.tensors, precision)
    return load_weights(checkpoint, plan, Packing(library, kept=cache))


def norm_of(weights: Weights) -> float:
    return float(weights.final_norm[0])


def test_each_precision_of_a_checkpoint_is_packed_once(model: Path, cache: PackCache) -> None:
    for _ in range(2):
        for precision in (Precision.AUTO, Precision.INT8):
            weights_of(model, cache, precision)
    assert len(files(cache)) == 2


def test_a_changed_weight_is_never_served_from_an_old_pack(model: Path, cache: PackCache) -> None:
    """Also where whoever changed it put size and time of modification back."""
    path = model / "model.safetensors"
    place = next(t for t in open_checkpoint(model).tensors if t.name == "model.norm.weight").place
    assert place is not None
    for wanted in (1.5, 2.5, 3.5):
        before = path.stat()
        with path.open("r+b") as file:
            file.seek(place.start)
            file.write(np.float32(wanted).tobytes())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert norm_of(weights_of(model, cache)) == wanted
    assert len(files(cache)) == 3


def test_another_configuration_over_the_same_weights_is_another_pack(
    model: Path, cache: PackCache
) -> None:
    weights_of(model, cache)
    config = model / "config.json"
    config.write_text(config.read_text().replace('"rope_theta": 10000.0', '"rope_theta": 500000.0'))
    assert weights_of(model, cache).config.rope_theta == 500000.0
    assert len(files(cache)) == 2


def test_a_file_that_changes_while_it_is_packed_is_refused(
    model: Path, cache: PackCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paddock.engine.native import loading

    pieces = loading.packed_pieces

    def change_and_pack(*arguments: object) -> Iterator[memoryview]:
        yield from pieces(*arguments)
        os.utime(model / "model.safetensors")

    monkeypatch.setattr(loading, "packed_pieces", change_and_pack)
    with pytest.raises(BadCheckpoint, match="changed while it was read"):
        weights_of(model, cache)
    assert files(cache) == []


def test_two_maps_of_a_pack_share_their_pages(model: Path, cache: PackCache) -> None:
    weights_of(model, cache)
    first, second = weights_of(model, cache), weights_of(model, cache)
    assert TINY.layers == len(first.layers)
    assert first.embeddings.panels.ctypes.data != second.embeddings.panels.ctypes.data
    assert bytes(first.layers[1].down.panels) == bytes(second.layers[1].down.panels)
    maps = Path("/proc/self/maps").read_text().splitlines()
    inodes = {line.split()[4] for line in maps if str(cache.folder) in line}
    assert len(inodes) == 1
