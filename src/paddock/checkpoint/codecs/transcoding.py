"""Elements of one type as another: plain numbers, ggml's blocks, both ways.

Works on whole blocks and knows nothing of tensors or files. Pure: pieces of a tensor can be
transcoded side by side in threads, and the compiled kernels release the GIL. What cannot be written
as asked is refused, never altered: a NaN or an infinity in a block, or numbers so large that a
block's scale would be infinite. With kernels or without, the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs import casts, k_layout, minima_blocks, signed_blocks, small_blocks
from paddock.checkpoint.codecs.casts import PLAIN, Bytes, Floats
from paddock.checkpoint.dtypes import BLOCKS, elements_in, size_in_bytes
from paddock.checkpoint.errors import BadElements
from paddock.errors import shown
from paddock.kernels.library import library

_DECODERS: Final[Mapping[str, Callable[[Bytes], Floats]]] = MappingProxyType(
    {
        "Q8_0": small_blocks.decode_q8_0,
        "Q4_0": small_blocks.decode_q4_0,
        "Q4_K": k_layout.decode_q4_k,
        "Q5_K": k_layout.decode_q5_k,
        "Q6_K": k_layout.decode_q6_k,
    }
)
_ENCODERS: Final[Mapping[str, Callable[[Floats], Bytes]]] = MappingProxyType(
    {
        "Q8_0": small_blocks.encode_q8_0,
        "Q4_0": small_blocks.encode_q4_0,
        "Q4_K": minima_blocks.encode_q4_k,
        "Q5_K": minima_blocks.encode_q5_k,
        "Q6_K": signed_blocks.encode_q6_k,
    }
)
SOURCES: Final = frozenset({*PLAIN, *BLOCKS})
TARGETS: Final = SOURCES - {"F64"}

# What NumPy takes on at once: its intermediate arrays stay in the second cache.
_PART_ELEMENTS: Final = 1 << 15
# From here on no block can hold a number, whatever the others are: 65504 is F16's largest.
_UNBOUNDED: Final = 2.0**31


def transcode(raw: bytes | bytearray | memoryview, source: str, target: str) -> memoryview:
    """The same elements as another type; ``raw`` is a whole number of blocks of both.

    The result may be ``raw`` itself. Raises BadElements: ``unknown_dtype``, ``bad_length``,
    ``not_finite``, ``out_of_range``.
    """
    content = np.frombuffer(memoryview(raw).cast("B"), np.uint8)
    elements = _elements(content.size, source, target)
    if source == target:
        return memoryview(raw).cast("B")
    return _transcoded(content, elements, source, target).data


def decode(raw: bytes | bytearray | memoryview, dtype: str) -> NDArray[np.float32]:
    """Elements as float32; raises BadElements (``unknown_dtype``, ``bad_length``)."""
    return np.frombuffer(transcode(raw, dtype, "F32"), np.float32)


def encode(values: NDArray[np.float32], dtype: str) -> memoryview:
    """The bytes of float32 elements, whole blocks; raises BadElements as ``transcode``."""
    flat = np.ascontiguousarray(values, np.float32).reshape(-1)
    return transcode(flat.view(np.uint8).data, "F32", dtype)


def _elements(size_bytes: int, source: str, target: str) -> int:
    if source not in SOURCES or target not in TARGETS:
        wrong = target if source in SOURCES else source
        raise BadElements("unknown_dtype", f"no elements are turned from or into {shown(wrong)}")
    elements = elements_in(source, size_bytes)
    if size_in_bytes(source, elements) != size_bytes:
        raise BadElements("bad_length", f"{size_bytes} bytes are no whole number of {source}")
    if target in BLOCKS and elements % BLOCKS[target].elements:
        raise BadElements("bad_length", f"{elements} elements are no whole number of {target}")
    return elements


def _transcoded(content: Bytes, elements: int, source: str, target: str) -> Bytes:
    result = np.empty(size_in_bytes(target, elements), np.uint8)
    kernels = library()
    if kernels is not None:
        if not kernels.transcode(content, elements, source, target, result):
            raise _refusal(content, source, target)
        return result
    for at in range(0, elements, _PART_ELEMENTS):
        end = min(at + _PART_ELEMENTS, elements)
        part = content[size_in_bytes(source, at) : size_in_bytes(source, end)]
        written = _plainly(part, source, target)
        if written is None:
            raise _refusal(content, source, target)
        result[size_in_bytes(target, at) : size_in_bytes(target, end)] = written
    return result


def _plainly(part: Bytes, source: str, target: str) -> Bytes | None:
    """What the kernels compute, in NumPy; None where an element cannot be written."""
    if source == "F64" and target in ("F16", "BF16"):
        return casts.from_float32(casts.narrowed(part), target)
    values = _decoded(part, source)
    if target in PLAIN:
        return casts.from_float32(values, target)
    largest = np.abs(values).max()
    if not largest < (_UNBOUNDED if target.endswith("_K") else np.inf):
        return None
    with np.errstate(all="ignore"):  # a scale that overflows is found in what was written
        written = _ENCODERS[target](values)
    return written if np.isfinite(_scales(written, target)).all() else None


def _decoded(part: Bytes, source: str) -> Floats:
    with np.errstate(all="ignore"):  # infinite scales of hostile blocks
        return casts.to_float32(part, source) if source in PLAIN else _DECODERS[source](part)


def _scales(written: Bytes, dtype: str) -> Floats:
    """The F16 scales of blocks: one or two at the start, or one at the end."""
    blocks = written.reshape(-1, BLOCKS[dtype].size_bytes)
    halves = {"Q4_K": slice(4), "Q5_K": slice(4), "Q6_K": slice(208, 210)}.get(dtype, slice(2))
    return casts.to_float32(np.ascontiguousarray(blocks[:, halves]), "F16")


def _refusal(content: Bytes, source: str, target: str) -> BadElements:
    """Why a block could not be written: the first element that is not finite, else the largest."""
    largest, place = np.float32(0), 0
    for at in range(0, elements_in(source, content.size), _PART_ELEMENTS):
        part = content[size_in_bytes(source, at) : size_in_bytes(source, at + _PART_ELEMENTS)]
        magnitudes = np.abs(_decoded(part, source))
        finite = np.isfinite(magnitudes)
        if not finite.all():
            wrong = int(finite.argmin())
            value = float(_decoded(part, source)[wrong])
            return BadElements(
                "not_finite", f"element {at + wrong} is {value}, which {target} cannot hold"
            )
        if magnitudes.max() > largest:
            largest, place = magnitudes.max(), at + int(magnitudes.argmax())
    message = f"the scale of a {target} block would be infinite: element {place} is {largest:g}"
    return BadElements("out_of_range", message)
