"""A file of weights before it is written: what is in it, where, to the byte.

Pure values. A file is a run of parts: bytes that are known already, tensors in the type and row
order that the format wants, and bytes that depend on a tensor's checksum (zip). Nothing is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paddock.checkpoint.convert.rendering import Rendering
from paddock.checkpoint.pytorch.zip_writing import AfterCrc
from paddock.checkpoint.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Placed:
    """A tensor of the source as it stands in a file."""

    tensor: Tensor
    rendering: Rendering

    @property
    def size_bytes(self) -> int:
        return self.rendering.size_bytes(self.tensor.elements)


Part = bytes | Placed | AfterCrc


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A planned file; ``original`` is the source's file that it repeats byte for byte."""

    name: str
    parts: tuple[Part, ...]
    original: Path | None = None

    @property
    def size_bytes(self) -> int:
        return sum(part_bytes(part) for part in self.parts)

    @property
    def placed(self) -> list[Placed]:
        """The tensors, in the order of the file."""
        return [part for part in self.parts if isinstance(part, Placed)]

    def starts(self) -> list[int]:
        """Where each part begins."""
        found, at = [], 0
        for part in self.parts:
            found.append(at)
            at += part_bytes(part)
        return found


def part_bytes(part: Part) -> int:
    """Size of a part."""
    return len(part) if isinstance(part, bytes) else part.size_bytes
