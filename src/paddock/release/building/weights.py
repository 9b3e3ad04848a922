"""The outputs of a release: every form of the weights, in as few passes as their parents allow.

All outputs that are made from the source come out of one pass over it. An output that is made from
a lossy one takes a pass over that. Weights that nothing changes are repeated byte for byte, in the
same pass or, where nothing else needs one, by whoever copies the other files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from paddock.checkpoint.convert.convert import Target, convert_all
from paddock.checkpoint.convert.options import GGUF, SAFETENSORS, ConvertOptions
from paddock.checkpoint.gguf.values import Value
from paddock.checkpoint.safetensors.hf_folder import INDEX, SINGLE, weight_files
from paddock.engine.lora_folder import WEIGHTS as ADAPTER_WEIGHTS
from paddock.release.building.stage import Stage
from paddock.release.building.steps import Finished, Made, Steps, step_key
from paddock.release.planning.outputs import PlannedOutput

_VERSION = 1
MEMORY_BYTES = 600_000_000  # beyond what the process holds: a whole build stays below 1 GB


@dataclass(frozen=True, slots=True)
class Wanted:
    """The outputs of a release, and what all their files say."""

    name: str  # of the model
    outputs: tuple[PlannedOutput, ...]
    gguf_keys: Mapping[str, Value]
    shares_files: bool  # a second name of the source's file does, where nothing changes


@dataclass(frozen=True, slots=True)
class Wave:
    """Outputs that come out of one pass over the same checkpoint."""

    parent: PlannedOutput | None  # None: the stage
    outputs: tuple[PlannedOutput, ...]

    @property
    def step(self) -> str:
        return f"weights-from-{self.parent.id}" if self.parent else "weights"


def waves(outputs: Sequence[PlannedOutput], *, is_safetensors: bool) -> list[Wave]:
    """The passes, parents first; without those outputs that are the source's own files."""
    by_id = {output.id: output for output in outputs}
    grouped: dict[str, list[PlannedOutput]] = {}
    for output in outputs:
        parent = by_id.get(output.parent or "")
        while parent is not None and not parent.is_lossy:  # the same numbers: the same result
            parent = by_id.get(parent.parent or "")
        grouped.setdefault(parent.id if parent else "", []).append(output)
    found = [Wave(by_id.get(id_), tuple(group)) for id_, group in grouped.items()]
    alone = [output for output in found[0].outputs if is_safetensors and is_own_form(output)]
    if found[0].parent is None and len(alone) == len(found[0].outputs):
        found = found[1:]
    return found


def is_own_form(output: PlannedOutput) -> bool:
    """Whether it is the source's own files, where these are safetensors."""
    return output.keeps_files and not output.folder


def make_outputs(stage: Stage, wanted: Wanted, steps: Steps) -> list[Finished]:
    """Every pass, done or found done; each folder is laid out as in the release."""
    done: list[Finished] = []
    for wave in waves(wanted.outputs, is_safetensors=stage.is_safetensors):
        source, key = stage.folder, stage.key
        if wave.parent is not None:
            source, key = (
                _made_at(wave.parent, wanted.name, done),
                step_key(1, roots=[d.root for d in done]),
            )
        done.append(_pass(wave, source, key, wanted, steps))
    return done


def _pass(wave: Wave, source: Path, source_key: str, wanted: Wanted, steps: Steps) -> Finished:
    key, of_copies = (
        step_key(
            _VERSION,
            source=source_key,
            name=wanted.name,
            outputs=[_plain(output) for output in wave.outputs],
            keys={key: [int(each.type), str(each.item)] for key, each in wanted.gguf_keys.items()},
            shares_files=shares_files,
        )
        for shares_files in (wanted.shares_files, False)
    )

    def make(folder: Path) -> Made:
        shared = _shareable(wave, source, folder) if wanted.shares_files else ()
        targets = [
            Target(output.folder, _options(output, wanted))
            for output in wave.outputs
            if not (shared and is_own_form(output))
        ]
        converted = convert_all(source, folder, targets)
        read = {file.name: file.digests for file in converted.sources}
        written = {file.name: file.digests for file in converted.files}
        _in_plain_modes(folder)
        for name in shared:
            os.link(source / name, folder / name, follow_symlinks=False)
        digests = written | {name: read[name] for name in shared if name in read}
        return Made(digests, {"sources": {name: found.sha256 for name, found in read.items()}})

    return steps.run(wave.step, key, make, or_key=of_copies)


def _options(output: PlannedOutput, wanted: Wanted) -> ConvertOptions:
    keys = wanted.gguf_keys if output.format == GGUF else {}
    return replace(
        output.options(wanted.name), gguf_keys=keys, legal=False, memory_bytes=MEMORY_BYTES
    )


def _shareable(wave: Wave, source: Path, folder: Path) -> tuple[str, ...]:
    """Names of the source's weights that may get a second name in ``folder``; all or none."""
    if wave.parent is not None or not any(is_own_form(output) for output in wave.outputs):
        return ()
    names = tuple(path.name for path in weight_files(source))
    try:
        for name in names[:1]:
            os.link(source / name, folder / name, follow_symlinks=False)
            (folder / name).unlink()
    except OSError:  # another file system, or not our files
        return ()
    return names


def _made_at(parent: PlannedOutput, name: str, done: Sequence[Finished]) -> Path:
    """Where an output that was just made can be opened: its folder, or its GGUF file."""
    for finished in done:
        paths = owned_files(parent, name, finished.folder, list(finished.files))
        if paths:
            return place_of(parent, finished.folder, paths)
    raise LookupError(f"the output {parent.id} was not made")


def owned_files(
    output: PlannedOutput, name: str, folder: Path, paths: Sequence[str]
) -> tuple[str, ...]:
    """The weights of an output among ``paths`` of a release at ``folder``, in order."""
    prefix = f"{output.folder}/" if output.folder else ""
    inside = [path for path in sorted(paths) if path.startswith(prefix)]
    if output.format == SAFETENSORS:
        if not {prefix + INDEX, prefix + SINGLE} & set(inside):
            return tuple(path for path in inside if path == prefix + ADAPTER_WEIGHTS)
        return tuple(prefix + path.name for path in weight_files(folder / output.folder))
    quant = output.quant.upper() if output.quant else "[A-Z0-9_]+"
    own = re.compile(re.escape(f"{prefix}{name}-") + quant + r"(?:-\d{5}-of-\d{5})?\.gguf")
    return tuple(path for path in inside if own.fullmatch(path))


def place_of(output: PlannedOutput, folder: Path, owned: Sequence[str]) -> Path:
    """What opens an output of the release at ``folder``: a folder, or the first GGUF file."""
    return folder / output.folder if output.format == SAFETENSORS else folder / owned[0]


def _plain(output: PlannedOutput) -> dict[str, Any]:
    return {**asdict(output), "max_kl": None}


def _in_plain_modes(folder: Path) -> None:
    """Files and folders as everybody's, whatever this user's mask is."""
    for path in sorted(folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
