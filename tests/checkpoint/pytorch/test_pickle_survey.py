"""What a pickle would ask for, told without loading it."""

from __future__ import annotations

import collections
import datetime
import pickle
import pickletools
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.pytorch.opcodes import _ALL_STEPS, STOP
from paddock.checkpoint.pytorch.pickle_survey import survey
from tests.checkpoint.pickles import honest, rebuilt, state_dict, storage, text
from tests.checkpoint.pytorch.test_state_dict import saved, training_checkpoint


def asked(raw: bytes) -> list[tuple[str | None, str | None]]:
    return [(use.module, use.name) for use in survey(raw, "x").globals]


def reasons(raw: bytes) -> list[str]:
    return [objection.reason for objection in survey(raw, "x").objections]


ARGUMENTS = b"(X\x04\0\0\0truetR"
# fmt: off
OS_SYSTEM: dict[str, bytes] = {
    "GLOBAL": b"cos\nsystem\n" + ARGUMENTS + b".",
    "popped": b"\x80\x02cos\nsystem\n" + ARGUMENTS + b"0}.",
    "no STOP": b"cos\nsystem\n" + ARGUMENTS,
    "junk after it": b"cos\nsystem\n" + ARGUMENTS + b"\xff\xff",
    "split strings": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "long strings": b"\x80\x04\x8d\2\0\0\0\0\0\0\0osX\6\0\0\0system\x93.",
    "old strings": b"\x80\x04U\2osT\6\0\0\0system\x93.",
    "quoted strings": b"S'os'\nS\"system\"\n\x93.",
    "escaped strings": b"S'\\x6fs'\nS'\\163ystem'\n\x93.",
    "unicode lines": b"Vos\nV\\u0073ystem\n\x93.",
    "memo": b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94h\1h\0\x93.",
    "text memo": b"Vsystem\np900\n0Vos\np7\n0g7\ng900\n\x93.",
    "memo overwritten": b"Vnothing\nq\0Vos\nq\1Vsystem\nq\0000h\1h\0\x93.",
    "duplicated": b"Vsystem\n2Vos\n00Vos\np1\n0Vsystem\np2\n0g1\ng2\n\x93.",
    "dropped with a mark": b"Vos\nVsystem\n(Vbuiltins\nVeval\n1\x93.",
    "a mark popped": b"Vos\nVsystem\n(Vx\n0" b"0\x93.",
    "INST": b"(S'true'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'true'\no.",
    "NEWOBJ": b"cos\nsystem\n)\x81.",
    "NEWOBJ_EX": b"cos\nsystem\n)}\x92.",
    "in a second pickle": honest() + b"cos\nsystem\n" + ARGUMENTS + b".",
    "in a sixth pickle": honest() * 5 + b"cos\nsystem\n.",
    "in a frame": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0cos\nsystem\n.",
    "PROTO in between": b"N0\x80\x04cos\nsystem\n.",
    "in a persistent id": b"(X\7\0\0\0storagecos\nsystem\nX\1\0\0\0aX\3\0\0\0cpuK\1tQ.",
    "in a tensor": state_dict(rebuilt(ref=b"cos\nsystem\n")),
}
# fmt: on


