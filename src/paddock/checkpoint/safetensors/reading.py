"""The safetensors format, read with suspicion.

Layout: eight bytes of header length, a JSON header, tensor bytes without holes. Knows one file;
does not know shards, models or names' meaning. The header's length is compared before anything is
allocated, and a header that this module returns describes every byte of the file exactly once.
Stricter than the official reader, which accepts duplicate keys, leading space and hostile names.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadSafetensors
from paddock.checkpoint.strict_json import parse_object
from paddock.checkpoint.tensors import (
    MAX_ELEMENTS,
    MAX_RANK,
    Place,
    Tensor,
    name_problem,
    read_range,
)
from paddock.errors import shown

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000  # the official limit
MAX_TENSORS = 200_000  # Llama 3.1 405B has 1138
MAX_METADATA_BYTES = 1 << 20
_ENTRY_KEYS = {"dtype", "shape", "data_offsets"}


class Entry(NamedTuple):
    """One tensor of the header; offsets count from the beginning of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class Header(NamedTuple):
    """What a file holds, in the order of its bytes."""

    entries: tuple[Entry, ...]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """The checked header of a file on disk."""
    raw, file_bytes = _read(path)
    return parse_header(raw[LENGTH_BYTES:], file_bytes, path.name)


def read_raw_header(path: Path) -> bytes:
    """The same as it stands in the file, length and all: everything before the first tensor."""
    return _read(path)[0]


def _read(path: Path) -> tuple[bytes, int]:
    """Length field and header of a file, and the size of the whole file."""
    try:
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadSafetensors("not_a_file", f"{path.name} is not a regular file")
            length_field = file.read(LENGTH_BYTES)
            length = _checked_length(length_field, status.st_size, path.name)
            return length_field + _read_exactly(file.fileno(), length, path.name), status.st_size
    except OSError as e:
        raise BadSafetensors("unreadable", f"{path.name} cannot be read: {e.strerror}") from e


def open_tensors(path: Path) -> tuple[Tensor, ...]:
    """Every tensor of a file, unread, in the order of its bytes."""
    return tuple(
        Tensor(
            e.name,
            e.dtype,
            e.shape,
            _range_reader(path, e.start, e.end),
            Place(path, e.start),
            True,
        )
        for e in read_header(path).entries
    )


def parse_header(raw: bytes, file_bytes: int, where: str) -> Header:
    """Check the JSON header ``raw`` of a file of ``file_bytes`` bytes; ``where`` names the file."""
    data_start = LENGTH_BYTES + len(raw)
    if not raw.startswith(b"{"):
        raise BadSafetensors("not_json", f"{where}: the header does not begin with '{{'")
    raw = raw.rstrip(b" ")  # the only padding that the format allows
    if not raw.endswith(b"}"):
        raise BadSafetensors("not_json", f"{where}: the header does not end with '}}'")
    _check_counts(raw, where)
    header = parse_object(raw, f"{where}: the header", BadSafetensors)
    metadata = _checked_metadata(header.pop("__metadata__", {}), where)
    entries = [_checked_entry(name, value, where) for name, value in header.items()]
    entries.sort(key=lambda entry: (entry.start, entry.end))
    _check_layout(entries, file_bytes - data_start, where)
    moved = (e._replace(start=e.start + data_start, end=e.end + data_start) for e in entries)
    return Header(tuple(moved), metadata)


def _checked_length(field: bytes, file_bytes: int, where: str) -> int:
    if len(field) < LENGTH_BYTES:
        raise BadSafetensors("truncated", f"{where} has {file_bytes} bytes, too few for a header")
    length = int.from_bytes(field, "little")
    # The length is chosen by whoever made the file: compare before allocating.
    if length > MAX_HEADER_BYTES:
        raise BadSafetensors(
            "header_too_large",
            f"{where} announces a header of {length} bytes, over {MAX_HEADER_BYTES}",
            hint="this is no safetensors file, or one made to exhaust memory",
        )
    if length < 2:
        raise BadSafetensors("empty_header", f"{where} announces a header of {length} bytes")
    if LENGTH_BYTES + length > file_bytes:
        raise BadSafetensors(
            "truncated", f"{where} has {file_bytes} bytes, its header alone {length} more than 8"
        )
    return length


