"""Hugging Face's layout: ``config.json`` beside ``model.safetensors`` or an index and its shards.

Knows which file holds which tensor. Every tensor is in exactly the shard that the index names, no
shard holds one more, and no name leads out of the folder, not even through a symbolic link.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import BadIndex, BadSafetensors
from paddock.checkpoint.safetensors.reading import MAX_TENSORS, open_tensors
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.errors import shown

CONFIG = "config.json"
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
MAX_SHARDS = 10_000


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that hold the model, in order of name; empty when there are none."""
    if (folder / INDEX).exists():
        return tuple(inside(folder, name) for name in sorted(set(_weight_map(folder).values())))
    return (inside(folder, SINGLE),) if (folder / SINGLE).exists() else ()


def read_tensors(folder: Path) -> tuple[Tensor, ...]:
    """Every tensor of the folder, unread, shard by shard in the order of its bytes."""
    if not (folder / INDEX).exists():
        return open_tensors(inside(folder, SINGLE))
    weight_map = _weight_map(folder)
    tensors: list[Tensor] = []
    for path in weight_files(folder):
        in_shard = open_tensors(path)
        _check_shard(path.name, in_shard, weight_map)
        tensors += in_shard
    missing = weight_map.keys() - {tensor.name for tensor in tensors}
    if missing:
        name = min(missing)
        raise BadIndex("missing_tensor", f"{weight_map[name]} does not hold {name!r}")
    _check_total(folder, sum(tensor.size_bytes for tensor in tensors))
    return tuple(tensors)


def inside(folder: Path, name: str) -> Path:
    """The file ``name`` directly in ``folder``; anything that leads elsewhere is refused."""
    path = folder / name
    if name != Path(name).name or name in ("", ".", "..") or "\\" in name or "\0" in name:
        raise BadIndex("path_escape", f"{shown(name)} is not the name of a file in the folder")
    root = folder.resolve()
    if not path.exists():
        raise BadIndex("missing_file", f"the shard {name} is missing")
    if not path.resolve().is_relative_to(root) and not _is_hub_cache(path, root):
        raise BadIndex("path_escape", f"{name} is a symbolic link out of the folder")
    if not path.is_file():
        raise BadSafetensors("not_a_file", f"{name} is not a regular file")
    return path


def _is_hub_cache(path: Path, root: Path) -> bool:
    """Whether this is the stock client's cache: snapshots/COMMIT/file linking to blobs/DIGEST.

    That may be a link again, to blobs/AB/DIGEST beside all repositories (huggingface_hub 2.4).
    """
    cache, target = root.parent.parent, path.resolve()
    in_blobs = target.parent == cache / "blobs" or target.parents[1] == cache.parent / "blobs"
    return root.parent.name == "snapshots" and in_blobs


def _weight_map(folder: Path) -> dict[str, str]:
    weight_map = load_object(folder / INDEX, BadIndex).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise BadIndex("bad_index", f"{INDEX} has no weight_map")
    if len(weight_map) > MAX_TENSORS:
        raise BadIndex("too_many", f"{INDEX} names {len(weight_map)} tensors, over {MAX_TENSORS}")
    for tensor, shard in weight_map.items():
        if type(shard) is not str or not shard.endswith(".safetensors"):
            raise BadIndex("bad_index", f"{INDEX} keeps {shown(tensor)} in {shown(shard)}")
    if len(set(weight_map.values())) > MAX_SHARDS:
        raise BadIndex("too_many", f"{INDEX} names more than {MAX_SHARDS} shards")
    return weight_map


def _check_shard(shard: str, tensors: tuple[Tensor, ...], weight_map: dict[str, str]) -> None:
    for tensor in tensors:
        named = weight_map.get(tensor.name)
        if named is None:
            raise BadIndex("extra_tensor", f"{shard} holds {tensor.name!r}, unknown to the index")
        if named != shard:
            raise BadIndex("wrong_shard", f"{tensor.name!r} is in {shard}, the index says {named}")


def _check_total(folder: Path, tensor_bytes: int) -> None:
    """``total_size`` counts tensor bytes; MLX counts whole files. Nothing else is honest."""
    metadata: Any = load_object(folder / INDEX, BadIndex).get("metadata")
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    if total is None:
        return
    file_bytes = sum(path.stat().st_size for path in weight_files(folder))
    if type(total) not in (int, float) or total not in (tensor_bytes, file_bytes):
        raise BadIndex(
            "total_size", f"{INDEX} says total_size {shown(total)}; the tensors have {tensor_bytes}"
        )
