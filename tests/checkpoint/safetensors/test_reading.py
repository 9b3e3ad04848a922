"""Safetensors: read as the library reads it, and every hostile header refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadCheckpoint, BadSafetensors
from paddock.checkpoint.safetensors.reading import (
    MAX_HEADER_BYTES,
    open_tensors,
    parse_header,
    read_header,
)
from paddock.checkpoint.safetensors.writing import in_file_order, plan_shards, render_header
from paddock.checkpoint.tensors import Tensor, read_range, regrouped
from tests.checkpoint.samples import entry, file_bytes, file_of, tensor

HONEST = {"a": entry([4], 0, 4), "b": entry([2, 2], 4, 12, "F16")}
HUGE = 1 << 63


def refuse(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(BadSafetensors) as caught:
        read_header(path)
    assert path.name in caught.value.message
    return caught.value.reason


# fmt: off
HOSTILE: list[tuple[str, bytes, str]] = [
    ("header length 2^63", HUGE.to_bytes(8, "little") + b"{}", "header_too_large"),
    ("one byte over the limit", (MAX_HEADER_BYTES + 1).to_bytes(8, "little"), "header_too_large"),
    ("header beyond the file", (50).to_bytes(8, "little") + b"{}", "truncated"),
    ("no length", b"\x02\0\0", "truncated"),
    ("empty file", b"", "truncated"),
    ("empty header", file_of(b""), "empty_header"),
    (
        "overlap",
        file_of({"a": entry([4], 0, 4), "b": entry([4], 2, 6)}, bytes(6)),
        "overlap",
    ),
    (
        "same range",
        file_of({"a": entry([4], 0, 4), "b": entry([4], 0, 4)}, bytes(4)),
        "overlap",
    ),
    ("hole", file_of({"a": entry([4], 0, 4), "b": entry([4], 5, 9)}, bytes(9)), "hole"),
    ("hole in front", file_of({"a": entry([4], 1, 5)}, bytes(5)), "hole"),
    ("trailing bytes", file_of(HONEST, bytes(13)), "trailing_bytes"),
    (
        "zip appended",
        file_of(HONEST, bytes(12) + b"PK\x05\x06"),
        "trailing_bytes",
    ),
    ("past the end", file_of(HONEST, bytes(11)), "past_end"),
    (
        "shape overflow",
        file_of({"a": entry([1 << 62, 1 << 62], 0, 4)}, bytes(4)),
        "overflow",
    ),
    ("wrapping shape", file_of({"a": entry([1 << 32, 1 << 32], 0, 0)}), "overflow"),
    (
        "dimension too large",
        file_of({"a": entry([1 << 63], 0, 4)}, bytes(4)),
        "bad_shape",
    ),
    ("negative dimension", file_of({"a": entry([-4], 0, 4)}, bytes(4)), "bad_shape"),
    ("bool dimension", file_of({"a": entry([True], 0, 1)}, bytes(1)), "bad_shape"),
    ("float dimension", file_of({"a": entry([4.0], 0, 4)}, bytes(4)), "bad_shape"),
    ("too many dimensions", file_of({"a": entry([1] * 99, 0, 1)}, bytes(1)), "bad_shape"),
    ("negative offset", file_of({"a": entry([4], -4, 0)}, b""), "bad_offsets"),
    ("backward offsets", file_of({"a": entry([0], 4, 0)}, bytes(4)), "bad_offsets"),
    ("size mismatch", file_of({"a": entry([5], 0, 4)}, bytes(4)), "size_mismatch"),
    ("half a byte", file_of({"a": entry([1], 0, 1, "F4")}, bytes(1)), "size_mismatch"),
    ("unknown dtype", file_of({"a": entry([4], 0, 4, "I4")}, bytes(4)), "unknown_dtype"),
    (
        "dtype no string",
        file_of({"a": entry([4], 0, 4, ["U8"])}, bytes(4)),
        "unknown_dtype",
    ),
    (
        "duplicate tensor",
        file_of(b'{"a":%b,"a":%b}' % ((json.dumps(entry([0], 0, 0)).encode(),) * 2)),
        "duplicate_key",
    ),
    (
        "duplicate inner key",
        file_of(b'{"a":{"dtype":"U8","dtype":"I8"}}'),
        "duplicate_key",
    ),
    ("leading space", file_of(b" " + json.dumps(HONEST).encode(), bytes(12)), "not_json"),
    ("byte order mark", file_of(b"\xef\xbb\xbf{}"), "not_json"),
    ("trailing newline", file_of(b"{}\n"), "not_json"),
    ("second object", file_of(b"{}{}"), "not_json"),
    ("array", file_of(b"[{}]"), "not_json"),
    ("bad UTF-8", file_of(b'{"\xff":{}}'), "not_utf8"),
    ("lone surrogate", file_of(b'{"\\ud800":{}}'), "lone_surrogate"),
    ("NaN", file_of(b'{"a":NaN}'), "not_finite"),
    ("infinite number", file_of(b'{"a":1e999}'), "not_finite"),
    ("endless number", file_of(b'{"a":' + b"9" * 10_000 + b"}"), "not_json"),
    ("metadata of numbers", file_of({"__metadata__": {"a": 1}}), "bad_metadata"),
    ("metadata list", file_of({"__metadata__": ["a"]}), "bad_metadata"),
    ("metadata with NUL", file_of({"__metadata__": {"a": "\0"}}), "bad_metadata"),
    (
        "metadata too large",
        file_of({"__metadata__": {"a": "x" * (1 << 21)}}),
        "bad_metadata",
    ),
    (
        "100,000 levels deep",
        file_of(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        "too_deep",
    ),
    ("a million objects", file_of(b'{"a":[' + b"{}," * 300_000 + b"{}]}"), "too_many"),
    ("a path as name", file_of({"../a": entry([0], 0, 0)}), "bad_name"),
    ("a Windows path", file_of({"x\\..\\a": entry([0], 0, 0)}), "bad_name"),
    ("an absolute path", file_of({"/etc/passwd": entry([0], 0, 0)}), "bad_name"),
    ("a newline in a name", file_of({"a\nb": entry([0], 0, 0)}), "bad_name"),
    ("reordering in a name", file_of({"a\u202eb": entry([0], 0, 0)}), "bad_name"),
    ("an empty name", file_of({"": entry([0], 0, 0)}), "bad_name"),
    ("a long name", file_of({"a" * 600: entry([0], 0, 0)}), "bad_name"),
    ("an extra field", file_of({"a": entry([0], 0, 0) | {"code": "x"}}), "bad_entry"),
    ("a missing field", file_of({"a": {"dtype": "U8", "shape": [0]}}), "bad_entry"),
    ("an entry that is no object", file_of({"a": 5}), "bad_entry"),
]
# fmt: on


@pytest.mark.parametrize(
    ("content", "reason"), [case[1:] for case in HOSTILE], ids=[c[0] for c in HOSTILE]
)
def test_a_malformed_file_is_refused_for_its_own_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refuse(tmp_path / "x.safetensors", content) == reason


def test_a_folder_or_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.safetensors"):
        with pytest.raises(BadSafetensors):
            read_header(path)


def test_an_honest_file_is_read_with_padding_and_metadata(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    header = json.dumps({"__metadata__": {"format": "pt"}, **HONEST}).encode() + b"   "
    path.write_bytes(file_of(header, bytes(range(12))))
    assert read_header(path).metadata == {"format": "pt"}
    first, second = open_tensors(path)
    assert (first.name, first.read()) == ("a", bytes(range(4)))
    assert (second.shape, second.read()) == ((2, 2), bytes(range(4, 12)))


def test_a_sparse_file_of_a_terabyte_is_described_at_once(tmp_path: Path) -> None:
    """Only the header is read, however much the file claims to hold."""
    path = tmp_path / "x.safetensors"
    path.write_bytes(file_of({"a": entry([1 << 40], 0, 1 << 40)}))
    os.truncate(path, path.stat().st_size + (1 << 40))
    (only,) = open_tensors(path)
    assert only.size_bytes == 1 << 40
    assert bytes(next(iter(only.pieces()))[:4]) == bytes(4)


def test_hostile_headers_cost_little_memory(tmp_path: Path) -> None:
    """In a process of its own under a memory limit: 30 MB of every trick is refused."""
    tricks = [b"{", b'"x":{},', b"[", b'{"a":1},', b" ", b"1,"]
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from paddock.checkpoint.safetensors.reading import read_header\n"
        "from paddock.checkpoint.errors import BadSafetensors\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1_200_000_000,) * 2)\n"
        "for path in sys.argv[1:]:\n"
        "    try: read_header(Path(path)); sys.exit('accepted ' + path)\n"
        "    except BadSafetensors: pass\n"
    )
    paths = []
    for number, trick in enumerate(tricks):
        path = tmp_path / f"{number}.safetensors"
        body = b'{"a":[' + trick * ((30_000_000) // len(trick)) + b"]}"
        path.write_bytes(file_of(body))
        paths.append(str(path))
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["dtype", "shape", "data_offsets", "__metadata__", "w"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    size=st.integers(0, 64),
)
@example(header={}, size=0)
def test_any_json_is_read_or_refused_in_words(header: Any, size: int) -> None:
    raw = json.dumps(header).encode()
    try:
        parsed = parse_header(raw, 8 + len(raw) + size, "x")
    except BadSafetensors as e:
        assert e.reason
    else:
        assert sum(e.end - e.start for e in parsed.entries) == size


@given(st.data())
def test_one_changed_byte_never_breaks_the_reader(data: st.DataObject) -> None:
    raw = bytearray(json.dumps({"__metadata__": {"format": "pt"}, **HONEST}).encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255))
    try:
        parsed = parse_header(bytes(raw), 8 + len(raw) + 12, "x")
    except BadSafetensors as e:
        assert e.reason
    else:
        assert sum(e.end - e.start for e in parsed.entries) == 12


TORCH_DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool, torch.uint16, torch.uint32, torch.uint64,
    torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64,
]  # fmt: skip


def test_every_dtype_of_the_official_writer_is_read_bit_for_bit(tmp_path: Path) -> None:
    tensors = {
        str(dtype): torch.arange(24).reshape(2, 3, 4).to(torch.float32).to(dtype).contiguous()
        for dtype in TORCH_DTYPES
    }
    safetensors.torch.save_file(tensors, tmp_path / "x.safetensors", metadata={"format": "pt"})
    read = {each.name: each for each in open_tensors(tmp_path / "x.safetensors")}
    assert read.keys() == tensors.keys()
    for name, original in tensors.items():
        assert read[name].shape == (2, 3, 4)
        assert read[name].read() == original.reshape(-1).view(torch.uint8).numpy().tobytes()


def test_the_official_reader_loads_what_we_write(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tensors = [
        tensor("odd", (3,), "U8"),
        tensor("matrix", (5, 7)),
        tensor("brain", (2, 3), "BF16"),
        tensor("empty", (0, 4)),
        tensor("scalar", ()),
    ]
    path.write_bytes(file_bytes(in_file_order(tensors)))
    loaded = safetensors.numpy.load_file(path)
    for each in tensors:
        assert loaded[each.name].shape == each.shape
        assert loaded[each.name].tobytes() == each.read()
    assert loaded["brain"].dtype == ml_dtypes.bfloat16
    assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0
    assert [e.start % 4 for e in read_header(path).entries if e.dtype == "F32"] == [0, 0, 0]


def test_two_tensors_of_one_name_are_not_written() -> None:
    with pytest.raises(BadSafetensors, match="two tensors"):
        render_header([tensor("w", (1,)), tensor("w", (2,))])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.integers(1, 60))
def test_shards_keep_order_and_stay_within_their_size(sizes: list[int], limit: int) -> None:
    tensors = [Tensor(str(i), "U8", (n,), lambda: iter([])) for i, n in enumerate(sizes)]
    shards = plan_shards(tensors, limit)
    assert [t for shard in shards for t in shard] == tensors
    assert all(len(s) == 1 or sum(t.size_bytes for t in s) <= limit for s in shards if s)


@given(st.lists(st.binary(max_size=20), max_size=10), st.integers(1, 16))
def test_regrouping_keeps_the_bytes(pieces: list[bytes], block: int) -> None:
    blocks = [bytes(b) for b in regrouped(pieces, block)]
    assert b"".join(blocks) == b"".join(pieces)
    assert all(len(b) == block for b in blocks[:-1])


def test_a_file_that_shrank_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(10))
    with pytest.raises(BadCheckpoint, match="ended early"):
        list(read_range(path, 0, 11))


def test_reading_into_a_buffer_of_another_size_is_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        tensor("w", (3,)).read_into(bytearray(11))
    assert np.frombuffer(tensor("w", (3,)).read(), np.float32).shape == (3,)
