"""What a ``.npy`` file says about its array: type, order and shape.

The header is a Python dictionary written as text (NumPy, "NEP 1: A simple file format for NumPy
arrays"). It is taken apart by a grammar of its own, which knows strings, true and false, and tuples
of whole numbers; nothing is evaluated. Arrays of objects are pickles, and are refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadNumpy
from paddock.checkpoint.tensors import MAX_ELEMENTS, MAX_RANK
from paddock.errors import shown

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 10_000  # as numpy.load has it
_TOKEN = re.compile(r"""\s*(?:'([^'\\]*)'|"([^"\\]*)"|(\d{1,20})L?|(True|False)|([{}(),:]))""")
_DTYPE = re.compile(r"([<>|=])([a-zA-Z])(\d{0,4})")
_KINDS = {
    "b1": "BOOL",
    "u1": "U8",
    "i1": "I8",
    "u2": "U16",
    "i2": "I16",
    "f2": "F16",
    "u4": "U32",
    "i4": "I32",
    "f4": "F32",
    "u8": "U64",
    "i8": "I64",
    "f8": "F64",
    "c8": "C64",
}
_KEYS = {"descr", "fortran_order", "shape"}
_REFUSED = {"O": "objects", "V": "records", "U": "text", "S": "text", "M": "dates", "m": "dates"}


class Header(NamedTuple):
    """An array: its elements begin ``start`` bytes into the file."""

    dtype: str
    is_big_endian: bool
    is_column_major: bool
    shape: tuple[int, ...]
    start: int

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * BITS[self.dtype] // 8


def read_header(file: BinaryIO, where: str) -> Header:
    """The header at the file's beginning; raises BadNumpy."""
    start = file.read(len(MAGIC) + 2)
    if len(start) < len(MAGIC) + 2 or not start.startswith(MAGIC):
        raise BadNumpy("not_npy", f"{where} is no NumPy array")
    major, minor = start[-2:]
    if major not in (1, 2, 3) or minor:
        raise BadNumpy("bad_version", f"{where} is of NumPy's format {major}.{minor}")
    field = file.read(2 if major == 1 else 4)
    length = int.from_bytes(field, "little")
    if length > MAX_HEADER_BYTES:
        raise BadNumpy("header_too_large", f"{where} announces a header of {length} bytes")
    raw = file.read(length)
    if len(field) < 2 or len(raw) < length:
        raise BadNumpy("truncated", f"{where} ends in its header")
    try:
        text = raw.decode("utf-8" if major == 3 else "latin-1")
    except UnicodeDecodeError:
        raise BadNumpy("bad_header", f"{where}: the header is not UTF-8") from None
    return _described(_Parser(text, where).dictionary(), len(start) + len(field) + length, where)


def _described(values: dict[str, object], start: int, where: str) -> Header:
    if values.keys() != _KEYS:
        raise BadNumpy("bad_header", f"{where}: the header must say {', '.join(sorted(_KEYS))}")
    descr, is_column_major, shape = values["descr"], values["fortran_order"], values["shape"]
    if type(is_column_major) is not bool or not isinstance(shape, tuple):
        raise BadNumpy("bad_header", f"{where}: its order or shape is none")
    if len(shape) > MAX_RANK or any(n >= MAX_ELEMENTS for n in shape):
        raise BadNumpy("bad_shape", f"{where} has no possible shape")
    dtype, is_big_endian = _dtype(descr, where)
    header = Header(dtype, is_big_endian, is_column_major, shape, start)
    if header.size_bytes >= MAX_ELEMENTS:
        raise BadNumpy("bad_shape", f"{where} has no possible shape")
    return header


def _dtype(descr: object, where: str) -> tuple[str, bool]:
    found = _DTYPE.fullmatch(descr) if type(descr) is str else None
    if found and found[2] in _REFUSED:
        kind = _REFUSED[found[2]]
        raise BadNumpy(
            "objects" if kind == "objects" else "unsupported_dtype",
            f"{where} is an array of {kind}, which is not read",
            hint="an array of objects is a pickle; save numbers" if kind == "objects" else None,
        )
    dtype = _KINDS.get(found[2] + found[3]) if found else None
    if found is None or dtype is None or (found[1] == "|" and BITS[dtype] > 8):
        raise BadNumpy("unsupported_dtype", f"{where} has the dtype {shown(descr)}")
    return dtype, found[1] == ">" and BITS[dtype] > 8


@dataclass(slots=True)
class _Parser:
    """``{'key': value, …}``, where a value is text, true, false or a tuple of whole numbers."""

    text: str
    where: str
    at: int = 0

    def dictionary(self) -> dict[str, object]:
        values: dict[str, object] = {}
        self.expect("{")
        while (key := self.token()) != "}":
            if not isinstance(key, _Text) or key.value in values:
                raise self.refusal("a key is no text, or comes twice")
            self.expect(":")
            values[key.value] = self.value()
            separator = self.token()
            if separator == "}":
                break
            if separator != ",":
                raise self.refusal("a comma is missing")
        if self.text[self.at :].strip():
            raise self.refusal("something follows it")
        return values

    def value(self) -> object:
        match self.token():
            case _Text(text):
                return text
            case "True" | "False" as truth:
                return truth == "True"
            case "(":
                return self.numbers()
        raise self.refusal("a value is neither text, true, false nor a tuple")

    def numbers(self) -> tuple[int, ...]:
        numbers: list[int] = []
        while (token := self.token()) != ")":
            if not isinstance(token, int):
                raise self.refusal("a size is no whole number")
            numbers.append(token)
            separator = self.token()
            if separator == ")" and len(numbers) > 1:
                break
            if separator != ",":
                raise self.refusal("a comma is missing")
        return tuple(numbers)

    def token(self) -> _Text | int | str:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise self.refusal(f"{shown(self.text[self.at : self.at + 20])} has no place in it")
        self.at = found.end()
        single, double, number, truth, sign = found.groups()
        if number is not None:
            return int(number)
        if single is not None or double is not None:
            return _Text(single if double is None else double)
        return str(truth or sign)

    def expect(self, sign: str) -> None:
        if self.token() != sign:
            raise self.refusal(f"{sign!r} is missing")

    def refusal(self, what: str) -> BadNumpy:
        return BadNumpy("bad_header", f"{self.where}: its header is malformed: {what}")


class _Text(NamedTuple):
    value: str
