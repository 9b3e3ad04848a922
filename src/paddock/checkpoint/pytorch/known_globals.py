"""The closed table of what a pickle may ask for by name.

Whatever is not here is refused, however harmless it looks. Names are those that PyTorch and NumPy
write (torch/_utils.py, torch/_tensor.py, numpy/_core/multiarray.py), old and new spellings.
"""

from __future__ import annotations

from types import MappingProxyType

from paddock.checkpoint.pytorch.values import (
    Callee,
    NumpyType,
    StorageType,
    TorchDtype,
    TorchType,
    Unreadable,
)

Known = StorageType | TorchDtype | TorchType | NumpyType | Callee | Unreadable

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
_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
    "complex64": "C64",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e8m0fnu": "F8_E8M0",
}
# Numbers that neither safetensors nor paddock has.
_OTHER_STORAGES = {
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "quantised",
    "QInt32Storage": "quantised",
    "QUInt8Storage": "quantised",
    "QUInt4x2Storage": "quantised",
    "QUInt2x4Storage": "quantised",
}
_QUANTISERS = ("per_tensor_affine", "per_channel_affine", "per_channel_affine_float_qparams")
_OTHER_REBUILDS = {
    "_rebuild_sparse_tensor": "sparse",
    "_rebuild_sparse_csr_tensor": "sparse",
    "_rebuild_nested_tensor": "nested",
    "_rebuild_qtensor": "quantised",
    "_rebuild_meta_tensor_no_storage": "meta",
    "_rebuild_device_tensor_from_numpy": "device",
    "_rebuild_device_tensor_from_cpu_tensor": "device",
    "_rebuild_xla_tensor": "device",
    "_rebuild_wrapper_subclass": "wrapped",
}
_NUMPY_CORES = ("numpy.core", "numpy._core")
_BUILTINS = ("builtins", "__builtin__")
_PLAIN = ("set", "frozenset", "bytes", "bytearray", "complex")

GLOBALS: MappingProxyType[tuple[str, str], Known] = MappingProxyType(
    {
        ("collections", "OrderedDict"): Callee("OrderedDict"),
        ("torch._utils", "_rebuild_tensor"): Callee("tensor"),
        ("torch._utils", "_rebuild_tensor_v2"): Callee("tensor_v2"),
        ("torch._utils", "_rebuild_tensor_v3"): Callee("tensor_v3"),
        ("torch._utils", "_rebuild_parameter"): Callee("parameter"),
        ("torch._utils", "_rebuild_parameter_with_state"): Callee("parameter_with_state"),
        ("torch._tensor", "_rebuild_from_type_v2"): Callee("from_type"),
        ("torch", "Tensor"): TorchType("Tensor"),
        ("torch.nn.parameter", "Parameter"): TorchType("Parameter"),
        ("torch", "Size"): Callee("Size"),
        ("torch", "device"): Callee("device"),
        ("torch.serialization", "_get_layout"): Unreadable("sparse"),
        ("torch.storage", "UntypedStorage"): StorageType(None),
        ("torch", "UntypedStorage"): StorageType(None),
        **{("torch._utils", name): Unreadable(kind) for name, kind in _OTHER_REBUILDS.items()},
        **{("torch", name): Unreadable(kind) for name, kind in _OTHER_STORAGES.items()},
        **{("torch", name): Unreadable("quantised") for name in _QUANTISERS},
        **{("torch", name): StorageType(dtype) for name, dtype in _STORAGES.items()},
        **{("torch", name): TorchDtype(dtype) for name, dtype in _DTYPES.items()},
        ("torch", "complex128"): TorchDtype(None),
        ("_codecs", "encode"): Callee("encode"),
        ("numpy", "ndarray"): NumpyType("ndarray"),
        ("numpy", "dtype"): Callee("numpy_dtype"),
        **{(f"{core}.multiarray", "_reconstruct"): Callee("array") for core in _NUMPY_CORES},
        **{(f"{core}.multiarray", "scalar"): Callee("scalar") for core in _NUMPY_CORES},
        **{(f"{core}.numeric", "_frombuffer"): Callee("array_of") for core in _NUMPY_CORES},
        **{(module, name): Callee(name) for module in _BUILTINS for name in _PLAIN},
    }
)
