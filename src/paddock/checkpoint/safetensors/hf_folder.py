"""Hugging Face's layout: ``config.json`` beside one file of weights, or an index and its shards.

Knows which file holds which tensor, whatever the files are. Every tensor is in exactly the shard
that the index names, no shard holds one more, and no name leads out of the folder, not even through
a symbolic link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
MAX_NAME_BYTES = 255  # of a file, on every file system in use


@dataclass(frozen=True, slots=True)
class Layout:
    """What the files of weights are called, and what reads one."""

    single: str
    index: str
    suffix: str  # of a shard
    open: Callable[[Path], tuple[Tensor, ...]]

    def is_in(self, folder: Path) -> bool:
        """Whether a folder keeps its weights so."""
        return (folder / self.single).exists() or (folder / self.index).exists()


SAFETENSORS = Layout(SINGLE, INDEX, ".safetensors", open_tensors)


def weight_files(folder: Path, layout: Layout = SAFETENSORS) -> tuple[Path, ...]:
    """The files that hold the model, in order of name; empty when there are none."""
    if (folder / layout.index).exists():
        names = sorted(set(_weight_map(folder, layout).values()))
        return tuple(inside(folder, name) for name in names)
    return (inside(folder, layout.single),) if (folder / layout.single).exists() else ()


def read_tensors(folder: Path, layout: Layout = SAFETENSORS) -> tuple[Tensor, ...]:
    """Every tensor of the folder, unread, shard by shard in the order of its bytes."""
    if not (folder / layout.index).exists():
        return layout.open(inside(folder, layout.single))
    weight_map = _weight_map(folder, layout)
    tensors: list[Tensor] = []
    for path in weight_files(folder, layout):
        in_shard = layout.open(path)
        _check_shard(path.name, in_shard, weight_map)
        tensors += in_shard
    missing = weight_map.keys() - {tensor.name for tensor in tensors}
    if missing:
        name = min(missing)
        raise BadIndex("missing_tensor", f"{weight_map[name]} does not hold {name!r}")
    _check_total(folder, layout, tensors)
    return tuple(tensors)


def inside(folder: Path, name: str) -> Path:
    """The file ``name`` directly in ``folder``; anything that leads elsewhere is refused."""
    path = folder / name
    if name != Path(name).name or name in ("", ".", "..") or "\\" in name or "\0" in name:
        raise BadIndex("path_escape", f"{shown(name)} is not the name of a file in the folder")
    if not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:  # a surrogate is not
        raise BadIndex("missing_file", f"{shown(name)} can be the name of no file")
    root = folder.resolve()
    if not path.exists():
        raise BadIndex("missing_file", f"the shard {name} is missing")
    if not path.resolve().is_relative_to(root) and not is_hub_cache(path, root):
        raise BadIndex("path_escape", f"{name} is a symbolic link out of the folder")
    if not path.is_file():
        raise BadSafetensors("not_a_file", f"{name} is not a regular file")
    return path


def is_hub_cache(path: Path, root: Path) -> bool:
    """Whether this is the stock client's cache: snapshots/COMMIT/file linking to blobs/DIGEST.

    That may be a link again, to blobs/AB/DIGEST beside all repositories (huggingface_hub 2.4).
    """
    cache, target = root.parent.parent, path.resolve()
    in_blobs = target.parent == cache / "blobs" or target.parent.parent == cache.parent / "blobs"
    return root.parent.name == "snapshots" and in_blobs


def _weight_map(folder: Path, layout: Layout) -> dict[str, str]:
    index = layout.index
    weight_map = load_object(folder / index, BadIndex).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise BadIndex("bad_index", f"{index} has no weight_map")
    if len(weight_map) > MAX_TENSORS:
        raise BadIndex("too_many", f"{index} names {len(weight_map)} tensors, over {MAX_TENSORS}")
    for tensor, shard in weight_map.items():
        if type(shard) is not str or not shard.endswith(layout.suffix):
            raise BadIndex("bad_index", f"{index} keeps {shown(tensor)} in {shown(shard)}")
    if len(set(weight_map.values())) > MAX_SHARDS:
        raise BadIndex("too_many", f"{index} names more than {MAX_SHARDS} shards")
    return weight_map


def _check_shard(shard: str, tensors: tuple[Tensor, ...], weight_map: dict[str, str]) -> None:
    for tensor in tensors:
        named = weight_map.get(tensor.name)
        if named is None:
            raise BadIndex("extra_tensor", f"{shard} holds {tensor.name!r}, unknown to the index")
        if named != shard:
            raise BadIndex("wrong_shard", f"{tensor.name!r} is in {shard}, the index says {named}")


def _check_total(folder: Path, layout: Layout, tensors: list[Tensor]) -> None:
    """``total_size`` counts tensor bytes, shared ones once or twice, or, by MLX, whole files."""
    metadata: Any = load_object(folder / layout.index, BadIndex).get("metadata")
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    if total is None:
        return
    tensor_bytes = sum(tensor.size_bytes for tensor in tensors)
    distinct = {(tensor.place, tensor.size_bytes) for tensor in tensors}
    file_bytes = sum(path.stat().st_size for path in weight_files(folder, layout))
    honest = (tensor_bytes, sum(size_bytes for _, size_bytes in distinct), file_bytes)
    if type(total) not in (int, float) or total not in honest:
        raise BadIndex(
            "total_size",
            f"{layout.index} says total_size {shown(total)}; the tensors have {tensor_bytes}",
        )
