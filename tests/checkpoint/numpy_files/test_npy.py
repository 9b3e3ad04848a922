"""One NumPy array in a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadNumpy
from paddock.checkpoint.numpy_files.header import read_header
from paddock.checkpoint.numpy_files.npy import read_npy

DTYPES = ["?", "i1", "u1", "i2", "u2", "f2", "i4", "u4", "f4", "i8", "u8", "f8", "c8"]


def npy(array: np.ndarray[Any, Any], version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def with_header(text: str, data: bytes = bytes(8)) -> bytes:
    raw = text.encode("latin-1")
    return b"\x93NUMPY\1\0" + len(raw).to_bytes(2, "little") + raw + data


def header_of(descr: str = "'<f4'", order: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_what_numpy_saves_is_read_bit_for_bit(
    tmp_path: Path, dtype: str, order: str, version: tuple[int, int]
) -> None:
    array = np.arange(24).reshape(4, 3, 2).astype(np.dtype(dtype).newbyteorder(order))
    for each in (array, np.asfortranarray(array), array[0, 0, 0], array[:0], array.reshape(-1)):
        (tmp_path / "w.npy").write_bytes(npy(np.asarray(each), version))
        tensor = read_npy(tmp_path / "w.npy")
        assert (tensor.name, tensor.shape) == ("w", each.shape)
        expected = np.ascontiguousarray(each).astype(np.dtype(dtype).newbyteorder("<"))
        assert tensor.read() == expected.tobytes()


def test_a_large_column_major_array_comes_in_bounded_pieces(tmp_path: Path) -> None:
    array = np.arange(3 << 20, dtype=">f4").reshape(1 << 20, 3)
    np.save(tmp_path / "w.npy", np.asfortranarray(array))
    tensor = read_npy(tmp_path / "w.npy")
    assert max(memoryview(piece).nbytes for piece in tensor.pieces()) <= 2 << 20
    assert tensor.read() == array.astype("<f4").tobytes()


# fmt: off
HOSTILE = {
    "objects": (npy(np.array([None])), "objects"),
    "objects by hand": (with_header(header_of("'|O'")), "objects"),
    "records": (npy(np.zeros(2, "V4")), "unsupported_dtype"),
    "named records": (npy(np.zeros(2, [("a", "<f4")])), "bad_header"),
    "text": (npy(np.array(["ab"])), "unsupported_dtype"),
    "dates": (npy(np.zeros(1, "M8[s]")), "unsupported_dtype"),
    "long double": (with_header(header_of("'<f16'")), "unsupported_dtype"),
    "no byte order": (with_header(header_of("'f4'")), "unsupported_dtype"),
    "one byte of four": (with_header(header_of("'|f4'")), "unsupported_dtype"),
    "nothing": (b"", "not_npy"),
    "another file": (b"PK\3\4" + bytes(100), "not_npy"),
    "version 4": (b"\x93NUMPY\4\0" + bytes(100), "bad_version"),
    "version 1.1": (b"\x93NUMPY\1\1" + bytes(100), "bad_version"),
    "an endless header": (b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(9), "header_too_large"),
    "cut off in its header": (npy(np.zeros(3))[:40], "truncated"),
    "cut off": (npy(np.zeros(3))[:-1], "truncated"),
    "something appended": (npy(np.zeros(3)) + b"\0", "trailing_bytes"),
    "no bytes at all": (with_header(header_of(), b""), "truncated"),
    "a key missing": (with_header("{'descr': '<f4', 'shape': (2,)}"), "bad_header"),
    "a key more": (with_header(header_of()[:-1] + ", 'x': 'y'}"), "bad_header"),
    "a key twice": (with_header(header_of()[:-1] + ", 'shape': (2,)}"), "bad_header"),
    "a negative size": (with_header(header_of(shape="(-2,)")), "bad_header"),
    "a size that overflows": (with_header(header_of(shape="(4611686018427387904,4)")), "bad_shape"),
    "a size of 2^63": (with_header(header_of(shape="(9223372036854775808,)")), "bad_shape"),
    "a hundred dimensions": (with_header(header_of(shape="(" + "1," * 100 + ")")), "bad_shape"),
    "a number for a tuple": (with_header(header_of(shape="2")), "bad_header"),
    "a tuple in parentheses only": (with_header(header_of(shape="(2)")), "bad_header"),
    "a nested tuple": (with_header(header_of(shape="((2,),)")), "bad_header"),
    "an order of one": (with_header(header_of(order="1")), "bad_header"),
    "a call": (with_header(header_of(descr="__import__('os')")), "bad_header"),
    "an expression": (with_header(header_of(shape="(2*1,)")), "bad_header"),
    "an escape": (with_header(header_of(descr=r"'\x3cf4'")), "bad_header"),
    "something after it": (with_header(header_of() + "1"), "bad_header"),
    "a deep nest": (with_header("(" * 9000), "bad_header"),
}
# fmt: on


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_array_is_refused_for_its_own_reason(tmp_path: Path, case: str) -> None:
    content, reason = HOSTILE[case]
    (tmp_path / "w.npy").write_bytes(content)
    with pytest.raises(BadNumpy) as caught:
        read_npy(tmp_path / "w.npy")
    assert caught.value.reason == reason


def test_headers_of_other_writers_are_read() -> None:
    for text in (
        '{"shape": (2,), "fortran_order": False, "descr": "<f4"}\n',
        "{ 'descr':'<f4' , 'fortran_order' : True,'shape':(2L,), }   ",
        header_of(shape="(1, 2)"),
        header_of(shape="(1, 2,)"),
    ):
        header = read_header(io.BytesIO(with_header(text)), "w.npy")
        assert (header.dtype, header.size_bytes) == ("F32", 8)


@settings(max_examples=150)
@given(st.text("{}(),: '\"0123456789LTrueFalsdcph_<f4|", max_size=80))
def test_any_header_is_read_or_refused_in_words(text: str) -> None:
    try:
        read_header(io.BytesIO(with_header(text)), "w.npy")
    except BadNumpy as e:
        assert e.reason


def test_a_pickle_in_an_array_is_refused(shared_data: Path) -> None:
    with pytest.raises(BadNumpy) as caught:
        read_npy(shared_data / "pickle" / "data2" / "dns_exfiltration.npy")
    assert caught.value.reason == "objects"
