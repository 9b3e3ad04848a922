"""Archives of NumPy arrays."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadArchive, BadCheckpoint, BadNumpy
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.numpy_files.npz import read_npz
from paddock.checkpoint.opening import Format, open_checkpoint
from tests.checkpoint.numpy_files.test_npy import npy
from tests.checkpoint.pickles import raw_zip
from tests.checkpoint.samples import TINY, model_tensors

ARRAYS = {
    "model.layers.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6, dtype=">f2").reshape(2, 3)),
    "zeros": np.zeros((600, 1000), np.float32),
    "scalar": np.float64(2),
    "é": np.ones(1, np.int8),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_is_read_bit_for_bit(tmp_path: Path, save: object) -> None:
    save(tmp_path / "w.npz", **ARRAYS)
    tensors = {tensor.name: tensor for tensor in read_npz(tmp_path / "w.npz")}
    assert tensors.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
        assert tensors[name].shape == array.shape
        assert tensors[name].read() == little.tobytes()
        assert max(memoryview(p).nbytes for p in tensors[name].pieces()) <= 1 << 20


def deflated(raw: bytes, size: int | None = None, crc: int | None = None) -> bytes:
    """An archive with one deflated member, whose directory may lie about it."""
    squeezer = zlib.compressobj(wbits=-15)
    packed = squeezer.compress(raw) + squeezer.flush()
    numbers = (zlib.crc32(raw) if crc is None else crc, len(packed), size or len(raw))
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *numbers, 5, 0) + b"a.npy"
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, *numbers, 5, 0, 0, 0, 0, 0, 0
    )
    end = (0, 0, 1, 1, len(central) + 5, len(local) + len(packed), 0)
    return local + packed + central + b"a.npy" + struct.pack("<4s4H2LH", b"PK\5\6", *end)


def refuse(tmp_path: Path, content: bytes) -> str:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(BadCheckpoint) as caught:
        for tensor in read_npz(tmp_path / "x.npz"):
            tensor.read()
    return caught.value.reason


GOOD = npy(np.arange(1000))


def test_a_deflated_member_is_exactly_as_long_as_announced(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(deflated(GOOD))
    assert read_npz(tmp_path / "x.npz")[0].read() == np.arange(1000).tobytes()
    long = npy(np.zeros(4_000_000))
    assert refuse(tmp_path, deflated(long, len(GOOD))) == "truncated"
    assert refuse(tmp_path, deflated(GOOD + bytes(1 << 24), len(GOOD))) == "bad_member"
    assert refuse(tmp_path, deflated(GOOD + b"more", len(GOOD))) == "bad_member"
    assert refuse(tmp_path, deflated(GOOD[:-8], len(GOOD))) == "bad_member"
    assert refuse(tmp_path, deflated(GOOD, 1 << 31)) == "bomb"
    assert refuse(tmp_path, deflated(GOOD, crc=1)) == "bad_crc"


def test_damaged_deflate_is_refused(tmp_path: Path) -> None:
    content = bytearray(deflated(GOOD))
    content[60:64] = b"\xff" * 4
    assert refuse(tmp_path, bytes(content)) in ("bad_member", "bad_crc", "bad_header")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([(b"a.npy", npy(np.array([None])))], "objects"),
        ([(b"a.npy", npy(np.ones(3))), (b"run.py", b"x")], "foreign_member"),
        ([(b"a.npy", npy(np.ones(3)) + b"\0")], "trailing_bytes"),
        ([(b"a.npy", npy(np.ones(3))[:-1])], "truncated"),
        ([(b"a.npy", b"")], "not_npy"),
        ([(b"../a.npy", npy(np.ones(3)))], "bad_name"),
        ([(b".npy", npy(np.ones(3)))], "bad_name"),
        ([(b"a.npy", npy(np.ones(3)))] * 2, "duplicate_member"),
        ([], "empty"),
    ],
)
def test_a_hostile_archive_is_refused_for_its_own_reason(
    tmp_path: Path, members: list[tuple[bytes, bytes]], reason: str
) -> None:
    assert refuse(tmp_path, raw_zip(members)) == reason


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_flipped_bit_in_the_weights_is_noticed(tmp_path: Path, save: object) -> None:
    save(tmp_path / "w", a=np.random.default_rng(1).integers(0, 256, 9000, np.uint8))
    content = bytearray((tmp_path / "w.npz").read_bytes())
    content[len(content) // 2] ^= 1
    assert refuse(tmp_path, bytes(content)) in ("bad_crc", "bad_member")


def test_other_compressions_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", GOOD)
    assert refuse(tmp_path, (tmp_path / "x").read_bytes()) == "not_stored"


@settings(max_examples=200)
@given(st.data())
def test_one_changed_byte_is_read_or_refused(data: st.DataObject) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.arange(20), b=np.ones((2, 2), order="F"))
    content = bytearray(buffer.getvalue())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with tempfile.NamedTemporaryFile(suffix=".npz", dir="/dev/shm") as file:
        file.write(content)
        file.flush()
        try:
            [tensor.read() for tensor in read_npz(Path(file.name))]
        except BadCheckpoint as e:
            assert e.reason


def test_real_archives_are_read_or_refused(shared_data: Path) -> None:
    folder = shared_data / "pickle" / "data2"
    assert all(tensor.dtype.startswith("I") for tensor in read_npz(folder / "int_arrays.npz"))
    with pytest.raises(BadNumpy, match="objects"):
        read_npz(folder / "object_arrays.npz")
    with pytest.raises(BadArchive):
        read_npz(folder / "malicious21.pkl")


@pytest.mark.parametrize("name", ["weights.npz", "model.npz"])
def test_a_folder_may_keep_its_weights_in_one(tmp_path: Path, name: str) -> None:
    weights = {
        each.name: np.frombuffer(each.read(), np.float32).reshape(each.shape)
        for each in model_tensors(TINY)
    }
    np.savez(tmp_path / name, **weights)
    assert inspect_checkpoint(tmp_path).parameters == TINY.parameter_count()
    (tmp_path / "config.json").write_text(json.dumps(TINY.to_hf_dict()))
    checkpoint = open_checkpoint(tmp_path)
    assert (checkpoint.format, checkpoint.config) == (Format.NUMPY, TINY)
    read = {tensor.name: bytes(tensor.read()) for tensor in checkpoint.tensors}
    assert read == {name: array.tobytes() for name, array in weights.items()}


def test_bare_arrays_are_inspected_by_their_bytes(tmp_path: Path) -> None:
    np.savez(tmp_path / "lora.bin.npz", a=np.ones((2, 3)), b=np.zeros(4, np.int8))
    (tmp_path / "lora.bin.npz").rename(tmp_path / "lora.bin")
    np.save(tmp_path / "x.npy", np.ones(5, np.float16))
    assert inspect_checkpoint(tmp_path / "lora.bin").dtypes.keys() == {"F64", "I8"}
    inspection = inspect_checkpoint(tmp_path / "x.npy")
    assert (inspection.format, inspection.parameters) == ("numpy", 5)
    with pytest.raises(BadCheckpoint, match="only a part"):
        open_checkpoint(tmp_path / "x.npy")
