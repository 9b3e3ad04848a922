"""What a PyTorch pickle may speak of: storages, dtypes, tensors, and nothing that runs.

The closed table of globals and the inert values that stand for them. Knows no opcodes and no files.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# dtype by the name of PyTorch's legacy storage class.
_STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
}
# dtypes without such a class come as objects beside an untyped storage.
_DTYPES = {
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e8m0fnu": "F8_E8M0",
}


class StorageType(NamedTuple):
    """A storage class; no dtype means bytes whose meaning the tensor gives."""

    dtype: str | None


class TorchDtype(NamedTuple):
    """A ``torch.dtype`` object."""

    dtype: str


class Callee(NamedTuple):
    """A callable that may be reduced; it is described, never called."""

    name: str


class StorageRef(NamedTuple):
    """Bytes in the archive; ``elements`` counts bytes when ``dtype`` is None."""

    dtype: str | None
    key: str
    elements: int


class TensorRef(NamedTuple):
    """A strided view of a storage, in elements of ``dtype``."""

    storage: StorageRef
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


GLOBALS: dict[tuple[str, str], StorageType | TorchDtype | Callee] = {
    ("collections", "OrderedDict"): Callee("OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"): Callee("tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"): Callee("tensor_v3"),
    ("torch._utils", "_rebuild_parameter"): Callee("parameter"),
    ("torch.storage", "UntypedStorage"): StorageType(None),
    **{("torch", name): StorageType(dtype) for name, dtype in _STORAGES.items()},
    **{("torch", name): TorchDtype(dtype) for name, dtype in _DTYPES.items()},
}


def describe_call(callee: str, arguments: tuple[Any, ...]) -> dict[str, Any] | TensorRef | None:
    """What a call from the table would have made; None when its arguments are not its own."""
    match callee, arguments:
        case "OrderedDict", ():
            return {}
        case "parameter", (TensorRef() as tensor, bool(), dict()):
            return tensor
        case "tensor_v2", (StorageRef(str(dtype)) as storage, *view, bool(), dict()):
            return _tensor(storage, dtype, view)
        case "tensor_v3", (
            StorageRef(None) as storage,
            *view,
            bool(),
            dict(),
            TorchDtype(dtype),
        ):
            return _tensor(storage, dtype, view)
    return None


def _tensor(storage: StorageRef, dtype: str, view: list[Any]) -> TensorRef | None:
    """A tensor over ``view``: offset, shape and strides, whole numbers and none negative."""
    if len(view) != 3:
        return None
    offset, shape, strides = view
    if type(shape) is not tuple or type(strides) is not tuple or len(shape) != len(strides):
        return None
    if any(type(n) is not int or n < 0 for n in (offset, *shape, *strides)):
        return None
    return TensorRef(storage, dtype, offset, shape, strides)
