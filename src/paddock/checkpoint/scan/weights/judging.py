"""Which tensors hold what no training makes: NaN, infinity, huge values, one value throughout.

Buffers are another matter: masks hold -inf, counters and frequencies grow large, and a LoRA begins
at zero. Told once for each cause, with the first names. Integers are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.numpy_files.npz import read_numpy
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.weights.extremes import (
    BLOCK_SCALES,
    FLOATS,
    Extremes,
    block_extremes,
    float_extremes,
)
from paddock.checkpoint.tensors import Piece, Tensor, read_range
from paddock.errors import shown

MAX_LARGEST = 1e5  # trained weights stay below some hundreds
MAX_LARGEST_HALF = 3e4  # a half float ends at 65,504
MIN_CONSTANT = 256  # elements of a matrix that may honestly all be equal
_SHOWN_NAMES = 3
# Buffers and statistics, whose values are counts, positions or sums.
_BUFFER = re.compile(
    r"(?i)step|count|running_|num_batches|freq|position|index|inv_|scale|absmax|zeros?\b|alibi|"
    r"exp_avg|optimizer|state|mean|var|std|min|max|epoch|time|sigma|buffer|mask|rope|angle|range|"
    r"quant|anchor|grid|offset|norm_factor|stride|ids$"
)
_MASK = re.compile(r"(?i)mask|bias|causal|alibi|tril|triu|inf")
_BEGINS_AT_ZERO = re.compile(r"(?i)lora_|adapter|zero|prompt|ia3|gate|pos|token_type|\.bias$|init")


class Values(NamedTuple):
    """A tensor's numbers, in order, in pieces."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[Piece]]


def check_values(look: Look) -> Iterator[Reason]:
    """What the numbers of a file of weights are."""
    absurd: dict[str, list[str]] = {}
    try:
        tensors = list(_tensors(look))
    except BadCheckpoint:
        return  # the format's validator tells
    for tensor in tensors:
        found = _measured(tensor, look.budget.tick)
        code = _judged(tensor, found) if found else None
        if code:
            absurd.setdefault(code, []).append(tensor.name)
    for code, names in absurd.items():
        listed = ", ".join(map(shown, names[:_SHOWN_NAMES]))
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        yield Reason(code, look.name, f"{_SAID[code]} in {listed}{more}")


def _tensors(look: Look) -> Iterator[Values]:
    if look.kind is Kind.GGUF:
        for placed in read_gguf(look.file).tensors:
            yield Values(
                placed.name, placed.dtype, placed.shape, _range(look.file, placed.start, placed.end)
            )
        return
    for tensor in _READERS[look.kind](look.file):
        yield Values(tensor.name, tensor.dtype, tensor.shape, tensor.pieces)


def _range(path: Path, start: int, end: int) -> Callable[[], Iterator[Piece]]:
    return lambda: read_range(path, start, end)


def _measured(tensor: Values, tick: Callable[[], None]) -> Extremes | None:
    if tensor.dtype in FLOATS:
        return float_extremes(tensor.dtype, tensor.pieces(), tick)
    if tensor.dtype in BLOCK_SCALES:
        return block_extremes(tensor.dtype, tensor.pieces(), tick)
    return None


def _judged(tensor: Values, found: Extremes) -> str | None:
    if not found.is_finite:
        is_mask = found.has_only_minus_infinity and _MASK.search(tensor.name)
        return None if is_mask else "weights_not_finite"
    limit = MAX_LARGEST_HALF if tensor.dtype == "F16" else MAX_LARGEST
    if found.largest > limit and tensor.shape and not _BUFFER.search(tensor.name):
        return "weights_absurd"
    elements = 1
    for size in tensor.shape:
        elements *= size
    is_matrix = len(tensor.shape) > 1 and elements >= MIN_CONSTANT
    names_it = _BEGINS_AT_ZERO.search(tensor.name) or _BUFFER.search(tensor.name)
    return "weights_constant" if is_matrix and found.is_constant and not names_it else None


_SAID = {
    "weights_not_finite": "there is NaN or infinity",
    "weights_absurd": f"there are values over {MAX_LARGEST_HALF:g}",
    "weights_constant": "there is one value throughout",
}
_READERS: dict[Kind, Callable[[Path], Sequence[Tensor]]] = {
    Kind.SAFETENSORS: open_tensors,
    Kind.TORCH_ZIP: lambda path: read_torch_file(path).tensors,
    Kind.TORCH_LEGACY: lambda path: read_torch_file(path).tensors,
    Kind.NPY: read_numpy,
    Kind.NPZ: read_numpy,
    Kind.LLAMA2C: lambda path: read_llama2c(path)[1],
}
