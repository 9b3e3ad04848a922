"""Elements of one type as another: plain numbers, ggml's blocks, both ways.

Works on whole blocks and knows nothing of tensors or files. Pure, so pieces of a tensor can be
transcoded side by side in threads. What cannot be written as asked is refused, never altered: a
NaN or an infinity in a block, or numbers so large that a block's scale would be infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs import casts, small_blocks
from paddock.checkpoint.codecs.casts import PLAIN, Bytes, Floats
from paddock.checkpoint.dtypes import BLOCKS, size_in_bytes
from paddock.checkpoint.errors import BadElements
from paddock.errors import shown

_DECODERS: Final[Mapping[str, Callable[[Bytes], Floats]]] = MappingProxyType(
    {"Q8_0": small_blocks.decode_q8_0, "Q4_0": small_blocks.decode_q4_0}
)
_ENCODERS: Final[Mapping[str, Callable[[Floats], Bytes]]] = MappingProxyType(
    {"Q8_0": small_blocks.encode_q8_0, "Q4_0": small_blocks.encode_q4_0}
)


def transcode(raw: bytes | bytearray | memoryview, source: str, target: str) -> memoryview:
    """The same elements as another type; ``raw`` is a whole number of blocks of both.

    The result may be ``raw`` itself. Raises BadElements: ``bad_length``, ``not_finite``,
    ``out_of_range``.
    """
    content = np.frombuffer(raw, np.uint8)
    _check_length(content.size, source, target)
    if source == target:
        return memoryview(raw).cast("B")
    if source == "F64" and target in ("F16", "BF16"):
        return casts.from_float32(casts.narrowed(content), target).data
    return encode(decode(content.data, source), target)


def decode(raw: bytes | bytearray | memoryview, dtype: str) -> NDArray[np.float32]:
    """Elements as float32; raises BadElements (``bad_length``)."""
    content = np.frombuffer(raw, np.uint8)
    _check_length(content.size, dtype, dtype)
    if dtype in PLAIN:
        return casts.to_float32(content, dtype)
    return _DECODERS[dtype](content)


def encode(values: NDArray[np.float32], dtype: str) -> memoryview:
    """The bytes of float32 elements, whole blocks; raises BadElements as ``transcode``."""
    flat = np.ascontiguousarray(values, np.float32).reshape(-1)
    if dtype in PLAIN:
        return casts.from_float32(flat, dtype).data
    _check_length(flat.nbytes, "F32", dtype)
    finite = np.isfinite(flat)
    if not finite.all():
        at = int(finite.argmin())
        raise BadElements("not_finite", f"element {at} is {flat[at]}, which {dtype} cannot hold")
    return _ENCODERS[dtype](flat).data


def elements_of(size_bytes: int, dtype: str) -> int | None:
    """How many elements so many bytes are; None when they are no whole number of blocks."""
    block = BLOCKS.get(dtype)
    block_bytes = block.size_bytes if block else size_in_bytes(dtype, 1)
    elements, rest = divmod(size_bytes, block_bytes)
    return None if rest else elements * (block.elements if block else 1)


def _check_length(size_bytes: int, source: str, target: str) -> None:
    elements = elements_of(size_bytes, source)
    if elements is None:
        raise BadElements(
            "bad_length", f"{size_bytes} bytes are no whole number of {shown(source)}"
        )
    if target in BLOCKS and elements % BLOCKS[target].elements:
        raise BadElements(
            "bad_length", f"{elements} elements are no whole number of {target} blocks"
        )
