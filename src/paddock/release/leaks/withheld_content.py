"""What is withheld, read from the source once and kept as samples, hashes and fingerprints.

Memory is bounded whatever is withheld. A withheld file that holds tensors counts as these tensors,
too. What is too little to tell from anything else is named, not looked for.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.opening import LAYOUTS, locate, read_layout, read_model
from paddock.checkpoint.scan.kinds import TEXTS
from paddock.checkpoint.tensors import Tensor
from paddock.release.leaks.chunks import ChunkIndex
from paddock.release.leaks.contents import own_parts
from paddock.release.leaks.matrices import matrices, matrices_in
from paddock.release.leaks.numbers import Floats, is_readable
from paddock.release.leaks.permuted import SAMPLE
from paddock.release.leaks.phrases import PhraseIndex, normalised
from paddock.release.leaks.released import ReleasedTensor, as_released
from paddock.release.leaks.runs import RunIndex, signs_by_column
from paddock.release.leaks.targets import Origin, Target, is_fingerprint, make_target
from paddock.release.leaks.tensors_in import READ, held_by
from paddock.release.withholding.data_fields import (
    FIELD_READERS,
    Lost,
    Wanted,
    suffix_of,
    without_fields,
)
from paddock.release.withholding.open_tensors import withheld_bytes
from paddock.release.withholding.withheld import Withheld, WithheldField, WithheldTensor

ALL_PROBES: Final = 4096  # rows and columns of everything withheld
LEAST_PROBES, MOST_PROBES = 6, 32
ORDERS_BYTES: Final = 256 << 20  # for the search through orders of rows and columns
LEAST_SAMPLE: Final = 96
SHORT_BYTES: Final = 4096  # a text that is compared as a whole, too
MAX_VALUES_BYTES: Final = 512 << 20  # of one field
MAX_VALUE_BYTES: Final = 1 << 20  # of a field's value that are compared


class Owner(NamedTuple):
    """Whose content an entry of an index is."""

    item: str
    name: str
    kind: str  # tensor, file, field


@dataclass(slots=True)
class WithheldContent:
    """Samples of all withheld tensors, and fingerprints of all withheld bytes."""

    owners: list[Owner] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    runs: RunIndex = field(default_factory=lambda: RunIndex(0))
    bytes: ChunkIndex = field(default_factory=ChunkIndex)
    texts: ChunkIndex = field(default_factory=ChunkIndex)
    phrases: PhraseIndex = field(default_factory=PhraseIndex)
    untold: list[str] = field(default_factory=list)  # too little to be recognised
    unread: list[str] = field(default_factory=list)  # withheld, and not to be read by us

    def own(self, item: str, name: str, kind: str) -> int:
        """The number of a new owner."""
        self.owners.append(Owner(item, name, kind))
        return len(self.owners) - 1


class _Wanted(NamedTuple):
    item: str
    name: str
    tensor: ReleasedTensor
    parent: Tensor | None


class _Values(Lost):
    """Keeps a field's values where withholding counts them."""

    __slots__ = ("left", "values")

    def __init__(self) -> None:
        super().__init__()
        self.values: list[bytes] = []
        self.left = MAX_VALUES_BYTES

    def note(self, value: object) -> None:
        self.rows += 1
        for text in _texts_in(value):
            value_bytes = text.encode("utf-8", "surrogatepass")[:MAX_VALUE_BYTES]
            self.left -= len(value_bytes) + 64
            if self.left > 0:
                self.values.append(value_bytes)


def read_withheld(
    source: Path, withheld: Withheld, parents: Iterable[Path] = ()
) -> WithheldContent:
    """Everything that is withheld of ``source``; raises BadCheckpoint and OSError."""
    content = WithheldContent()
    public = _public_tensors(parents)
    with tempfile.TemporaryDirectory(prefix="paddock-leaks-") as folder:
        wanted = [*_of_tensors(source, withheld, public)]
        for file in withheld.files:
            wanted += _of_file(content, source, file.item, file.path, Path(folder))
        _sample(content, wanted)
    for each in withheld.fields:
        _of_field(content, source, each)
    return content


def _of_tensors(
    source: Path, withheld: Withheld, public: Mapping[str, Tensor]
) -> Iterator[_Wanted]:
    tensors = tensors_of(source) if withheld.tensors else {}
    for each in withheld.tensors:
        tensor = tensors.get(each.name)
        if tensor is None:
            raise BadCheckpoint("withheld", f"the source has no tensor {each.name!r:.200}")
        parent = public.get(each.name)
        if parent is not None and parent.shape != tensor.shape:
            parent = None
        if each.rows is not None and parent is not None:
            parent = _rows_of(parent, each)
        chosen = as_released(tensor if each.rows is None else _rows_of(tensor, each))
        yield _Wanted(each.item, each.name, chosen, parent)