def _read_exactly(descriptor: int, length: int, where: str) -> bytes:
    parts, at = [], LENGTH_BYTES
    while at < LENGTH_BYTES + length:
        part = os.pread(descriptor, LENGTH_BYTES + length - at, at)
        if not part:
            raise BadSafetensors("truncated", f"{where} became shorter while it was read")
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _check_counts(raw: bytes, where: str) -> None:
    """Bound what the JSON parser can allocate: every object and item costs far more than a byte."""
    if raw.count(b"{") > MAX_TENSORS or raw.count(b",") > 16 * MAX_TENSORS:
        raise BadSafetensors("too_many", f"{where} names more than {MAX_TENSORS} tensors")


def _checked_metadata(value: object, where: str) -> dict[str, str]:
    if value is None:  # as MLX writes it
        return {}
    if not isinstance(value, dict) or not all(type(item) is str for item in value.values()):
        raise BadSafetensors("bad_metadata", f"{where}: __metadata__ must map strings to strings")
    size_bytes = 0
    for key, text in value.items():
        size_bytes += len(key) + len(text)
        if any(ord(c) < 32 and c not in "\t\n\r" for c in key + text):
            raise BadSafetensors("bad_metadata", f"{where}: a control character in __metadata__")
    if size_bytes > MAX_METADATA_BYTES:
        raise BadSafetensors("bad_metadata", f"{where}: __metadata__ has {size_bytes} characters")
    return value


def _checked_entry(name: str, value: Any, where: str) -> Entry:
    problem = name_problem(name)
    if problem:
        raise BadSafetensors("bad_name", f"{where}: the tensor name {name[:80]!a} {problem}")
    if not isinstance(value, dict) or value.keys() != _ENTRY_KEYS:
        raise BadSafetensors(
            "bad_entry",
            f"{where}: tensor {name!r} must have dtype, shape, data_offsets and no more",
        )
    dtype = value["dtype"]
    if type(dtype) is not str or dtype not in BITS:
        raise BadSafetensors("unknown_dtype", f"{where}: tensor {name!r} has dtype {shown(dtype)}")
    shape = _whole_numbers(value["shape"])
    if shape is None or len(shape) > MAX_RANK:
        raise BadSafetensors("bad_shape", f"{where}: tensor {name!r} has no possible shape")
    offsets = _whole_numbers(value["data_offsets"])
    if offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise BadSafetensors("bad_offsets", f"{where}: tensor {name!r} has impossible offsets")
    _check_size(Entry(name, dtype, shape, *offsets), where)
    return Entry(name, dtype, shape, *offsets)


def _whole_numbers(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    if any(type(n) is not int or not 0 <= n < MAX_ELEMENTS for n in value):
        return None
    return tuple(value)


def _check_size(entry: Entry, where: str) -> None:
    bits = math.prod(entry.shape) * BITS[entry.dtype]
    if bits >= 8 * MAX_ELEMENTS:
        raise BadSafetensors("overflow", f"{where}: the shape of {entry.name!r} overflows")
    if bits % 8 or bits // 8 != entry.end - entry.start:
        raise BadSafetensors(
            "size_mismatch",
            f"{where}: {entry.dtype} {list(entry.shape)} of {entry.name!r} needs {bits / 8:g} "
            f"bytes, its offsets give {entry.end - entry.start}",
        )


def _check_layout(entries: list[Entry], data_bytes: int, where: str) -> None:
    """Every byte of the data belongs to exactly one tensor."""
    at = 0
    for entry in entries:
        if entry.end > data_bytes:
            raise BadSafetensors(
                "past_end",
                f"{where}: {entry.name!r} ends at {entry.end} of {data_bytes} data bytes",
            )
        if entry.start < at:
            raise BadSafetensors(
                "overlap", f"{where}: {entry.name!r} overlaps the tensor before it"
            )
        if entry.start > at:
            raise BadSafetensors(
                "hole",
                f"{where}: {entry.start - at} bytes before {entry.name!r} belong to no tensor",
            )
        at = entry.end
    if at != data_bytes:
        raise BadSafetensors(
            "trailing_bytes",
            f"{where}: {data_bytes - at} bytes after the last tensor belong to no tensor",
            hint="something was appended; re-export the file",
        )


def _range_reader(path: Path, start: int, end: int) -> Callable[[], Iterator[bytes]]:
    return lambda: read_range(path, start, end)
