"""The tensors of the open version, each as a stream: kept, renamed, cut, or a stub.

Reads nothing until a tensor is streamed, and of a withheld tensor only the rows that stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from paddock.checkpoint.tensors import Piece, Tensor, read_range
from paddock.release.errors import WithholdingRefused
from paddock.release.withholding.stubs import Drawn, reinitialised, zeros
from paddock.release.withholding.withheld import Withheld, WithheldTensor

Trained = Mapping[str, Tensor]  # replacements that were trained, by the name in the source


def open_version(
    tensors: Iterable[Tensor], withheld: Withheld, deviation: float, trained: Trained
) -> dict[str, Tensor]:
    """What is released, by the name in the source; dropped tensors are not there."""
    rules: dict[str, list[WithheldTensor]] = {}
    for each in withheld.tensors:
        rules.setdefault(each.name, []).append(each)
    names = dict(withheld.renamed)
    found: dict[str, Tensor] = {}
    for tensor in tensors:
        name, about = names.get(tensor.name, tensor.name), rules.get(tensor.name, [])
        if any(each.released_as is None for each in about):
            continue
        if not about:
            found[tensor.name] = tensor.renamed(name)
        elif about[0].rows is None:
            found[tensor.name] = _stub(tensor, name, about[0], deviation, trained)
        else:
            found[tensor.name] = _by_rows(tensor, name, about, deviation, trained)
    return found


def withheld_bytes(tensor: Tensor, rows: Sequence[int] | None) -> Iterator[Piece]:
    """The withheld content of a tensor: all of it, or these rows in order."""
    if rows is None:
        yield from tensor.pieces()
        return
    for row in rows:
        yield from _row(tensor, row)


def _stub(
    tensor: Tensor, name: str, about: WithheldTensor, deviation: float, trained: Trained
) -> Tensor:
    if about.replace == "zero":
        return zeros(name, tensor.dtype, tensor.shape)
    if about.replace == "reinitialise":
        drawn = Drawn(about.seed or 0, deviation)
        return reinitialised(name, tensor.dtype, tensor.shape, drawn)
    return trained[tensor.name].renamed(name)


def _by_rows(
    tensor: Tensor,
    name: str,
    about: Sequence[WithheldTensor],
    deviation: float,
    trained: Trained,
) -> Tensor:
    """A fused tensor, row by row: cut out, replaced, or as it is."""
    rule_of = {row: each for each in about for row in each.rows or ()}
    count, inner = tensor.shape[0], tensor.shape[1:]
    staying = [row for row in range(count) if row not in rule_of or rule_of[row].replace != "drop"]

    def pieces() -> Iterator[Piece]:
        for place, row in enumerate(staying):
            each = rule_of.get(row)
            if each is None:
                yield from _row(tensor, row)
            elif each.replace == "zero":
                yield from zeros(name, tensor.dtype, inner).pieces()
            elif each.replace == "distilled replacement" and tensor.name in trained:
                yield from _row(trained[tensor.name], row)
            else:
                drawn = Drawn(each.seed or 0, deviation)
                yield from reinitialised(name, tensor.dtype, inner, drawn, row=place).pieces()

    shape = (len(staying), *inner)
    return replace(tensor, name=name, shape=shape, pieces=pieces, place=None, is_verbatim=False)


def _row(tensor: Tensor, row: int) -> Iterator[Piece]:
    if tensor.place is None:
        raise WithholdingRefused(f"the rows of {tensor.name} cannot be read one by one")
    row_bytes = tensor.size_bytes // tensor.shape[0]
    start = tensor.place.start + row * row_bytes
    yield from read_range(tensor.place.path, start, start + row_bytes)
