"""What a pickle's values become: inert descriptions, nothing that runs.

The interpreter keeps numbers, short text, tuples, lists and dictionaries as themselves; everything
else is one of these. Knows no opcodes and no files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class StorageType(NamedTuple):
    """A storage class; no dtype means bytes whose meaning the tensor gives."""

    dtype: str | None


class TorchDtype(NamedTuple):
    """A ``torch.dtype`` object, by safetensors' name; None when paddock has no such numbers."""

    dtype: str | None


class TorchType(NamedTuple):
    """A class of tensors, as an argument of a rebuild."""

    name: str


class NumpyType(NamedTuple):
    """``numpy.ndarray`` as an argument."""

    name: str


class Callee(NamedTuple):
    """A callable that may be reduced; it is described, never called."""

    name: str


class Unreadable(NamedTuple):
    """A rebuild of a tensor that has no dense bytes; ``kind`` says which."""

    kind: str


class StorageRef(NamedTuple):
    """Bytes in the file; ``elements`` counts bytes when ``dtype`` is None.

    ``start`` and ``length`` are the part of it that may be looked at (PyTorch before 0.4).
    """

    dtype: str | None
    key: str
    elements: int
    start: int = 0
    length: int | None = None


class TensorRef(NamedTuple):
    """A strided view of a storage, in elements of ``dtype``."""

    storage: StorageRef
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class LongText(NamedTuple):
    """A text that no name needs."""

    chars: int


class Binary(NamedTuple):
    """A byte string; nothing needs more of it than its length."""

    size_bytes: int


class NumpyDtype(NamedTuple):
    """A NumPy dtype without objects."""

    item_bytes: int


@dataclass(slots=True)
class NumpyArray:
    """An array whose state may be set once; its content is not kept."""

    is_built: bool = False


class Plain(NamedTuple):
    """Something harmless that is no tensor: a set, a device, a complex number."""

    kind: str


class Unknown(NamedTuple):
    """What a refused request would have made; nothing can be said about it."""


UNKNOWN = Unknown()