@pytest.mark.parametrize("case", OS_SYSTEM)
def test_a_global_is_found_however_it_is_spelt(case: str) -> None:
    found = survey(OS_SYSTEM[case], "x")
    assert ("os", "system") in asked(OS_SYSTEM[case])
    assert "forbidden_global" in reasons(OS_SYSTEM[case])
    assert not found.is_harmless
    (use,) = [use for use in found.globals if use.module == "os"]
    assert not use.is_known
    opcode = OS_SYSTEM[case][use.at : use.at + 1]
    assert opcode in (b"c", b"i", b"\x93")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x80\x02\x82\x01.", "extension"),
        (b"\x80\x02\x83\x01\0.", "extension"),
        (b"\x80\x02\x84\x01\0\0\0.", "extension"),
        (b"\x80\x02K\x01K\x02\x93.", "hidden_global"),
        (b"\x80\x02cos\nsystem\n)RVsystem\n\x93.", "hidden_global"),
        (b"\x80\x02Pan id\n.", "bad_storage"),
        (b"\x80\x02Vmodule\nQ.", "bad_storage"),
        (b"\x80\x02ctorch\nTensor\n}b.", "forbidden_build"),
        (b"\x80\x02ccollections\nOrderedDict\n)RK\1b.", "forbidden_build"),
        (b"\x80\x02ccollections\nOrderedDict\n}b.", "forbidden_build"),
        (b"\x80\x02ctorch\nTensor\n)R.", "forbidden_reduce"),
        (b"\x80\x02K\1)R.", "forbidden_reduce"),
        (b"\x80\x02(K\1o.", "forbidden_reduce"),
        (b"\x80\x02cnumpy\ndtype\n(X\2\0\0\0O8\x89\x88tR.", "forbidden_reduce"),
        (b"\x80\x05\x97.", "buffer"),
    ],
)
def test_other_requests_are_found(raw: bytes, reason: str) -> None:
    assert reason in reasons(raw)
    assert not survey(raw, "x").is_harmless


class Ordinary:
    """A class of somebody's own."""


def test_somebodys_own_class_is_asked_for_by_name() -> None:
    for protocol in range(6):
        raw = pickle.dumps([Ordinary()], protocol)
        assert ("tests.checkpoint.pytorch.test_pickle_survey", "Ordinary") in asked(raw)
        assert survey(raw, "x").is_well_formed


PLAIN: list[Any] = [
    None, True, 0, 2**70, -5, 1.5, "é\n\\'\"", b"\0\xff", bytearray(b"x"), (1,), [1, [2]],
    {"a": {1: 2}, ("k", 2): 3}, {1, 2}, frozenset({1}), 2 + 1j, "long" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_and_numpys_numbers_are_harmless(protocol: int) -> None:
    assert survey(pickle.dumps(PLAIN, protocol), "x").is_harmless
    numbers = [np.random.get_state(), np.ones((2, 3), order="F"), np.float32(1), np.array(["a"])]
    if protocol >= 2:  # before, bytes are spelt differently again
        found = survey(pickle.dumps(numbers, protocol), "x")
        assert found.objections == ()
        assert found.is_harmless


def test_objects_in_an_array_are_not() -> None:
    assert not survey(pickle.dumps(np.array([None])), "x").is_harmless
    assert not survey(pickle.dumps(datetime.date(2020, 1, 1)), "x").is_harmless


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_training_checkpoint_is_harmless(protocol: int) -> None:
    found = survey(saved(training_checkpoint(), protocol), "x")
    assert (found.objections, found.problem, found.pickles) == ((), None, 1)
    assert {use.is_known for use in found.globals} == {True}
    assert found.is_harmless


def test_how_many_pickles_follow_and_where_they_end_is_told() -> None:
    one = survey(honest(), "x")
    assert (one.pickles, one.end, one.is_well_formed) == (1, len(honest()), True)
    two = survey(honest() + b"N.", "x")
    assert (two.pickles, two.end, two.is_well_formed) == (2, len(honest()) + 2, False)
    cut = survey(honest()[:-1], "x")
    assert cut.problem is not None
    assert (cut.pickles, cut.end, cut.problem.reason) == (0, 0, "truncated")
    junk = survey(honest() + b"\0\0", "x")
    assert junk.problem is not None
    assert (junk.pickles, junk.end) == (1, len(honest()))


def test_a_legacy_file_is_five_pickles_and_numbers(tmp_path: Path, shared_data: Path) -> None:
    raw = (shared_data / "pickle" / "data" / "pytorch_model.bin").read_bytes()
    found = survey(raw, "x")
    assert (found.pickles, found.is_legacy_torch, found.is_harmless) == (5, True, True)
    torch.save({"a": torch.ones(2)}, tmp_path / "x", _use_new_zipfile_serialization=False)
    raw = (tmp_path / "x").read_bytes()
    assert survey(raw, "x").is_harmless
    assert not survey(raw[:100], "x").is_harmless


def test_every_opcode_of_python_is_known() -> None:
    known = _ALL_STEPS.keys() | {STOP}
    assert known == {ord(opcode.code) for opcode in pickletools.opcodes}


def test_globals_agree_with_pickletools_on_real_hostile_files(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "pickle").glob("data*/*.pkl")):
        raw = path.read_bytes()
        spelt = set()
        try:
            for opcode, argument, _ in pickletools.genops(raw):
                if opcode.name in ("GLOBAL", "INST"):
                    spelt.add(tuple(str(argument).split(" ")))
        except ValueError:
            pass
        found = survey(raw, path.name)
        assert spelt <= set(asked(raw))
        assert found.is_harmless == ("benign" in path.name), path.name
        compared += 1
    assert compared > 30


