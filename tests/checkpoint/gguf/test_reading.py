"""GGUF files are read to the byte, and hostile ones end in words, at once and in little memory."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadCheckpoint, BadGguf
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.values import ValueType, strings, text, u32
from tests.checkpoint.gguf.samples import (
    file_bytes,
    info_bytes,
    pair_bytes,
    text_bytes,
    write_gguf,
)

U8, U32, I32, F32, BOOL, STRING, ARRAY = 0, 4, 5, 6, 7, 8, 9
HUGE = 1 << 62
NAME = pair_bytes("general.name", STRING, text_bytes("x"))
ONE = info_bytes("a", [8])


def array(element: int, count: int, raw: bytes = b"") -> bytes:
    return struct.pack("<IQ", element, count) + raw


def alignment(type_: int, raw: bytes) -> bytes:
    return file_bytes([pair_bytes("general.alignment", type_, raw)], [ONE], bytes(32))


def tokens(*names: str) -> bytes:
    listed = array(STRING, len(names), b"".join(map(text_bytes, names)))
    return pair_bytes("tokenizer.ggml.tokens", ARRAY, listed)


def per_token(key: str, element: int, raw: bytes, count: int) -> bytes:
    return pair_bytes(f"tokenizer.ggml.{key}", ARRAY, array(element, count, raw))


NESTED = b"".join(struct.pack("<IQ", ARRAY, 1) for _ in range(5000))
TWO = [info_bytes("a", [8]), info_bytes("b", [8], offset=32)]
HOSTILE = {
    "an empty file": ("truncated", b""),
    "another format": ("not_gguf", b"PK\x03\x04" + bytes(60)),
    "version 1": ("bad_version", file_bytes(version=1)),
    "version 99": ("bad_version", file_bytes(version=99)),
    "a big-endian file": ("big_endian", b"GGUF" + struct.pack(">IQQ", 3, 0, 0)),
    "2^62 tensors": ("too_many", file_bytes(counts=(HUGE, 0))),
    "2^62 values": ("too_many", file_bytes(counts=(0, HUGE))),
    "more tensors than bytes": ("too_many", file_bytes([NAME], counts=(1000, 1))),
    "a key of 2^64-1 bytes": (
        "string_too_long",
        file_bytes([struct.pack("<Q", 2**64 - 1) + bytes(32)]),
    ),
    "a string of 2^64-1 bytes": (
        "string_too_long",
        file_bytes([pair_bytes("k", STRING, struct.pack("<Q", 2**64 - 1))]),
    ),
    "a string past the end": (
        "truncated",
        file_bytes([pair_bytes("k", STRING, struct.pack("<Q", 1 << 20))]),
    ),
    "a string that is not UTF-8": (
        "not_utf8",
        file_bytes([pair_bytes("k", STRING, text_bytes(b"\xff\xfe"))]),
    ),
    "2^61 numbers": ("array_too_long", file_bytes([pair_bytes("k", ARRAY, array(U8, 1 << 61))])),
    "2^61 strings": (
        "array_too_long",
        file_bytes([pair_bytes("k", ARRAY, array(STRING, 1 << 61))]),
    ),
    "2^64-1 strings": (
        "array_too_long",
        file_bytes([pair_bytes("k", ARRAY, array(STRING, 2**64 - 1))]),
    ),
    "arrays in arrays": ("nested_array", file_bytes([pair_bytes("k", ARRAY, NESTED)])),
    "an unknown value type": ("unknown_value_type", file_bytes([pair_bytes("k", 13, bytes(8))])),
    "an unknown element type": (
        "unknown_value_type",
        file_bytes([pair_bytes("k", ARRAY, array(99, 1, bytes(8)))]),
    ),
    "a boolean of 2": ("bad_bool", file_bytes([pair_bytes("k", BOOL, b"\2")])),
    "an array with a boolean of 255": (
        "bad_bool",
        file_bytes([pair_bytes("k", ARRAY, array(BOOL, 3, b"\0\1\xff"))]),
    ),
    "one key twice": ("duplicate_key", file_bytes([NAME, NAME])),
    "an empty key": ("bad_key", file_bytes([pair_bytes("", U8, b"\0")])),
    "an invisible key": ("bad_key", file_bytes([pair_bytes("a\u202eb", U8, b"\0")])),
    "no alignment": ("bad_alignment", alignment(U32, struct.pack("<I", 0))),
    "an alignment of 3": ("bad_alignment", alignment(U32, struct.pack("<I", 3))),
    "an alignment of 4": ("bad_alignment", alignment(U32, struct.pack("<I", 4))),
    "an alignment of 2^31": ("bad_alignment", alignment(U32, struct.pack("<I", 1 << 31))),
    "a string as alignment": ("bad_alignment", alignment(STRING, text_bytes("32"))),
    "a signed alignment": ("bad_alignment", alignment(I32, struct.pack("<i", 32))),
    "one tensor twice": ("duplicate_name", file_bytes([], [ONE, ONE], bytes(32))),
    "a name that leads out": (
        "bad_name",
        file_bytes([], [info_bytes("../../etc/passwd", [8])], bytes(32)),
    ),
    "an empty name": ("bad_name", file_bytes([], [info_bytes("", [8])], bytes(32))),
    "a name of 65 bytes": ("string_too_long", file_bytes([], [info_bytes("a" * 65, [8])])),
    "5 dimensions": ("bad_rank", file_bytes([], [info_bytes("a", [2, 2, 2, 2, 2])], bytes(128))),
    "no dimension": ("bad_rank", file_bytes([], [info_bytes("a", [])], bytes(32))),
    "a dimension of 0": ("empty_dimension", file_bytes([], [info_bytes("a", [8, 0])], bytes(32))),
    "dimensions whose product wraps": (
        "overflow",
        file_bytes([], [info_bytes("a", [(1 << 42) + 1, 1 << 22])], bytes(32)),
    ),
    "more bytes than 2^63": ("overflow", file_bytes([], [info_bytes("a", [1 << 62])], bytes(32))),
    "an unknown element type of a tensor": (
        "unknown_type",
        file_bytes([], [info_bytes("a", [8], type_=77)], bytes(32)),
    ),
    "a type that was removed": (
        "unknown_type",
        file_bytes([], [info_bytes("a", [32], type_=4)], bytes(32)),
    ),
    "rows that are no whole blocks": (
        "block",
        file_bytes([], [info_bytes("a", [33], type_=8)], bytes(64)),
    ),
    "an offset out of the file": (
        "hole",
        file_bytes([], [info_bytes("a", [8], offset=1 << 40)], bytes(32)),
    ),
    "an offset near 2^64": (
        "hole",
        file_bytes([], [info_bytes("a", [8], offset=2**64 - 32)], bytes(32)),
    ),
    "an offset between": ("unaligned", file_bytes([], [info_bytes("a", [8], offset=8)], bytes(40))),
    "tensors that overlap": ("overlap", file_bytes([], [ONE, info_bytes("b", [8])], bytes(64))),
    "a hole between tensors": (
        "hole",
        file_bytes([], [ONE, info_bytes("b", [8], offset=64)], bytes(96)),
    ),
    "tensors in falling order": ("hole", file_bytes([], [TWO[1], TWO[0]], bytes(64))),
    "a shape larger than the data": (
        "past_end",
        file_bytes([], [info_bytes("a", [1 << 20])], bytes(64)),
    ),
    "a zip behind the tensors": ("trailing_bytes", file_bytes([], [ONE], bytes(32) + b"PK\5\6")),
    "a program behind a file without tensors": (
        "trailing_bytes",
        file_bytes([NAME]) + b"\x7fELF" + bytes(60),
    ),
    "a payload in the padding": (
        "padding",
        file_bytes([], [info_bytes("a", [1]), info_bytes("b", [8], offset=32)], b"\1" * 64),
    ),
    "scores as bytes": (
        "bad_tokenizer_array",
        file_bytes([tokens("a", "b"), per_token("scores", U8, b"\0\0", 2)]),
    ),
    "types as floats": (
        "bad_tokenizer_array",
        file_bytes([tokens("a"), per_token("token_type", F32, bytes(4), 1)]),
    ),
    "tokens as one string": (
        "bad_tokenizer_array",
        file_bytes([pair_bytes("tokenizer.ggml.tokens", STRING, text_bytes("a"))]),
    ),
    "fewer scores than tokens": (
        "tokenizer_lengths",
        file_bytes([tokens("a", "b", "c"), per_token("scores", F32, bytes(8), 2)]),
    ),
    "fewer types than tokens": (
        "tokenizer_lengths",
        file_bytes([tokens("a", "b", "c"), per_token("token_type", I32, bytes(4), 1)]),
    ),
    "one token twice": ("duplicate_token", file_bytes([tokens("a", "b", "a")])),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_for_its_reason(case: str, tmp_path: Path) -> None:
    reason, raw = HOSTILE[case]
    path = tmp_path / "x.gguf"
    path.write_bytes(raw)
    begin = time.process_time()
    with pytest.raises(BadGguf) as caught:
        read_gguf(path)
    assert time.process_time() - begin < 2.0
    assert caught.value.reason == reason, caught.value.message
    assert caught.value.message.isprintable()


def test_the_smallest_honest_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    for version in (2, 3):
        path.write_bytes(file_bytes([NAME], TWO, bytes(64), version=version))
        file = read_gguf(path)
        assert (file.version, file.metadata["general.name"].item) == (version, "x")
        assert [(t.name, t.shape, t.end - t.start) for t in file.tensors] == [
            ("a", (8,), 32),
            ("b", (8,), 32),
        ]
    # Without tensors there is nothing to align, and the last tensor's padding may be missing.
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + NAME)
    assert read_gguf(path).tensors == ()
    path.write_bytes(file_bytes([], [info_bytes("a", [3])], bytes(12)))
    assert read_gguf(path).tensors[0].shape == (3,)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    for path, reason in ((tmp_path / "pipe.gguf", "not_a_file"), (tmp_path / "no", "unreadable")):
        with pytest.raises(BadGguf) as caught:
            read_gguf(path)
        assert caught.value.reason == reason


def test_real_files_are_read(shared_data: Path) -> None:
    model = read_gguf(shared_data / "models" / "stories260K" / "stories260K-f32.gguf")
    assert len(model.tensors) == 48
    assert model.metadata["llama.context_length"] == u32(512)
    vocabulary = read_gguf(shared_data / "tokenizers" / "gguf" / "ggml-vocab-llama-spm.gguf")
    assert len(vocabulary.metadata["tokenizer.ggml.tokens"].item) == 32000


def test_what_the_reference_writes_is_read_with_every_type(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    numbers = {"uint8": 7, "int8": -7, "uint16": 700, "int16": -700, "uint32": 70_000}
    numbers |= {"int32": -70_000, "uint64": 1 << 60, "int64": -(1 << 60)}
    for kind, value in numbers.items():
        getattr(writer, f"add_{kind}")(f"k.{kind}", value)
    writer.add_float32("k.f32", 0.5)
    writer.add_float64("k.f64", 0.1)
    writer.add_bool("k.bool", True)
    writer.add_array("k.strings", ["a", "", "ä" * 3000])
    writer.add_array("k.numbers", [1, -2, 3])
    writer.add_array("k.flags", [True, False])
    writer.add_tensor("a", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.add_tensor("b", np.arange(5, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = read_gguf(path)
    assert {kind: file.metadata[f"k.{kind}"].item for kind in numbers} == numbers
    assert file.metadata["k.int16"].type is ValueType.I16
    assert [file.metadata[f"k.{k}"].item for k in ("f32", "f64", "bool")] == [0.5, 0.1, True]
    assert file.metadata["k.strings"] == strings(["a", "", "ä" * 3000])
    assert file.metadata["k.numbers"].item.tolist() == [1, -2, 3]
    assert file.metadata["k.flags"].item.tolist() == [True, False]
    first, second = file.tensors
    assert (first.shape, first.dtype, second.shape, second.dtype) == ((2, 3), "F32", (5,), "F16")
    raw = path.read_bytes()[first.start : first.end]
    assert np.frombuffer(raw, np.float32).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_large_vocabulary_costs_little_time_and_memory(tmp_path: Path) -> None:
    many = [f"Ġtoken{i}" for i in range(100_000)]
    path = write_gguf(tmp_path / "x.gguf", {"tokenizer.ggml.tokens": strings(many)}, {})
    tracemalloc.start()
    begin = time.process_time()
    file = read_gguf(path)
    seconds = time.process_time() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(file.metadata["tokenizer.ggml.tokens"].item) == 100_000
    assert seconds < 10  # 0.05 without the tracing
    assert peak < 30 << 20


def _honest() -> bytes:
    pairs = [
        pair_bytes("general.architecture", STRING, text_bytes("llama")),
        pair_bytes("general.alignment", U32, struct.pack("<I", 32)),
        tokens("<unk>", "a", "b"),
        per_token("scores", F32, bytes(12), 3),
        per_token("token_type", I32, struct.pack("<3i", 2, 1, 1), 3),
        pair_bytes("tokenizer.ggml.add_bos_token", BOOL, b"\1"),
    ]
    return file_bytes(pairs, TWO, bytes(64))


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 255) | st.sampled_from([0xFF, 0x7F, 0x80])),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 8),
    st.binary(max_size=12),
)
def test_any_damage_is_refused_in_words_and_little_memory(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[int, int]],
    cut: int,
    tail: bytes,
) -> None:
    raw = bytearray(_honest())
    for at, value in changes:
        raw[at % len(raw)] = value
    path = tmp_path_factory.getbasetemp() / "mutated.gguf"
    path.write_bytes(bytes(raw[: len(raw) - cut]) + tail)
    tracemalloc.start()
    begin = time.process_time()
    try:
        read_gguf(path)
    except BadCheckpoint as e:
        assert e.reason and e.message.isprintable()
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 1 << 20
    assert time.process_time() - begin < 2.0


def test_an_honest_header_survives_its_own_test(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(_honest())
    assert read_gguf(path).metadata["general.architecture"] == text("llama")
