"""Files of torch.save, read without running anything in them."""

from __future__ import annotations

import collections
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.pytorch.reading import read_torch_file
from tests.checkpoint import pickles
from tests.checkpoint.pickles import rebuilt, small, state_dict, storage

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool, torch.uint16, torch.uint32, torch.uint64,
    torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64,
]  # fmt: skip


def raw(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def shared_and_strided() -> dict[str, torch.Tensor]:
    whole = torch.arange(120, dtype=torch.float32).reshape(6, 20)
    return collections.OrderedDict(
        whole=whole,
        again=whole,
        transposed=whole.t(),
        rows=whole[2:4],
        columns=whole[:, 3:9],
        steps=whole[::2, ::3],
        moved=whole.reshape(2, 3, 20).permute(2, 0, 1),
        scalar=torch.tensor(1.5),
        nothing=torch.empty(0, 3),
        parameter=torch.nn.Parameter(torch.ones(3)),
    )


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_torch_saves_is_read_bit_for_bit(tmp_path: Path, protocol: int) -> None:
    saved = shared_and_strided()
    saved |= {str(d): torch.arange(24).reshape(4, 6).to(torch.float32).to(d) for d in DTYPES}
    torch.save(saved, tmp_path / "x.pth", pickle_protocol=protocol)
    read = {tensor.name: tensor for tensor in read_torch_file(tmp_path / "x.pth").tensors}
    assert read.keys() == saved.keys()
    for name, original in saved.items():
        assert read[name].shape == tuple(original.shape)
        assert read[name].read() == raw(original)


def test_the_state_of_a_module_is_read(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4))
    torch.save(module.state_dict(), tmp_path / "x.pth")
    read = {tensor.name: tensor.read() for tensor in read_torch_file(tmp_path / "x.pth").tensors}
    assert read == {name: raw(value) for name, value in module.state_dict().items()}


def test_a_large_strided_tensor_comes_in_bounded_pieces(tmp_path: Path) -> None:
    whole = torch.arange(3 << 20, dtype=torch.float32).reshape(3, 1 << 20)
    torch.save({"t": whole.t(), "wide": whole[:, ::2]}, tmp_path / "x.pth")
    for tensor in read_torch_file(tmp_path / "x.pth").tensors:
        assert max(memoryview(piece).nbytes for piece in tensor.pieces()) <= 2 << 20
        assert tensor.read() == raw(whole.t() if tensor.name == "t" else whole[:, ::2])


def refuse(path: Path) -> str:
    with pytest.raises(BadCheckpoint) as caught:
        [tensor.read() for tensor in read_torch_file(path).tensors]
    return caught.value.reason


def test_the_samples_themselves_are_honest(tmp_path: Path) -> None:
    (tensor,) = read_torch_file(pickles.write_zip(tmp_path / "x.pth", pickles.honest())).tensors
    assert tensor.read() == bytes(16)
    members = [(b"a/data.pkl", pickles.honest()), (b"a/data/0", bytes(16))]
    (tmp_path / "y.pth").write_bytes(pickles.raw_zip(members))
    assert len(read_torch_file(tmp_path / "y.pth").tensors) == 1


@pytest.mark.parametrize(
    "view",
    [
        rebuilt(offset=1),
        rebuilt(shape=small(5)),
        rebuilt(shape=small(2, 2), strides=small(3, 1)),
        rebuilt(shape=small(1000, 1000), strides=small(0, 0)),
        rebuilt(ref=storage(elements=5)),
        rebuilt(ref=storage(key="1")),
        rebuilt(ref=storage(key="../0")),
        rebuilt(ref=storage(kind=b"DoubleStorage")),
        rebuilt(shape=small(*[1] * 40), strides=small(*[1] * 40)),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(tmp_path: Path, view: bytes) -> None:
    path = pickles.write_zip(tmp_path / "x.pth", state_dict(view))
    assert refuse(path) in ("out_of_storage", "bad_storage", "forbidden_reduce")


def test_a_tensor_with_a_hostile_name_is_refused(tmp_path: Path) -> None:
    path = pickles.write_zip(tmp_path / "x.pth", state_dict(rebuilt(), name="../../w"))
    assert refuse(path) == "bad_name"


def test_foreign_members_are_refused(tmp_path: Path) -> None:
    for name in ("code/__torch__.py", "constants.pkl", "data.pkl2", "data/0x", "payload.pkl"):
        path = pickles.write_zip(tmp_path / "x.pth", pickles.honest(), {name: b"N."})
        assert refuse(path) == "foreign_member"
        path.unlink()


def test_bytes_that_nothing_refers_to_are_refused(tmp_path: Path) -> None:
    path = pickles.write_zip(tmp_path / "x.pth", pickles.honest(), {"data/1": b"hidden"})
    assert refuse(path) == "foreign_member"


def test_big_endian_files_are_refused(tmp_path: Path) -> None:
    path = pickles.write_zip(tmp_path / "x.pth", pickles.honest(), {"byteorder": b"big"})
    assert refuse(path) == "byteorder"


def test_a_flipped_bit_in_the_weights_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    torch.save({"w": torch.zeros(1000)}, path)
    content = bytearray(path.read_bytes())
    content[content.index(bytes(4000)) + 2000] ^= 1
    path.write_bytes(content)
    assert refuse(path) == "bad_crc"


def test_prefix_suffix_and_gaps_are_refused(tmp_path: Path) -> None:
    path = pickles.write_zip(tmp_path / "x.pth", pickles.honest())
    good = path.read_bytes()
    for number, content in enumerate(
        (b"MZ" + good, good + b"\0", good[:-5], good[5:], b"PK\x03\x04")
    ):
        (tmp_path / f"{number}.pth").write_bytes(content)
        assert refuse(tmp_path / f"{number}.pth") in {
            "not_torch",
            "not_zip",
            "bad_directory",
            "hidden_bytes",
        }
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"x"
    assert refuse(path) in ("not_zip", "multi_disk")


def test_members_that_readers_would_see_differently_are_refused(tmp_path: Path) -> None:
    content = [(b"a/data.pkl", pickles.honest()), (b"a/data/0", bytes(16))]
    cases = {
        "duplicate_member": pickles.raw_zip([*content, content[0]]),
        "mismatch": pickles.raw_zip(content, local_names=[b"a/data.pkl", b"a/data/1"]),
        "bad_name": pickles.raw_zip([*content, (b"a/../../evil", b"")]),
        "not_torch": pickles.raw_zip([*content, (b"b/version", b"3")]),
    }
    for reason, archive in cases.items():
        (tmp_path / reason).write_bytes(archive)
        assert refuse(tmp_path / reason) == reason
    for name in (b"/abs", b"a//b", b"a\\b", b"a/\x01", b"\xff", b""):
        (tmp_path / "n").write_bytes(pickles.raw_zip([*content, (name, b"")]))
        assert refuse(tmp_path / "n") == "bad_name"


def test_compressed_and_encrypted_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickles.honest())
    assert refuse(path) == "not_stored"
    content = bytearray(pickles.write_zip(tmp_path / "y.pth", pickles.honest()).read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    (tmp_path / "y.pth").write_bytes(content)
    assert refuse(tmp_path / "y.pth") == "not_stored"


@settings(max_examples=200)
@given(st.data())
def test_one_changed_byte_of_an_archive_is_read_or_refused(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = pickles.write_zip(Path(folder) / "x.pth", pickles.honest())
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        try:
            [tensor.read() for tensor in read_torch_file(path).tensors]
        except BadCheckpoint as e:
            assert e.reason
