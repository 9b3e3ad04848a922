"""The files of weights of the open version, shard by shard.

A shard that no rule touches is linked or copied byte for byte; the others are written anew under
their own names, streamed. An index names what is there, and only that. Headers' metadata of a
changed shard is not carried over: nobody knows what it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadIndex
from paddock.checkpoint.safetensors.hf_folder import INDEX, inside, weight_files
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.safetensors.writing import in_file_order
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.release.withholding.withheld import Withheld


class Shards(NamedTuple):
    """Which files stay as they are, and which are written with what."""

    unchanged: tuple[str, ...]
    written: Mapping[str, tuple[Tensor, ...]]
    index_file: bytes | None  # None: unchanged, or none is needed


def plan_weights(folder: Path, withheld: Withheld, released: Mapping[str, Tensor]) -> Shards:
    """Every file of weights of a Hugging Face folder, decided."""
    touched = {each.name for each in withheld.tensors} | {old for old, _ in withheld.renamed}
    unchanged, written = [], {}
    for path in weight_files(folder):
        names = [tensor.name for tensor in open_tensors(path)]
        if touched.isdisjoint(names):
            unchanged.append(path.name)
        elif staying := [released[name] for name in names if name in released]:
            written[path.name] = tuple(in_file_order(staying))
    has_index = (folder / INDEX).exists()
    if not touched or not has_index:
        return Shards((*unchanged, *([INDEX] if has_index else ())), written, None)
    places = {t.name: name for name, tensors in written.items() for t in tensors}
    sizes = {t.name: t.size_bytes for tensors in written.values() for t in tensors}
    for name in unchanged:
        for tensor in open_tensors(inside(folder, name)):
            places[tensor.name], sizes[tensor.name] = name, tensor.size_bytes
    return Shards(tuple(unchanged), written, _index(folder, places, sum(sizes.values())))


def _index(folder: Path, places: dict[str, str], total_bytes: int) -> bytes:
    """The source's index without what is gone; its other metadata may speak of that, and goes."""
    known = load_object(folder / INDEX, BadIndex).get("metadata")
    metadata = {"total_size": total_bytes} if isinstance(known, dict) else {}
    index = {"metadata": metadata, "weight_map": dict(sorted(places.items()))}
    return json.dumps(index, indent=2).encode() + b"\n"
