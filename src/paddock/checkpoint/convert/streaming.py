"""One pass over the source's tensors, into every planned file at once.

Reads in this thread, in the order of the source's bytes; renders in a pool; writes and hashes in
threads of each file. Knows nothing of formats: the plan says what goes where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.convert.flow import Flow
from paddock.checkpoint.convert.outputs import Outputs
from paddock.checkpoint.convert.rendering import stretch_bytes
from paddock.checkpoint.convert.source_files import SourceFiles
from paddock.checkpoint.convert.weight_file import WeightFile
from paddock.checkpoint.dtypes import elements_in
from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.tensors import Tensor, heard_by, regrouped
from paddock.digest import Digests

Progress = Callable[[int, int], None]  # bytes of tensors that were read, and that are to be read


class Streamed(NamedTuple):
    """Digests of the written files by name, of the source's by path, and how often it was read."""

    files: dict[str, Digests]
    sources: dict[Path, Digests]
    reads: int


def stream(
    tensors: Sequence[Tensor],
    files: Sequence[WeightFile],
    folder: Path,
    memory_bytes: int,
    progress: Progress,
) -> Streamed:
    """Write ``files`` into ``folder`` from ``tensors``, which are in the order of their bytes."""
    flow = Flow(memory_bytes)
    sources, outputs = SourceFiles(flow), Outputs(flow, folder, files, tensors)
    try:
        with heard_by(sources.hear):
            _read(tensors, sources, outputs, progress)
        originals = {file.name: file.original for file in files if file.original}
        found = sources.digests([tensor.place.path for tensor in tensors if tensor.place])
        written = {name: made or found[originals[name]] for name, made in outputs.digests().items()}
    except BaseException as e:
        flow.fail(e)
        raise
    finally:
        outputs.abandon()
        sources.close()
    return Streamed(written, found, 2 if sources.is_reread else 1)


def in_source_order(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The tensors in the order of their bytes, file after file, where all of them have a place."""
    files: dict[Path, int] = {}
    keyed: list[tuple[int, int, Tensor]] = []
    for tensor in tensors:
        if tensor.place is None:
            return tuple(tensors)
        rank = files.setdefault(tensor.place.path, len(files))
        keyed.append((rank, tensor.place.start, tensor))
    return tuple(tensor for _, _, tensor in sorted(keyed, key=lambda item: item[:2]))


def _read(
    tensors: Sequence[Tensor], sources: SourceFiles, outputs: Outputs, progress: Progress
) -> None:
    wanted = [tensor for tensor in tensors if outputs.wants(tensor)]
    total, done = sum(tensor.size_bytes for tensor in wanted), 0
    for tensor in wanted:
        heard_before, at = sources.heard_bytes, 0
        stretches = regrouped(tensor.pieces(), stretch_bytes(tensor, outputs.head_dim_of(tensor)))
        for raw in stretches:
            outputs.put(tensor, elements_in(tensor.dtype, at), raw)
            at += len(raw)
            progress(done + at, total)
        if at != tensor.size_bytes:
            raise BadCheckpoint("truncated", f"{tensor.name!r} gave {at} bytes, not its size")
        if at and sources.heard_bytes == heard_before:
            sources.is_reread = True  # gathered from here and there: read again for its hash
        outputs.end(tensor)
        done += at
