"""``paddock convert``: plan everything, check the room for it, then write it in one pass.

The destination appears whole or not at all, and the digests of everything that was read and written
come back. Knows the order of the steps; each is in a file of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.convert.disk_space import check_space
from paddock.checkpoint.convert.memory import resident_bytes, stream_room
from paddock.checkpoint.convert.options import ConvertOptions, check_options, is_one_file
from paddock.checkpoint.convert.plan import Plan, joined
from paddock.checkpoint.convert.planning import below, plan_files
from paddock.checkpoint.convert.small_files import write_small
from paddock.checkpoint.convert.streaming import Progress, in_source_order, stream
from paddock.checkpoint.errors import disk_failures_in_words
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.output_folder import new_file, new_folder
from paddock.digest import Digests


class WrittenFile(NamedTuple):
    """A file of the destination, or of the source, and what its bytes hash to."""

    name: str
    digests: Digests


class Target(NamedTuple):
    """One of several things to make of a source, and the folder of the destination it goes to."""

    folder: str  # empty: the destination itself
    options: ConvertOptions


class Conversion(NamedTuple):
    """What was written, what was read, how often, and what somebody should know."""

    files: tuple[WrittenFile, ...]
    sources: tuple[WrittenFile, ...]
    reads: int
    notes: tuple[str, ...]


def plan_conversion(source: Path, destination: Path, options: ConvertOptions | None = None) -> Plan:
    """Everything that converting would write, to the byte; nothing is written."""
    options = options or ConvertOptions()
    check_options(options, destination)
    with disk_failures_in_words():
        checkpoint = open_checkpoint(source)
        tensors = in_source_order(checkpoint.tensors)
        return Plan(tensors, plan_files(source, checkpoint, tensors, destination, options))


def convert_checkpoint(
    source: Path,
    destination: Path,
    options: ConvertOptions | None = None,
    progress: Progress | None = None,
) -> Conversion:
    """Write ``source`` as every wanted target; ``destination`` appears whole or not at all."""
    return convert_all(source, destination, [Target("", options or ConvertOptions())], progress)


def convert_all(
    source: Path,
    destination: Path,
    targets: Sequence[Target],
    progress: Progress | None = None,
) -> Conversion:
    """Several targets, each with options of its own, in the one pass; no two of the same name."""
    began_with = resident_bytes()
    plans = [plan_conversion(source, destination, target.options) for target in targets]
    parts = [
        below(target.folder, plan.files) if target.folder else plan.files
        for target, plan in zip(targets, plans, strict=True)
    ]
    plan = Plan(plans[0].tensors, joined(parts))
    held = max(0, resident_bytes() - began_with)
    memory_bytes = min(target.options.memory_bytes for target in targets)
    room = stream_room(memory_bytes, held, plan.files.weights)
    new = new_file if is_one_file(destination) else new_folder
    with disk_failures_in_words(), new(destination) as folder:
        check_space(destination, plan.size_bytes)
        small = [WrittenFile(f.name, write_small(folder, f)) for f in plan.files.small]
        streamed = stream(plan.tensors, plan.files.weights, folder, room, progress or _silent)
    weights = [WrittenFile(name, digests) for name, digests in streamed.files.items()]
    sources = [WrittenFile(path.name, digests) for path, digests in streamed.sources.items()]
    return Conversion(
        tuple(sorted([*weights, *small])), tuple(sources), streamed.reads, plan.files.notes
    )


def _silent(done_bytes: int, total_bytes: int) -> None:
    pass
