"""Conditions that the outputs of a release meet or do not: they open, and they run.

Each run of an output is a step: done once while its bytes are the same. What this machine could not
decide is not recorded, so that the next run, or another machine, asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paddock.checkpoint.errors import BadCheckpoint, NotAvailableYet
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.digest import Digests
from paddock.release.building.inputs import BuiltOutput
from paddock.release.building.running import Tried, try_out, try_out_adapter
from paddock.release.building.steps import Made, Steps, step_key
from paddock.release.building.weights import place_of
from paddock.release.evidence import Check, Status
from paddock.release.planning.adapter_source import adapter_model, is_adapter

_RUN_VERSION = 3


@dataclass(frozen=True, slots=True)
class Bench:
    """A candidate that was put together, and where questions about it are answered."""

    folder: Path
    digests: Mapping[str, Digests]
    steps: Steps
    scratch: Path  # for what is kept on disk meanwhile
    base_model: Path | None = None  # what an adapter is run on


def opening_check(output: BuiltOutput, folder: Path) -> Check:
    """Whether the output is a whole checkpoint, by its headers."""
    id_ = f"formats.output:{output.id}"
    if is_adapter(folder / output.planned.folder):
        found_adapter = adapter_model(folder / output.planned.folder)
        if found_adapter.problems:
            return Check(id_, "formats", "unmet", "; ".join(found_adapter.problems))
        return Check(id_, "formats", "met", f"{output.id} opens: {found_adapter.summary}")
    try:
        found = inspect_checkpoint(place_of(output.planned, folder, output.files))
    except (BadCheckpoint, NotAvailableYet, OSError) as e:
        said = e.strerror if isinstance(e, OSError) else e.message
        return Check(id_, "formats", "unmet", f"the output {output.id} does not open: {said}")
    if found.problems:
        return Check(id_, "formats", "unmet", f"{output.id}: {'; '.join(found.problems)}")
    sentence = f"{output.id} opens: {found.parameters:,} parameters, {', '.join(found.dtypes)}"
    return Check(id_, "formats", "met", sentence)


def run_check(output: BuiltOutput, bench: Bench) -> Check:
    """Whether the output writes tokens in paddock's engine, on this machine."""
    key = step_key(_RUN_VERSION, output=output.id, files=model_files(output, bench.digests))
    name = f"run-{output.id}"
    tried: list[Tried] = []

    def make(_folder: Path) -> Made:
        place = place_of(output.planned, bench.folder, output.files)
        tried.append(_tried(output, place, bench))
        if tried[0].outcome == "undecided":
            raise _Undecided
        return Made({}, [tried[0].outcome, tried[0].sentence])

    try:
        outcome, sentence = bench.steps.run(name, key, make).result
    except _Undecided:
        outcome, sentence = tried[0].outcome, tried[0].sentence
    statuses: dict[str, Status] = {"runs": "met", "fails": "unmet", "undecided": "undecided"}
    hint = None
    if outcome == "undecided":
        hint = "build on a machine that can run it, or have a person waive this condition"
    return Check(f"formats.run:{output.id}", "formats", statuses[outcome], sentence, (), hint)


def _tried(output: BuiltOutput, place: Path, bench: Bench) -> Tried:
    if not is_adapter(place):
        return try_out(f"the output {output.id}", place)
    if bench.base_model is None:
        sentence = "the adapter was not run: lineage.base_model names no copy of its model (path)"
        return Tried("undecided", sentence)
    return try_out_adapter("the adapter", bench.base_model, place)


def model_files(output: BuiltOutput, digests: Mapping[str, Digests]) -> dict[str, str]:
    """All that an engine reads of an output: its weights, and the small files beside them."""
    prefix = f"{output.planned.folder}/" if output.planned.folder else ""
    beside = {
        path
        for path in digests
        if path.startswith(prefix) and "/" not in path[len(prefix) :] and path.endswith(".json")
    }
    paths = beside if output.planned.format == "safetensors" else set()
    return {path: digests[path].sha256 for path in sorted({*paths, *output.files})}


class _Undecided(Exception):
    """Nothing to record."""