# fmt: off
BOMBS = {
    "doubling": b"]q\0" + b"".join(b"](h%ch%ceq%c" % (n, n, n + 1) for n in range(60)) + b".",
    "marks": b"(" * 100_000_000,
    "depth": b"]" * 200_000 + b"a" * 199_999 + b".",
    "tuples": b")" + b"\x85" * 200_000 + b".",
    "stack": b"N" * 1_000_000,
    "memo": b"N" + b"q\0" * 1_000_000,
    "memo index": b"Nr\xff\xff\xff\xff.",
    "pickles": b"N." * 1_000_000,
    "number": b"\x8b\xff\xff\xff\x7f",
    "numeral": b"I" + b"9" * 1_000_000 + b"\n.",
    "text": b"X\xff\xff\xff\xff",
    "one list for many calls": b"ccollections\nOrderedDict\nq\0](" + b"".join(
        b"X\4\0\0\0%04dN\x86" % n for n in range(1000)
    ) + b"e\x85q\1" + b"h\0h\1R" * 100_000,
    "one shape for many tensors": b"ctorch._utils\n_rebuild_tensor_v2\nq\0(" + storage() + b"K\0("
    + b"K\1" * 10_000 + b"tq\1h\1\x89}tq\2" + b"h\0h\2R" * 100_000,
    "one text for many bytes": b"c_codecs\nencode\nq\0X\0\4\0\0" + b"a" * 1024
    + b"X\6\0\0\0latin1\x86q\1" + b"h\0h\1R" * 50_000,
    "known globals": b"ctorch\nSize\n" * 100_000,
    "globals": b"cos\nsystem\n" * 100_000,
}
# fmt: on


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_ends_soon(case: str) -> None:
    began = time.process_time()
    survey(BOMBS[case], "x")
    assert time.process_time() - began < 2


def test_a_long_text_is_counted_piece_by_piece() -> None:
    for long in ("é" * 2_000_001, "a" + "é" * 2_000_000):
        assert survey(pickle.dumps(long, 4), "x").is_harmless
    array = np.arange(1_000_000, dtype=np.uint8)  # in protocol 2, its bytes are text
    assert survey(pickle.dumps(array, 2), "x").is_harmless


def test_a_bomb_takes_little_memory() -> None:
    for case in ("doubling", "marks", "globals", "pickles"):
        tracemalloc.start()
        survey(BOMBS[case], "x")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 4 << 20


@settings(max_examples=120)
@given(st.lists(st.sampled_from(sorted(_ALL_STEPS)) | st.binary(max_size=6), max_size=60))
def test_no_opcodes_make_a_survey_fail(parts: list[int | bytes]) -> None:
    raw = b"".join(bytes([part]) if isinstance(part, int) else part for part in parts)
    for content in (raw, raw + b".", honest() + raw):
        found = survey(content, "x")
        assert found.end <= found.size_bytes == len(content)


Plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@settings(max_examples=60)
@given(Plain, st.integers(0, 5))
def test_any_plain_value_is_harmless(value: Any, protocol: int) -> None:
    found = survey(pickle.dumps(value, protocol), "x")
    assert found.is_harmless, (found.objections, found.problem)


def test_the_samples_name_what_they_say() -> None:
    assert asked(b"\x80\x02" + storage() + b".") == [("torch", "FloatStorage")]
    assert survey(b"\x80\x02" + text("x") + b".", "x").is_harmless
    assert survey(pickle.dumps(collections.OrderedDict(a=1)), "x").is_harmless
