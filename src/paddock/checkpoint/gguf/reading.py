"""The GGUF format, read with suspicion: versions 2 and 3, little-endian.

Layout: magic, version, counts, metadata, tensor infos, padding, tensor bytes (ggml, docs/gguf.md).
Knows one file; does not know models or what metadata means, save the tokenizer's arrays, which
loaders index by each other's length. A file that this module returns is described to the byte:
every tensor at its place, zeros between, nothing after.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.header_bytes import HeaderBytes
from paddock.checkpoint.gguf.layout import GgufTensor, place_tensors, read_infos
from paddock.checkpoint.gguf.tokenizer_arrays import check_tokenizer_arrays
from paddock.checkpoint.gguf.values import NUMBER_DTYPES, Value, ValueType
from paddock.errors import shown

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_TENSORS = 100_000
MAX_VALUES = 1 << 16
MAX_KEY_BYTES = 65_535
DEFAULT_ALIGNMENT = 32
MIN_ALIGNMENT, MAX_ALIGNMENT = 8, 1 << 16
_MIN_VALUE_BYTES = 8 + 1 + 4 + 1  # key length, key, type, value
_MIN_INFO_BYTES = 8 + 1 + 4 + 8 + 4 + 8  # name length, name, rank, one dimension, type, offset


@dataclass(frozen=True, slots=True)
class GgufFile:
    """What one file holds: metadata in its order, tensors in the order of their bytes."""

    path: Path
    version: int
    metadata: dict[str, Value]
    tensors: tuple[GgufTensor, ...]


def read_gguf(path: Path) -> GgufFile:
    """The checked header of a file on disk; a split file is read as the one it is."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe never waits
    except OSError as e:
        raise BadGguf("unreadable", f"{path.name} cannot be read: {e.strerror}") from e
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BadGguf("not_a_file", f"{path.name} is not a regular file")
        return _parse(path, descriptor, status.st_size)
    except OSError as e:
        raise BadGguf("unreadable", f"{path.name} cannot be read: {e.strerror}") from e
    finally:
        os.close(descriptor)


def begins_gguf(path: Path) -> bool:
    """Whether a regular file begins as GGUF does; it may still be damaged."""
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _parse(path: Path, descriptor: int, file_bytes: int) -> GgufFile:
    where = path.name
    header = HeaderBytes(descriptor, file_bytes, where)
    version = _read_version(header, where)
    tensors = _read_count(header, "tensors", MAX_TENSORS, _MIN_INFO_BYTES, where)
    values = _read_count(header, "metadata values", MAX_VALUES, _MIN_VALUE_BYTES, where)
    metadata: dict[str, Value] = {}
    for _ in range(values):
        key = _read_key(header, where)
        if key in metadata:
            raise BadGguf("duplicate_key", f"{where}: the key {shown(key)} appears twice")
        metadata[key] = _read_value(header, key, where)
    check_tokenizer_arrays(metadata, where)
    alignment = _alignment(metadata, where)
    infos = read_infos(header, tensors, where)
    placed = place_tensors(path, descriptor, infos, (header.position, alignment, file_bytes))
    return GgufFile(path, version, metadata, placed)


def _read_version(header: HeaderBytes, where: str) -> int:
    magic = header.take(4, "the magic")
    if magic != MAGIC:
        raise BadGguf("not_gguf", f"{where} begins with {magic!r}, a GGUF file with {MAGIC!r}")
    version = header.u32("the version")
    if version in VERSIONS:
        return version
    if int.from_bytes(version.to_bytes(4, "little"), "big") in (1, *VERSIONS):
        raise BadGguf(
            "big_endian",
            f"{where} is a big-endian GGUF file, which is not read",
            hint="convert it on a little-endian machine",
        )
    raise BadGguf(
        "bad_version",
        f"{where} has GGUF version {version}; known are 2 and 3",
        hint="convert the model again with a current tool" if version == 1 else None,
    )


def _read_count(header: HeaderBytes, what: str, limit: int, least_bytes: int, where: str) -> int:
    count = header.u64(f"the number of {what}")
    if count > limit or count * least_bytes > header.left:
        raise BadGguf(
            "too_many",
            f"{where} announces {count} {what}; it has {header.left} more bytes "
            f"and {limit} is the limit",
        )
    return count


def _read_key(header: HeaderBytes, where: str) -> str:
    key = header.string("a key", MAX_KEY_BYTES)
    if not key or not key.isprintable():
        raise BadGguf("bad_key", f"{where}: the key {shown(key)} is empty or cannot be printed")
    return key


def _read_value(header: HeaderBytes, key: str, where: str) -> Value:
    what = f"the value of {shown(key)}"
    kind = _read_type(header, what, where)
    if kind is ValueType.STRING:
        return Value(kind, header.string(what))
    if kind is not ValueType.ARRAY:
        return Value(kind, header.numbers(kind, 1, what)[0].item())
    element = _read_type(header, f"the elements of {shown(key)}", where)
    if element is ValueType.ARRAY:
        raise BadGguf("nested_array", f"{where}: {shown(key)} is an array of arrays")
    count = header.u64(f"the length of {shown(key)}")
    if element is ValueType.STRING:
        return Value(element, header.strings(count, what), is_array=True)
    return Value(element, header.numbers(element, count, what), is_array=True)


def _read_type(header: HeaderBytes, what: str, where: str) -> ValueType:
    number = header.u32(f"the type of {what}")
    if number != ValueType.ARRAY and number != ValueType.STRING and number not in NUMBER_DTYPES:
        raise BadGguf("unknown_value_type", f"{where}: {what} has the unknown type {number}")
    return ValueType(number)


def _alignment(metadata: dict[str, Value], where: str) -> int:
    value = metadata.get("general.alignment")
    if value is None:
        return DEFAULT_ALIGNMENT
    if value.type is not ValueType.U32 or value.is_array or not isinstance(value.item, int):
        raise BadGguf(
            "bad_alignment", f"{where}: general.alignment is stored as {value.type.name}, not U32"
        )
    if not MIN_ALIGNMENT <= value.item <= MAX_ALIGNMENT or value.item & (value.item - 1):
        raise BadGguf(
            "bad_alignment",
            f"{where}: general.alignment is {value.item}; it must be a power of two "
            f"from {MIN_ALIGNMENT} to {MAX_ALIGNMENT}",
        )
    return value.item
