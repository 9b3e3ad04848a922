"""Files of torch.save, read without running anything in them."""

from __future__ import annotations

import collections
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadArchive, BadCheckpoint, BadPickle
from paddock.checkpoint.pytorch.opcodes import parse_state_dict
from paddock.checkpoint.pytorch.zip_file import read_torch_file
from tests.checkpoint import pickles
from tests.checkpoint.pickles import OS_SYSTEM, TRUE, rebuilt, small, state_dict, storage, text

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
    read = {tensor.name: tensor for tensor in read_torch_file(tmp_path / "x.pth")}
    assert read.keys() == saved.keys()
    for name, original in saved.items():
        assert read[name].shape == tuple(original.shape)
        assert read[name].read() == raw(original)


def test_the_state_of_a_module_is_read(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4))
    torch.save(module.state_dict(), tmp_path / "x.pth")
    read = {tensor.name: tensor.read() for tensor in read_torch_file(tmp_path / "x.pth")}
    assert read == {name: raw(value) for name, value in module.state_dict().items()}


def test_a_large_strided_tensor_comes_in_bounded_pieces(tmp_path: Path) -> None:
    whole = torch.arange(3 << 20, dtype=torch.float32).reshape(3, 1 << 20)
    torch.save({"t": whole.t(), "wide": whole[:, ::2]}, tmp_path / "x.pth")
    for tensor in read_torch_file(tmp_path / "x.pth"):
        assert max(memoryview(piece).nbytes for piece in tensor.pieces()) <= 2 << 20
        assert tensor.read() == raw(whole.t() if tensor.name == "t" else whole[:, ::2])


class Bomb:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        import os

        return os.system, ("true",)


INERT_CALL = OS_SYSTEM + b"(" + TRUE + b"tR"
# fmt: off
HOSTILE_PICKLES: list[tuple[str, bytes, str]] = [
    ("01 os.system", pickle.dumps(Bomb(), 2), "forbidden_global"),
    ("02 in a tensor's place", state_dict(INERT_CALL), "forbidden_global"),
    ("03 builtins.eval", b"\x80\x02cbuiltins\neval\n(" + TRUE + b"tR.", "forbidden_global"),
    ("04 popped result", b"\x80\x02" + b"K\x010" + pickles.honest()[2:], "forbidden_opcode"),
    ("05 split strings", b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "forbidden_global"),
    ("06 by memo", b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94h\1h\0\x93.", "forbidden_global"),
    ("07 pkgutil.resolve_name", b"\x80\x02cpkgutil\nresolve_name\n.", "forbidden_global"),
    ("08 importlib", b"\x80\x02cimportlib\nimport_module\n.", "forbidden_global"),
    ("10 torch.hub.load", b"\x80\x02ctorch.hub\nload\n.", "forbidden_global"),
    ("an attribute of a known module", b"\x80\x02ctorch\nload\n.", "forbidden_global"),
    ("a dotted path", b"\x80\x04\x8c\x05torch\x8c\x13_utils.os.system.xy\x93.", "forbidden_global"),
    ("13 no stop", pickles.honest()[:-1], "truncated"),
    ("14 a second pickle", pickles.honest() + pickles.honest(), "trailing_bytes"),
    ("14 a newline after it", pickles.honest() + b"\n", "trailing_bytes"),
    ("15 junk inside", b"\x80\x02\xff.", "forbidden_opcode"),
    ("16 INST", b"\x80\x02(S'true'\nios\nsystem\n.", "forbidden_opcode"),
    ("16 INST alone", b"\x80\x02(ios\nsystem\n.", "forbidden_opcode"),
    ("17 OBJ", b"\x80\x02(ccollections\nOrderedDict\no.", "forbidden_opcode"),
    ("18 BUILD on a storage", b"\x80\x02" + storage() + b"}b.", "forbidden_build"),
    ("18 BUILD with a tuple state", b"\x80\x02})b.", "forbidden_build"),
    ("19 EXT1", b"\x80\x02\x82\x01.", "forbidden_opcode"),
    ("19 EXT4", b"\x80\x02\x84\x01\0\0\0.", "forbidden_opcode"),
    ("20 dill", b"\x80\x02cdill._dill\n_create_function\n.", "forbidden_global"),
    ("NEWOBJ", b"\x80\x02ccollections\nOrderedDict\n)\x81.", "forbidden_opcode"),
    ("NEWOBJ_EX", b"\x80\x04ccollections\nOrderedDict\n)}\x92.", "forbidden_opcode"),
    ("PERSID as text", b"\x80\x02Pstorage\n.", "forbidden_opcode"),
    ("a persistent id of something else", b"\x80\x02(" + text("module") + b"tQ.", "bad_storage"),
    ("30 a memo that was never set", b"\x80\x02h\x05.", "bad_memo"),
    ("30 marks without end", b"\x80\x02" + b"(" * 1000 + b".", "too_deep"),
    ("30 a stack without end", b"\x80\x02" + b"N" * (2 << 20) + b".", "too_deep"),
    ("30 nothing on the stack", b"\x80\x02.", "bad_stack"),
    ("30 reduce of nothing", b"\x80\x02R.", "bad_stack"),
    ("30 more than the limit", b"\x80\x02" + b"N" * (9 << 20), "too_large"),
    ("30 an endless string", b"\x80\x02X\xff\xff\xff\x7f.", "too_large"),
    ("30 an endless number", b"\x80\x02\x8a\xff" + bytes(255) + b".", "too_large"),
    ("30 a frame beyond the end", b"\x80\x04\x95" + b"\xff" * 8 + b".", "truncated"),
    ("protocol 9", b"\x80\x09N.", "bad_protocol"),
    ("protocol said twice", b"\x80\x02\x80\x02N.", "bad_protocol"),
    ("a storage called", b"\x80\x02ctorch\nFloatStorage\n)R.", "forbidden_reduce"),
    ("a tensor called", b"\x80\x02" + rebuilt() + b")R.", "forbidden_reduce"),
    ("OrderedDict of 1", b"\x80\x02ccollections\nOrderedDict\n(K\x01tR.", "forbidden_reduce"),
    ("a tensor of nothing", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "forbidden_reduce"),
    ("a negative size", state_dict(rebuilt(shape=small(-4))), "forbidden_reduce"),
    ("a negative stride", state_dict(rebuilt(strides=small(-1))), "forbidden_reduce"),
    ("shape without strides", state_dict(rebuilt(shape=small(2, 2))), "forbidden_reduce"),
    ("a shape of strings", state_dict(rebuilt(shape=b"(" + TRUE + b"t")), "forbidden_reduce"),
    ("a key that is a tuple", b"\x80\x02}))s.", "bad_key"),
    ("a key twice", b"\x80\x02}(" + (text("w") + rebuilt()) * 2 + b"u.", "duplicate_key"),
    ("a number, no tensor", state_dict(b"K\x01"), "no_state_dict"),
    ("a list", b"\x80\x02].", "no_state_dict"),
    ("names in bytes", b"\x80\x02}K\x01" + rebuilt() + b"s.", "no_state_dict"),
]
# fmt: on


@pytest.mark.parametrize(
    ("content", "reason"), [c[1:] for c in HOSTILE_PICKLES], ids=[c[0] for c in HOSTILE_PICKLES]
)
def test_a_hostile_pickle_is_refused_for_its_own_reason(content: bytes, reason: str) -> None:
    with pytest.raises(BadPickle) as caught:
        parse_state_dict(content, "data.pkl")
    assert caught.value.reason == reason


def test_a_web_of_containers_is_refused_without_being_drawn() -> None:
    """Each list holds the one before it twice: printed or copied, it would have 2^60 parts."""
    web = b"\x80\x02]q\x00"
    for level in range(60):
        web += b"](h" + bytes([level]) + b"h" + bytes([level]) + b"eq" + bytes([level + 1])
    for ending in (b".", b"Q.", b")R."):
        with pytest.raises(BadPickle) as caught:
            parse_state_dict(web + ending, "data.pkl")
        assert len(caught.value.message) < 300


def test_a_deep_list_is_refused_without_recursion() -> None:
    deep = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999
    with pytest.raises(BadPickle, match="no dictionary"):
        parse_state_dict(deep + b".", "data.pkl")
    with pytest.raises(BadPickle):
        parse_state_dict(deep + b"Q.", "data.pkl")


@given(st.binary(max_size=200))
def test_no_bytes_make_the_interpreter_fail_otherwise_than_in_words(content: bytes) -> None:
    with pytest.raises(BadPickle):
        parse_state_dict(b"\x80\x02" + content, "data.pkl")


@settings(max_examples=300)
@given(st.data())
def test_one_changed_byte_gives_tensors_or_a_refusal(data: st.DataObject) -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(2, 3), "b": torch.ones(3)}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        content = bytearray(archive.read("archive/data.pkl"))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert parse_state_dict(bytes(content), "data.pkl")
    except BadPickle as e:
        assert e.reason


