"""safetensors before it is written: headers, shards of a bounded size, and their index.

Sizes are known before any byte is read, so headers come first and tensors are streamed through.
Headers are padded to eight bytes, and every tensor begins at a multiple of its element's size, so
that it is aligned when the file is mapped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadSafetensors
from paddock.checkpoint.safetensors.hf_folder import SINGLE
from paddock.checkpoint.safetensors.reading import LENGTH_BYTES, MAX_HEADER_BYTES
from paddock.checkpoint.tensors import Tensor

DEFAULT_SHARD_BYTES = 5_000_000_000  # decimal, as Hugging Face counts
_METADATA = {"format": "pt"}  # transformers refuses files without it
_ALIGNMENT = 8


def plan_shards(tensors: Iterable[Tensor], shard_bytes: int) -> list[list[Tensor]]:
    """Tensors by file: as many as fit, in order; a larger one gets a file of its own."""
    shards: list[list[Tensor]] = [[]]
    filled = 0
    for tensor in tensors:
        if shards[-1] and filled + tensor.size_bytes > shard_bytes:
            shards.append([])
            filled = 0
        shards[-1].append(tensor)
        filled += tensor.size_bytes
    return shards


def shard_names(count: int) -> list[str]:
    """What so many files are called."""
    if count == 1:
        return [SINGLE]
    return [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]


def in_file_order(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The order in which the tensors are aligned: as given where that will do.

    Otherwise by falling element size, as the official writer orders them.
    """
    at = 0
    for tensor in tensors:
        if at * 8 % BITS[tensor.dtype]:
            return sorted(tensors, key=lambda tensor: -BITS[tensor.dtype])  # stable
        at += tensor.size_bytes
    return list(tensors)


def render_index(shards: Sequence[Sequence[Tensor]]) -> bytes:
    """``model.safetensors.index.json`` of these shards."""
    names = shard_names(len(shards))
    weight_map = {t.name: name for name, shard in zip(names, shards, strict=True) for t in shard}
    total = sum(tensor.size_bytes for shard in shards for tensor in shard)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    return json.dumps(index, indent=2).encode() + b"\n"


def write_file(path: Path, tensors: Sequence[Tensor]) -> None:
    """One new file, streamed; it is on the medium when this returns."""
    with path.open("xb") as file:
        path.chmod(0o644)
        file.write(render_header(tensors))
        for tensor in tensors:
            written = sum(file.write(piece) for piece in tensor.pieces())
            if written != tensor.size_bytes:
                raise ValueError(f"{tensor.name} gave {written} bytes, not {tensor.size_bytes}")
        file.flush()
        os.fsync(file.fileno())


def render_header(tensors: Sequence[Tensor]) -> bytes:
    """Length and JSON header of a file that holds these tensors in this order."""
    header: dict[str, object] = {"__metadata__": _METADATA}
    at = 0
    for tensor in tensors:
        end = at + tensor.size_bytes
        if tensor.name in header:
            raise BadSafetensors("duplicate_key", f"two tensors are called {tensor.name!r}")
        header[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [at, end],
        }
        at = end
    raw = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    raw += b" " * (-len(raw) % _ALIGNMENT)
    if len(raw) > MAX_HEADER_BYTES:
        raise BadSafetensors("header_too_large", f"the header would have {len(raw)} bytes")
    return len(raw).to_bytes(LENGTH_BYTES, "little") + raw
