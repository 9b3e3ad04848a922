"""A dictionary of tensors as ``torch.save`` pickles it, written opcode by opcode.

The few opcodes that our own interpreter reads (protocol 2), so that ``torch.load`` takes the result
with ``weights_only``. Knows names, types and shapes; a storage is a key.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import NamedTuple

from paddock.checkpoint.errors import UnsupportedModel

# PyTorch's storage class by dtype (torch/storage.py).
STORAGES = MappingProxyType(
    {"F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage"}
)
_MAX_INT32 = (1 << 31) - 1


class Entry(NamedTuple):
    """A tensor of the dictionary: the whole of a storage, row by row."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    key: str


def render_state_dict(entries: Iterable[Entry]) -> bytes:
    """The pickle of a plain dictionary from names to tensors."""
    parts = [b"\x80\x02}("]  # PROTO 2, EMPTY_DICT, MARK
    for entry in entries:
        parts += (_text(entry.name), _tensor(entry))
    return b"".join([*parts, b"u."])  # SETITEMS, STOP


def _tensor(entry: Entry) -> bytes:
    """``_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks)``."""
    strides, elements = [], 1
    for size in reversed(entry.shape):
        strides.append(elements)
        elements *= size
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = (
        _storage(entry, elements), _number(0), _numbers(entry.shape), _numbers(strides[::-1]),
        b"\x89", hooks,
    )  # fmt: skip
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + b"".join(arguments) + b"tR"


def _storage(entry: Entry, elements: int) -> bytes:
    """``("storage", class, key, location, elements)`` as a persistent id (BINPERSID)."""
    kind = STORAGES.get(entry.dtype)
    if kind is None:
        raise UnsupportedModel(
            "dtype", f"PyTorch's format cannot hold {entry.dtype} ({entry.name})"
        )
    named = f"ctorch\n{kind}\n".encode()
    return (
        b"("
        + _text("storage")
        + named
        + _text(entry.key)
        + _text("cpu")
        + _number(elements)
        + b"tQ"
    )


def _numbers(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(_number, values)) + b"t"


def _number(value: int) -> bytes:
    if value < 1 << 8:
        return b"K" + value.to_bytes(1, "little")  # BININT1
    if value <= _MAX_INT32:
        return b"J" + struct.pack("<i", value)  # BININT
    return b"\x8a\x08" + value.to_bytes(8, "little")  # LONG1


def _text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw  # BINUNICODE
