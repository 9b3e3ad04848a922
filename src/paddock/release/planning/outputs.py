"""Which forms of the weights a release has, where each lies, and what it is made from. Pure.

The first safetensors output is the release's own folder, every other one a folder named by its id;
GGUF files lie beside the first, unless two would have the same name. Without outputs the release
has one, safetensors as the source's. What the converters cannot do is refused here, before a plan
promises it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paddock.checkpoint.convert.options import DTYPES, GGUF, SAFETENSORS, ConvertOptions
from paddock.checkpoint.gguf.recipes import RECIPES
from paddock.errors import shown
from paddock.release.errors import BadReleaseFile, NotSupportedYet
from paddock.release.spec.artifacts import Artifacts, Output

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHORT_DTYPES = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}
_RESERVED = frozenset({"documents", "attestations", "gate", "tuf"})


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """One form of the weights."""

    id: str
    format: str  # safetensors, gguf
    folder: str  # of the release; empty: the release's own
    dtype: str | None = None  # float32, bfloat16, float16; None: as the source's
    quant: str | None = None  # a recipe of paddock.checkpoint.gguf.recipes
    shard_bytes: int | None = None
    parent: str | None = None  # the output that it is made from; None: the source
    max_kl: float | None = None  # nats a token

    @property
    def is_lossy(self) -> bool:
        """Whether its numbers may differ from those that it is made from."""
        return self.dtype is not None or self.quant is not None

    @property
    def keeps_files(self) -> bool:
        """Whether a source of safetensors is released byte for byte."""
        return self.format == SAFETENSORS and self.dtype is None and self.shard_bytes is None

    def options(self, name: str) -> ConvertOptions:
        """What the converter is asked for; ``name`` is the model's."""
        return ConvertOptions(
            targets=(self.format,),
            quants=(self.quant,) if self.quant else (),
            dtype=self.dtype,
            shard_bytes=self.shard_bytes,
            name=name,
            legal=False,  # copied as they are
        )


def planned_outputs(artifacts: Artifacts) -> tuple[PlannedOutput, ...]:
    """The outputs, parents before children; raises BadReleaseFile, NotSupportedYet."""
    wanted = artifacts.outputs or (Output(),)
    ids = list(_ids(wanted))
    planned: list[PlannedOutput] = []
    taken: set[tuple[str, str | None]] = set()
    for id_, output in zip(ids, wanted, strict=True):
        where = f"artifacts.outputs[{id_}]"
        if output.imatrix is not None:
            raise NotSupportedYet(
                f"{where}.imatrix: the quantisers of this version weigh all numbers alike",
                hint="leave imatrix out",
            )
        parent = _parent(where, output, [each.id for each in planned], ids)
        quant, dtype = _quant(where, output), _dtype(where, output)
        folder = id_ if _is_crowded(output.format, quant, taken) else ""
        taken.add((output.format, quant))
        planned.append(
            PlannedOutput(
                id_, output.format, folder, dtype, quant,
                output.shard_bytes, parent, output.max_kl,
            )
        )  # fmt: skip
    return tuple(planned)


def rewrites_weights(outputs: Sequence[PlannedOutput]) -> bool:
    """Whether no output keeps the files of a source that is safetensors already."""
    return not any(each.keeps_files and not each.folder for each in outputs)


def _ids(outputs: Sequence[Output]) -> Iterator[str]:
    seen = {output.id for output in outputs if output.id}
    for output in outputs:
        if output.id is not None:
            if not _ID.fullmatch(output.id) or output.id in _RESERVED:
                raise BadReleaseFile(
                    f"artifacts.outputs: the id {shown(output.id)} cannot name a folder",
                    hint="use letters, digits, dots, hyphens; such as bf16 or q4",
                )
            yield output.id
            continue
        base = (output.quant or output.dtype or output.format).lower()
        made = next(
            name for n in range(1, 10_002)
            if (name := base if n == 1 else f"{base}-{n}") not in seen
        )  # fmt: skip
        seen.add(made)
        yield made


def _is_crowded(format_: str, quant: str | None, taken: set[tuple[str, str | None]]) -> bool:
    """Whether its files could have names that are taken; what a GGUF file is, is in its name."""
    if format_ == SAFETENSORS:
        return (format_, None) in taken
    quants = {other for kind, other in taken if kind == format_}
    return quant in quants or (bool(quants) and (quant is None or None in quants))


def _parent(where: str, output: Output, before: list[str], ids: list[str]) -> str | None:
    if output.from_ is None or output.from_ in before:
        return output.from_
    if output.from_ in ids:
        raise BadReleaseFile(
            f"{where}.from: {shown(output.from_)} comes later", hint="put it before this output"
        )
    raise BadReleaseFile(
        f"{where}.from: there is no output {shown(output.from_)}",
        hint=f"outputs: {', '.join(ids)}",
    )


def _quant(where: str, output: Output) -> str | None:
    if output.quant is None:
        return None
    if output.format != GGUF:
        raise BadReleaseFile(
            f"{where}.quant: only GGUF is quantised, not {output.format}", hint="format: gguf"
        )
    quant = output.quant.lower()
    if quant not in RECIPES:
        raise BadReleaseFile(
            f"{where}.quant: {shown(output.quant)} is unknown", hint=f"use {', '.join(RECIPES)}"
        )
    return quant


def _dtype(where: str, output: Output) -> str | None:
    if output.dtype is None:
        return None
    if output.format != SAFETENSORS:
        raise BadReleaseFile(
            f"{where}.dtype: is for safetensors", hint="for GGUF, quant: f32, f16 or bf16"
        )
    lower = output.dtype.lower()
    dtype = _SHORT_DTYPES.get(lower, lower)
    if dtype not in DTYPES:
        raise BadReleaseFile(
            f"{where}.dtype: {shown(output.dtype)} is unknown", hint=f"use {', '.join(DTYPES)}"
        )
    return dtype
