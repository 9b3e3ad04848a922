"""Writes safetensors: one file, or shards of a bounded size and their index.

Sizes are known before any byte is read, so headers come first and tensors are streamed through.
Headers are padded to eight bytes and tensors ordered by falling element size, as the official
writer does, so that every tensor is aligned when the file is mapped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from paddock.checkpoint.digesting_file import WrittenFile, write_file
from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadCheckpoint, BadSafetensors
from paddock.checkpoint.safetensors.hf_folder import INDEX, SINGLE
from paddock.checkpoint.safetensors.reading import LENGTH_BYTES, MAX_HEADER_BYTES
from paddock.checkpoint.tensors import Piece, Tensor

DEFAULT_SHARD_BYTES = 5_000_000_000  # decimal, as Hugging Face counts
_METADATA = {"format": "pt"}  # transformers refuses files without it
_ALIGNMENT = 8


def write_model(
    folder: Path, tensors: Iterable[Tensor], shard_bytes: int = DEFAULT_SHARD_BYTES
) -> list[WrittenFile]:
    """Write ``model.safetensors``, or numbered shards and an index, into ``folder``."""
    shards = plan_shards(tensors, shard_bytes)
    if len(shards) == 1:
        return [write_file(folder / SINGLE, file_pieces(shards[0]))]
    written: list[WrittenFile] = []
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        written.append(write_file(folder / name, file_pieces(shard)))
        weight_map |= {tensor.name: name for tensor in shard}
    total = sum(tensor.size_bytes for shard in shards for tensor in shard)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    written.append(write_file(folder / INDEX, [json.dumps(index, indent=2).encode() + b"\n"]))
    return written


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


def file_pieces(tensors: Sequence[Tensor]) -> Iterator[Piece]:
    """The bytes of one safetensors file."""
    ordered = sorted(tensors, key=lambda tensor: -BITS[tensor.dtype])  # stable
    yield render_header(ordered)
    for tensor in ordered:
        sent = 0
        for piece in tensor.pieces():
            sent += len(memoryview(piece).cast("B"))
            yield piece
        if sent != tensor.size_bytes:
            raise BadCheckpoint("truncated", f"{tensor.name!r} gave {sent} bytes, not its size")


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
