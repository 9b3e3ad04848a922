"""Everything that a conversion will write, to the byte, before it reads a weight.

The values that planners make and that writing and ``--dry-run`` take. Knows no format.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from paddock.checkpoint.convert.small_files import SmallFile
from paddock.checkpoint.convert.weight_file import WeightFile
from paddock.checkpoint.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Files:
    """Part of a plan: weights, and what stands beside them."""

    weights: tuple[WeightFile, ...] = ()
    small: tuple[SmallFile, ...] = ()
    notes: tuple[str, ...] = ()  # what somebody should know, in sentences


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of the destination, and the source's tensors in the order of their bytes."""

    tensors: tuple[Tensor, ...]
    files: Files

    @property
    def size_bytes(self) -> int:
        """Exact size of everything."""
        weights = sum(file.size_bytes for file in self.files.weights)
        return weights + sum(file.size_bytes for file in self.files.small)

    def to_dict(self) -> dict[str, Any]:
        """Files with sizes, tensors and types, as plain values for JSON."""
        listed = [_weights(file) for file in self.files.weights]
        listed += [{"name": f.name, "size_bytes": f.size_bytes} for f in self.files.small]
        return {
            "size_bytes": self.size_bytes,
            "files": sorted(listed, key=lambda file: str(file["name"])),
            "notes": list(self.files.notes),
        }


def joined(parts: list[Files]) -> Files:
    """Several parts as one."""
    return Files(
        tuple(file for part in parts for file in part.weights),
        tuple(file for part in parts for file in part.small),
        tuple(note for part in parts for note in part.notes),
    )


def _weights(file: WeightFile) -> dict[str, Any]:
    placed = file.placed
    types: dict[str, int] = {}
    for each in placed:
        types[each.rendering.dtype] = types.get(each.rendering.dtype, 0) + 1
    return {
        "name": str(PurePosixPath(file.name)),
        "size_bytes": file.size_bytes,
        "tensors": len(placed),
        "types": dict(sorted(types.items(), key=lambda item: -item[1])),
    }
