"""Files of torch.save before 1.6."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.pytorch.reading import read_torch_file
from tests.checkpoint import pickles
from tests.checkpoint.pickles import rebuilt, small, state_dict, text
from tests.checkpoint.pytorch.test_state_dict import training_checkpoint
from tests.checkpoint.pytorch.test_zip_file import DTYPES, raw, shared_and_strided

MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
VERSION = b"\x80\x02M\xe9\x03."
SYSTEM = b"\x80\x02}" + text("little_endian") + b"\x88s."
FOUR_FLOATS = (4).to_bytes(8, "little") + bytes(16)

INERT_CALL = b"cos\nsystem\n(" + text("true") + b"tR."
MODULE = b"\x80\x02(" + text("module") + b"ctorch\nTensor\n" + text("f.py") + text("x") + b"tQ."


def save_legacy(value: Any, path: Path, protocol: int = 2) -> None:
    torch.save(value, path, pickle_protocol=protocol, _use_new_zipfile_serialization=False)


def refuse(path: Path) -> str:
    with pytest.raises(BadCheckpoint) as caught:
        read_torch_file(path)
    return caught.value.reason


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_torch_saved_then_is_read_bit_for_bit(tmp_path: Path, protocol: int) -> None:
    saved = shared_and_strided()
    saved |= {str(d): torch.arange(24).reshape(4, 6).to(torch.float32).to(d) for d in DTYPES}
    save_legacy(saved, tmp_path / "x.pt", protocol)
    read = {tensor.name: tensor for tensor in read_torch_file(tmp_path / "x.pt").tensors}
    assert read.keys() == saved.keys()
    for name, original in saved.items():
        assert read[name].shape == tuple(original.shape)
        assert read[name].read() == raw(original)


def test_a_training_checkpoint_of_then_names_what_it_passes_over(tmp_path: Path) -> None:
    save_legacy(training_checkpoint(), tmp_path / "x.pt")
    file = read_torch_file(tmp_path / "x.pt")
    assert [tensor.name for tensor in file.tensors] == ["w", "p", "t"]
    assert {"optimizer", "numpy", "epoch"} <= set(file.ignored)


def test_a_real_file_of_then_is_read(shared_data: Path) -> None:
    path = shared_data / "pickle" / "data" / "pytorch_model.bin"
    tensors = read_torch_file(path).tensors
    assert tensors[0].name == "distilbert.embeddings.word_embeddings.weight"
    expected = torch.load(path, weights_only=True)
    assert {t.name: bytes(t.read()) for t in tensors} == {n: raw(t) for n, t in expected.items()}


def old_storage(key: str = "0") -> bytes:
    """A storage's persistent id with the place of a view, which is none."""
    return pickles.storage(key).removesuffix(b"tQ") + b"NtQ"


def parts(pickle: bytes = b"", keys: bytes = b"", storages: bytes = FOUR_FLOATS) -> list[bytes]:
    keys = keys or b"\x80\x02]" + text("0") + b"a."
    return [
        MAGIC,
        VERSION,
        SYSTEM,
        pickle or state_dict(rebuilt(ref=old_storage())),
        keys,
        storages,
    ]


def view_of(start: int, length: int, elements: int = 4) -> bytes:
    """A storage that is a part of another, as PyTorch before 0.4 wrote it."""
    view = b"(" + text("v") + small(start, length)[1:]
    whole = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu")
    return whole + b"J" + elements.to_bytes(4, "little") + view + b"tQ"


def test_a_view_of_a_storage_is_read_where_it_begins(tmp_path: Path) -> None:
    path, floats = tmp_path / "x.pt", torch.arange(4.0)
    pickle = state_dict(rebuilt(shape=small(2), ref=view_of(1, 3), offset=1))
    path.write_bytes(b"".join(parts(pickle, storages=FOUR_FLOATS[:8] + raw(floats))))
    (tensor,) = read_torch_file(path).tensors
    assert tensor.read() == raw(floats[2:])
    for start, length in ((-1, 2), (2, 3), (0, -1)):
        pickle = state_dict(rebuilt(shape=small(2), ref=view_of(start, length)))
        path.write_bytes(b"".join(parts(pickle)))
        assert refuse(path) == "bad_storage"
    pickle = state_dict(rebuilt(shape=small(3), ref=view_of(1, 3), offset=1))
    path.write_bytes(b"".join(parts(pickle)))
    assert refuse(path) == "out_of_storage"


# fmt: off
HOSTILE: dict[str, tuple[list[bytes], str]] = {
    "another version": ([MAGIC, b"\x80\x02M\xea\x03.", *parts()[2:]], "not_torch"),
    "big-endian": ([MAGIC, VERSION, SYSTEM.replace(b"\x88s", b"\x89s"), *parts()[3:]], "byteorder"),
    "no facts": ([MAGIC, VERSION, b"\x80\x02N.", *parts()[3:]], "byteorder"),
    "os.system as the version": ([MAGIC, INERT_CALL, *parts()[2:]], "forbidden_global"),
    "os.system as the keys": (parts(keys=b"\x80\x02cos\nsystem\n."), "forbidden_global"),
    "a module with its source": (parts(MODULE), "bad_storage"),
    "keys that are no list": (parts(keys=b"\x80\x02}."), "bad_storage"),
    "keys that are numbers": (parts(keys=b"\x80\x02]K\0a."), "bad_storage"),
    "another key": (parts(keys=b"\x80\x02]" + text("1") + b"a."), "bad_storage"),
    "a key twice": (parts(keys=b"\x80\x02](" + text("0") * 2 + b"e."), "bad_storage"),
    "no key": (parts(keys=b"\x80\x02]."), "bad_storage"),
    "another length": (parts(storages=(5).to_bytes(8, "little") + bytes(20)), "bad_storage"),
    "a negative length": (parts(storages=b"\xff" * 8 + bytes(16)), "bad_storage"),
    "a storage cut off": (parts(storages=FOUR_FLOATS[:-1]), "truncated"),
    "no storage": (parts(storages=b""), "bad_storage"),
    "something appended": ([*parts(), b"PK"], "trailing_bytes"),
    "a sixth pickle": ([*parts(), parts()[3]], "trailing_bytes"),
    "no more than the magic": ([MAGIC], "truncated"),
    "two values at its end": (parts(b"\x80\x02N" + parts()[3][2:]), "bad_stack"),
}
# fmt: on


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_of_then_is_refused_for_its_own_reason(tmp_path: Path, case: str) -> None:
    content, reason = HOSTILE[case]
    (tmp_path / "x.pt").write_bytes(b"".join(content))
    assert refuse(tmp_path / "x.pt") == reason


def test_the_samples_themselves_are_honest(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"".join(parts()))
    (tensor,) = read_torch_file(tmp_path / "x.pt").tensors
    assert tensor.read() == bytes(16)
    torch.load(tmp_path / "x.pt", weights_only=True)


def test_the_tar_before_that_is_refused_with_advice(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.pt", "w") as tar:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(BadCheckpoint, match=r"tar archive.*before 0\.1\.10") as caught:
        read_torch_file(tmp_path / "x.pt")
    assert caught.value.hint


@settings(max_examples=200)
@given(st.data())
def test_one_changed_byte_is_read_or_refused(data: st.DataObject) -> None:
    import tempfile

    content = bytearray(b"".join(parts()))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with tempfile.NamedTemporaryFile(suffix=".pt", dir="/dev/shm") as file:
        file.write(content)
        file.flush()
        try:
            [tensor.read() for tensor in read_torch_file(Path(file.name)).tensors]
        except BadCheckpoint as e:
            assert e.reason
