"""The tensors of a GGUF file, each from one of the source's or from those of all experts.

Pure: placed tensors in, the file's tensors out, in the order in which the first part of each comes.
An expert that is missing or of another type than its neighbours is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from paddock.checkpoint.convert.weight_file import Placed
from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.gguf.expert_stacks import stack_of
from paddock.checkpoint.gguf.naming import gguf_name
from paddock.checkpoint.tensors import Tensor


class Entry(NamedTuple):
    """A tensor as the file's header tells it, and what its bytes are made of, in order."""

    tensor: Tensor
    parts: tuple[Placed, ...]


def stacked(placed: Iterable[Placed]) -> list[Entry]:
    """Every tensor of the file."""
    found: dict[str, dict[int, Placed]] = {}
    for each in placed:
        name, number = stack_of(each.tensor.name) or (str(gguf_name(each.tensor.name)), -1)
        found.setdefault(name, {})[number] = each
    return [_entry(name, parts) for name, parts in found.items()]


def _entry(name: str, parts: dict[int, Placed]) -> Entry:
    ordered = tuple(parts[number] for number in sorted(parts))
    first = ordered[0]
    announced = replace(first.tensor, name=name, dtype=first.rendering.dtype)
    if -1 in parts:
        return Entry(announced, ordered)
    kinds = {(each.rendering.dtype, each.tensor.shape) for each in ordered}
    if len(kinds) > 1 or sorted(parts) != list(range(len(parts))):
        raise UnsupportedModel(
            "experts",
            f"some experts of {name} are missing, or of several types: {sorted(map(str, kinds))}",
        )
    return Entry(replace(announced, shape=(len(ordered), *first.tensor.shape)), ordered)
