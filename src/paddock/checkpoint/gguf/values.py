"""Metadata values of a GGUF file, with the type that each is stored in.

The type belongs to the value: ``general.alignment`` as a signed number is another file than as an
unsigned one. Arrays of numbers are NumPy arrays, arrays of strings are tuples. Touches no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class ValueType(IntEnum):
    """As numbered in the GGUF specification (ggml, docs/gguf.md, gguf_metadata_value_type)."""

    U8 = 0
    I8 = 1
    U16 = 2
    I16 = 3
    U32 = 4
    I32 = 5
    F32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    U64 = 10
    I64 = 11
    F64 = 12


# How a number is stored: little-endian, whatever the machine.
NUMBER_DTYPES: Mapping[ValueType, np.dtype[Any]] = MappingProxyType(
    {
        ValueType.U8: np.dtype("u1"),
        ValueType.I8: np.dtype("i1"),
        ValueType.U16: np.dtype("<u2"),
        ValueType.I16: np.dtype("<i2"),
        ValueType.U32: np.dtype("<u4"),
        ValueType.I32: np.dtype("<i4"),
        ValueType.F32: np.dtype("<f4"),
        ValueType.BOOL: np.dtype("?"),
        ValueType.U64: np.dtype("<u8"),
        ValueType.I64: np.dtype("<i8"),
        ValueType.F64: np.dtype("<f8"),
    }
)
INTEGERS = frozenset(
    {
        ValueType.U8,
        ValueType.I8,
        ValueType.U16,
        ValueType.I16,
        ValueType.U32,
        ValueType.I32,
        ValueType.U64,
        ValueType.I64,
    }
)

Item = bool | int | float | str | tuple[str, ...] | NDArray[Any]


class Value(NamedTuple):
    """One value; ``type`` is its own, or that of the elements of an array."""

    type: ValueType
    item: Item
    is_array: bool = False


Metadata = Mapping[str, Value]


def u32(value: int) -> Value:
    """An unsigned number, as counts and ids are stored."""
    return Value(ValueType.U32, value)


def f32(value: float) -> Value:
    """A number as NumPy's float32 rounds it."""
    return Value(ValueType.F32, float(np.float32(value)))


def boolean(value: bool) -> Value:
    """True or false."""
    return Value(ValueType.BOOL, value)


def text(value: str) -> Value:
    """A string."""
    return Value(ValueType.STRING, value)


def strings(values: Iterable[str]) -> Value:
    """An array of strings."""
    return Value(ValueType.STRING, tuple(values), is_array=True)


def numbers(type_: ValueType, values: Iterable[float]) -> Value:
    """An array of numbers of one type."""
    return Value(type_, np.array(list(values), NUMBER_DTYPES[type_]), is_array=True)


def text_at(metadata: Metadata, key: str) -> str | None:
    """The string under a key, None where there is none or it is something else."""
    value = metadata.get(key)
    return value.item if value and type(value.item) is str else None


def strings_at(metadata: Metadata, key: str) -> tuple[str, ...] | None:
    """The array of strings under a key, None where there is none or it is something else."""
    value = metadata.get(key)
    return value.item if value and isinstance(value.item, tuple) else None


def integer_at(metadata: Metadata, key: str) -> int | None:
    """The whole number under a key, None where there is none or it is something else."""
    value = metadata.get(key)
    if value is None or value.is_array or value.type not in INTEGERS:
        return None
    return value.item if isinstance(value.item, int) else None


def boolean_at(metadata: Metadata, key: str) -> bool | None:
    """The boolean under a key, None where there is none or it is something else."""
    value = metadata.get(key)
    return value.item if value and type(value.item) is bool else None


def numbers_at(metadata: Metadata, key: str) -> NDArray[Any] | None:
    """The array of numbers under a key, None where there is none or it is something else."""
    value = metadata.get(key)
    return value.item if value and isinstance(value.item, np.ndarray) else None
