"""The pickle inside a file of torch.save: what is read, and what is refused."""

from __future__ import annotations

import collections
import io
import pickle
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.state_dict import Weights, parse_state_dict
from tests.checkpoint import pickles
from tests.checkpoint.pickles import OS_SYSTEM, TRUE, rebuilt, small, state_dict, storage, text


def saved(value: Any, protocol: int = 2) -> bytes:
    """The pickle that torch.save makes of a value."""
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol)
    with zipfile.ZipFile(buffer) as archive:
        return archive.read("archive/data.pkl")


def weights_of(value: Any, protocol: int = 2) -> Weights:
    return parse_state_dict(saved(value, protocol), "data.pkl")


def training_checkpoint() -> dict[str, Any]:
    """What training scripts save: weights among everything else."""
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.sharding = "rows"
    marked = torch.ones(2)
    marked.tag = "x"
    weights = collections.OrderedDict(w=torch.ones(2, 2), p=parameter, t=marked)
    return {
        "model": weights,
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 1e-3}]},
        "epoch": 3,
        "best": None,
        "name": "run é",
        "numpy": np.random.get_state(),
        "generator": np.random.default_rng(1).bit_generator.state,
        "python": random.Random(1).getstate(),
        "torch": torch.get_rng_state(),
        "loss": np.float32(0.5),
        "steps": np.int64(7),
        "shape": torch.Size([2, 2]),
        "device": torch.device("cuda", 0),
        "dtype": torch.bfloat16,
        "seen": {1, 2},
        "frozen": frozenset({1}),
        "phase": 1j,
        "bytes": b"abc",
        "names": np.array(["a", "bc"]),
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_training_checkpoint_gives_its_weights_and_names_the_rest(protocol: int) -> None:
    value = training_checkpoint()
    weights = weights_of(value, protocol)
    assert list(weights.tensors) == ["w", "p", "t"]
    assert set(weights.ignored) == value.keys() - {"model"}


def test_wrapped_weights_are_found_two_deep() -> None:
    inner = {"a": torch.ones(1)}
    assert list(weights_of({"state_dict": {"model": inner, "version": 1}}).tensors) == ["a"]
    assert weights_of({"module": inner, "epoch": 1}).ignored == ("epoch",)
    assert weights_of({**inner, "extra": {"b": torch.ones(1)}}).ignored == ("extra",)


def test_two_sets_of_weights_are_ambiguous() -> None:
    inner = {"a": torch.ones(1)}
    with pytest.raises(BadPickle, match="state_dict and model") as caught:
        weights_of({"model": inner, "state_dict": inner})
    assert caught.value.reason == "ambiguous"


def sparse_and_others() -> dict[str, Callable[[], torch.Tensor]]:
    whole = torch.ones(2, 3)
    return {
        "sparse": whole.to_sparse,
        "meta": lambda: torch.empty(3, device="meta"),
        "complex128": lambda: whole.to(torch.complex128),
    }


@pytest.mark.parametrize("kind", sparse_and_others())
def test_a_tensor_without_dense_bytes_is_refused_by_its_kind(kind: str) -> None:
    with pytest.raises(BadPickle, match=f"'w' is a {kind} tensor") as caught:
        weights_of({"v": torch.ones(1), "w": sparse_and_others()[kind]()})
    assert caught.value.reason == "unsupported_tensor"


@pytest.mark.filterwarnings("ignore")
def test_a_quantised_tensor_is_refused_by_its_kind() -> None:
    for scheme in ("tensor", "channel"):
        whole = torch.ones(2, 3)
        value = (
            torch.quantize_per_tensor(whole, 0.1, 0, torch.qint8)
            if scheme == "tensor"
            else torch.quantize_per_channel(
                whole, torch.ones(2), torch.zeros(2, dtype=torch.int64), 0, torch.quint8
            )
        )
        with pytest.raises(BadPickle, match="'w' is a quantised tensor"):
            weights_of({"w": value})


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
    ("30 a stack without end", b"\x80\x02" + b"N" * (1 << 20) + b".", "too_deep"),
    ("30 nothing on the stack", b"\x80\x02.", "bad_stack"),
    ("30 reduce of nothing", b"\x80\x02R.", "bad_stack"),
    ("30 more than the limit", b"\x80\x02" + b"N" * (9 << 20), "too_large"),
    ("30 an endless string", b"\x80\x02X\xff\xff\xff\x7f.", "truncated"),
    ("30 an endless number", b"\x80\x02\x8b\xff\xff\xff\x7f.", "forbidden_opcode"),
    ("30 a number as text", b"\x80\x02I" + b"9" * 1000 + b"\n.", "forbidden_opcode"),
    ("30 a memo without end", b"\x80\x02Nr\xff\xff\xff\xff.", "bad_memo"),
    ("a storage of two sizes", b"\x80\x02]" + storage() + b"a" + storage(elements=5), "bad_storage"),  # noqa: E501
    ("an array of objects", b"\x80\x02cnumpy\ndtype\n(X\2\0\0\0O8\x89\x88tR.", "forbidden_reduce"),
    ("another codec", b"\x80\x02c_codecs\nencode\n(" + TRUE + text("bz2") + b"tR.", "forbidden_reduce"),  # noqa: E501
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
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999
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