def test_real_hostile_files_are_never_accepted(shared_data: Path) -> None:
    files = [path for path in sorted((shared_data / "pickle").glob("data*/*")) if path.is_file()]
    assert len(files) > 40
    for path in files:
        with pytest.raises(BadCheckpoint):
            read_torch_file(path)
        with pytest.raises(BadPickle):
            parse_state_dict(path.read_bytes(), path.name)


def refuse(path: Path) -> str:
    with pytest.raises(BadCheckpoint) as caught:
        [tensor.read() for tensor in read_torch_file(path)]
    return caught.value.reason


def test_the_samples_themselves_are_honest(tmp_path: Path) -> None:
    (tensor,) = read_torch_file(pickles.write_zip(tmp_path / "x.pth", pickles.honest()))
    assert tensor.read() == bytes(16)
    members = [(b"a/data.pkl", pickles.honest()), (b"a/data/0", bytes(16))]
    (tmp_path / "y.pth").write_bytes(pickles.raw_zip(members))
    assert len(read_torch_file(tmp_path / "y.pth")) == 1


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
    assert refuse(path) in ("out_of_storage", "bad_storage", "bad_tensor")


def test_a_tensor_with_a_hostile_name_is_refused(tmp_path: Path) -> None:
    path = pickles.write_zip(tmp_path / "x.pth", state_dict(rebuilt(), name="../../w"))
    assert refuse(path) == "bad_name"


def test_foreign_members_are_refused(tmp_path: Path) -> None:
    for name in ("code/__torch__.py", "constants.pkl", "data.pkl2", "data/0x", "payload.pkl"):
        path = pickles.write_zip(tmp_path / "x.pth", pickles.honest(), {name: b"N."})
        assert refuse(path) == "foreign_member"
        path.unlink()


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
        assert refuse(tmp_path / f"{number}.pth") in ("not_zip", "bad_directory", "hidden_bytes")
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
            [tensor.read() for tensor in read_torch_file(path)]
        except BadCheckpoint as e:
            assert e.reason


def test_the_old_format_is_refused_with_advice(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(BadArchive, match="no PyTorch zip") as caught:
        read_torch_file(tmp_path / "x.pth")
    assert caught.value.hint
