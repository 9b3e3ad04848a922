"""What a call from the table would have made, told from its arguments alone.

Nothing is called. A call whose arguments are not exactly those that PyTorch or NumPy write is
refused, since their own code trusts them more than it should.
"""

from __future__ import annotations

import math
import re
from typing import Any

from paddock.checkpoint.pytorch.values import (
    Binary,
    Callee,
    LongText,
    NumpyArray,
    NumpyDtype,
    NumpyType,
    Plain,
    StorageRef,
    TensorRef,
    TorchDtype,
    TorchType,
    Unreadable,
)
from paddock.checkpoint.tensors import MAX_ELEMENTS, MAX_RANK

_NUMPY_CODE = re.compile(r"([biufcSUVmM])(\d{1,9})")
_DEVICE = re.compile(r"[a-z]{1,16}(:\d{1,3})?")


def describe_call(callee: str, arguments: tuple[Any, ...]) -> Any:
    """The value that the call describes; None when its arguments are not its own."""
    match callee:
        case "tensor" | "tensor_v2" | "tensor_v3" | "parameter" | "parameter_with_state":
            return _tensor(callee, arguments)
        case "from_type":
            return _from_type(arguments)
        case "numpy_dtype" | "array" | "array_of" | "scalar":
            return _numpy(callee, arguments)
    return _plain(callee, arguments)


def describe_build(target: Any, state: Any) -> bool:
    """Whether setting this state is something that PyTorch or NumPy do."""
    match target, state:
        case dict(), dict():  # the _metadata of an OrderedDict; it says nothing about tensors
            return True
        case NumpyDtype(), (3 | 4, "<" | ">" | "|" | "=", None, None, None, int(), int(), int()):
            return True
        case NumpyArray(is_built=False), (1, tuple(shape), NumpyDtype(item), bool(), Binary(size)):
            target.is_built = True
            return _fits(shape, item, size)
    return False


def _tensor(callee: str, arguments: tuple[Any, ...]) -> TensorRef | Unreadable | None:
    match callee, arguments:
        case _, (Unreadable() as unreadable, *_):
            return unreadable
        case "tensor", (StorageRef(str(dtype)) as storage, offset, shape, strides):
            return _view(storage, dtype, offset, shape, strides)
        case "tensor_v2", (
            StorageRef(str(dtype)) as storage, offset, shape, strides, bool(), dict(), *more,
        ) if _is_metadata(more):  # fmt: skip
            return _view(storage, dtype, offset, shape, strides)
        case "tensor_v3", (
            StorageRef(None) as storage, offset, shape, strides, bool(), dict(),
            TorchDtype(str(dtype)), *more,
        ) if _is_metadata(more):  # fmt: skip
            return _view(storage, dtype, offset, shape, strides)
        case "parameter", (TensorRef() as tensor, bool(), dict()):
            return tensor
        case "parameter_with_state", (TensorRef() as tensor, bool(), dict(), _):
            return tensor
    return None


def _from_type(arguments: tuple[Any, ...]) -> TensorRef | Unreadable | None:
    """A tensor with attributes of its own; they are not kept."""
    match arguments:
        case (Callee(name), TorchType(), tuple(inner), _):
            return _tensor(name, inner)
    return None


def _is_metadata(more: list[Any]) -> bool:
    """Absent, None, or empty: a conjugated or negated view has other numbers than its bytes."""
    return more in ([], [None]) or (len(more) == 1 and type(more[0]) is dict and not more[0])


def _view(
    storage: StorageRef, dtype: str, offset: Any, shape: Any, strides: Any
) -> TensorRef | None:
    """A tensor over a storage; sizes are whole numbers, none negative."""
    if type(shape) is not tuple or type(strides) is not tuple or len(shape) != len(strides):
        return None
    if len(shape) > MAX_RANK:
        return None
    numbers = (offset, *shape, *strides)
    if any(type(n) is not int or not 0 <= n < MAX_ELEMENTS for n in numbers):
        return None
    return TensorRef(storage, dtype, offset, shape, strides)


def _numpy(callee: str, arguments: tuple[Any, ...]) -> NumpyArray | NumpyDtype | Plain | None:
    match callee, arguments:
        case "numpy_dtype", (str(code), *_) if 1 <= len(arguments) <= 3:
            return _numpy_dtype(code)
        case "array", (NumpyType(), (0,), Binary(1)):
            return NumpyArray()
        case "scalar", (NumpyDtype(item), Binary(size)) if item == size:
            return Plain("NumPy number")
        case "array_of", (Binary(size), NumpyDtype(item), tuple(shape), "C" | "F") if _fits(
            shape, item, size
        ):
            return NumpyArray(is_built=True)
    return None


def _numpy_dtype(code: str) -> NumpyDtype | None:
    """Numbers and fixed text; never objects, whose pickles are a program again."""
    found = _NUMPY_CODE.fullmatch(code)
    if found is None:
        return None
    return NumpyDtype(int(found[2]) * (4 if found[1] == "U" else 1))


def _fits(shape: tuple[Any, ...], item_bytes: int, size_bytes: int) -> bool:
    whole = len(shape) <= MAX_RANK and all(type(n) is int and 0 <= n < MAX_ELEMENTS for n in shape)
    return whole and math.prod(shape) * item_bytes == size_bytes


def _plain(callee: str, arguments: tuple[Any, ...]) -> Any:
    match callee, arguments:
        case "OrderedDict", ():
            return {}
        case "OrderedDict", (list(pairs),):
            return _dictionary(pairs)
        case "Size", (tuple(sizes),) if len(sizes) <= MAX_RANK:
            return sizes if all(type(n) is int for n in sizes) else None
        case "device", (str(name), *index) if _DEVICE.fullmatch(name) and len(index) <= 1:
            return Plain("device") if all(type(n) is int for n in index) else None
        case "encode", (str(text), "latin1" | "latin-1"):
            return _latin(text)
        case "encode", (LongText(chars), "latin1" | "latin-1"):
            return Binary(chars)
        case "bytearray", () | (Binary(),) | (str() | LongText(), "latin-1"):
            return Binary(0)
        case "bytes", ():
            return Binary(0)
        case "set" | "frozenset", () | (list(),):
            return Plain("set")
        case "complex", (int() | float(), int() | float()):
            return Plain("complex number")
    return None


def _latin(text: str) -> Binary | None:
    try:
        return Binary(len(text.encode("latin-1")))
    except UnicodeEncodeError:
        return None


def _dictionary(pairs: list[Any]) -> dict[str, Any] | None:
    """An OrderedDict as Python 2 wrote it: a list of pairs."""
    made: dict[str, Any] = {}
    for pair in pairs:
        match pair:
            case [str(key), value] if key not in made:
                made[key] = value
            case _:
                return None
    return made