def tensors_of(source: Path) -> dict[str, Tensor]:
    """The source's tensors by Hugging Face's names."""
    location = locate(source)
    found = read_layout(location) if location.format in LAYOUTS else read_model(location)[1]
    return {tensor.name: tensor for tensor in found}


def _rows_of(tensor: Tensor, about: WithheldTensor) -> Tensor:
    rows = about.rows or ()
    shape = (len(rows), *tensor.shape[1:])
    return Tensor(tensor.name, tensor.dtype, shape, lambda: withheld_bytes(tensor, rows))


def _public_tensors(parents: Iterable[Path]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for parent in parents:
        found |= tensors_of(parent)
    return found


def _of_file(
    content: WithheldContent, source: Path, item: str, path: str, folder: Path
) -> Iterator[_Wanted]:
    """A file's bytes, its text, and the tensors in it."""
    owner = content.own(item, path, "file")
    for look in own_parts(path, source / path, folder):
        content.bytes.add(owner, look.pieces(), look.size_bytes)
        if look.kind in TEXTS:
            plain = (normalised(piece) for piece in look.pieces())
            content.texts.add(owner, plain, look.size_bytes)
            if look.size_bytes <= SHORT_BYTES:
                content.phrases.add(owner, (look.read(0, SHORT_BYTES),))
        if look.kind in READ and look.depth == 0:
            for tensor in held_by(look).tensors:
                yield _Wanted(item, f"{path}: {tensor.name}", tensor, None)
    known = content.bytes.count_of.get(owner, 0) + content.texts.count_of.get(owner, 0)
    if not known and not content.phrases.count:
        content.untold.append(path)


def _sample(content: WithheldContent, wanted: list[_Wanted]) -> None:
    """One pass over every withheld tensor."""
    content.runs = RunIndex.for_elements(sum(each.tensor.elements for each in wanted))
    count = sum(matrices_in(each.tensor.shape) for each in wanted) or 1
    probes = min(max(ALL_PROBES // (2 * count), LEAST_PROBES), MOST_PROBES)
    # Two views of a square of numbers each, and the squares of the rows and columns that judge.
    sample = min(max(math.isqrt(ORDERS_BYTES // (16 * count)), LEAST_SAMPLE), SAMPLE)
    for each in wanted:
        owner = content.own(each.item, each.name, "tensor")
        tensor = each.tensor
        if not is_readable(tensor.dtype):
            content.unread.append(f"{each.name} ({tensor.dtype})")
            continue
        parent = None if each.parent is None else matrices(as_released(each.parent))
        told = False
        for matrix in matrices(tensor):
            public = next(parent).values() if parent is not None else None
            values = matrix.values()
            if not is_fingerprint(values):
                continue
            told = True
            _add_runs(content.runs, owner, values, public)
            part = f"{each.name} {matrix.part}".strip()
            origin = Origin(each.item, part, probes, sample)
            content.targets.append(make_target(origin, values, public))
        if told:
            _add_bytes(content.bytes, owner, tensor, each.parent)
        else:
            content.untold.append(each.name)


def _add_runs(runs: RunIndex, owner: int, values: Floats, parent: Floats | None) -> None:
    runs.add(owner, values.reshape(-1), None if parent is None else parent.reshape(-1))
    if len(values) > 1:
        theirs = None if parent is None else signs_by_column(parent)
        runs.add(owner, signs_by_column(values), theirs)


def _add_bytes(
    index: ChunkIndex, owner: int, tensor: ReleasedTensor, parent: Tensor | None
) -> None:
    """The bytes as the source stores them; where a parent is public, most of them may be its."""
    if parent is None:
        index.add(owner, (bytes(piece) for piece in tensor.pieces()), tensor.size_bytes)


def _of_field(content: WithheldContent, source: Path, wanted: WithheldField) -> None:
    name = f"{wanted.path}#{wanted.field}"
    if suffix_of(wanted.path) not in FIELD_READERS:
        content.unread.append(name)
        return
    values = _Values()
    without_fields(source / wanted.path, _nowhere, [Wanted(wanted.field, "drop", values)])
    if values.left <= 0:
        content.unread.append(f"{name}, of which only {MAX_VALUES_BYTES} bytes are compared")
    owner = content.own(wanted.item, name, "field")
    before = content.phrases.passed_over
    content.phrases.add(owner, values.values)
    if content.phrases.passed_over > before:
        count = content.phrases.passed_over - before
        content.untold.append(f"{count} values of {name}, short or shared by many rows")
    for value in values.values:
        text = normalised(value)
        if len(text) >= 256:
            content.texts.add(owner, (text,), len(text))


def _nowhere(_: bytes) -> None:
    """What is left of a data file is in the release already."""


def _texts_in(value: object) -> Iterator[str]:
    """All texts and numbers in a value of JSON."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
