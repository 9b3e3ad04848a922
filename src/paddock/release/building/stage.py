"""The checkpoint that a release's outputs are made from: the source, or what earlier steps made.

A stage has a key for the steps after it. The source's files are known by size, inode and time of
change, as git knows a working tree: reading 16 GB only to learn that nothing changed would cost as
much as the work that it spares. What a step of ours made is known by its digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from paddock.release.building.steps import Finished, step_key
from paddock.release.files.folder import list_folder
from paddock.release.files.formats import role_of
from paddock.release.files.reading import opened_folder
from paddock.release.planning.about import WRITTEN_BY_US
from paddock.release.planning.adapter_source import ADAPTER
from paddock.release.planning.outputs import PlannedOutput
from paddock.release.planning.plan import Plan
from paddock.release.planning.source import Model
from paddock.release.planning.survey import find_model


@dataclass(frozen=True, slots=True)
class Stage:
    """A checkpoint on disk, and which of its files are released as they are."""

    folder: Path
    key: str
    model: Model
    copied: tuple[str, ...]  # paths below the folder
    digests: Mapping[str, str] | None = None  # SHA-256 by path, where they are known already

    @property
    def is_safetensors(self) -> bool:
        """Whether its weights may be released byte for byte."""
        return self.model.format in {"huggingface", ADAPTER}

    @property
    def licence_file(self) -> str | None:
        """The text of its licence."""
        return next((path for path in self.copied if role_of(path) == "license"), None)


def source_stage(plan: Plan) -> Stage:
    """The source as it is."""
    folder = Path(plan.source)
    copied = tuple(file.path for file in plan.copied)
    return Stage(folder, _state_key(folder, {*copied, *plan.model.consumed}), plan.model, copied)


def made_stage(made: Finished, inner: str, plan: Plan, outputs: tuple[PlannedOutput, ...]) -> Stage:
    """The folder ``inner`` that a step of the build made."""
    folder = made.folder / inner
    with opened_folder(folder) as folder_fd:
        listing = list_folder(folder_fd)
    model = find_model(folder, listing, outputs, plan.spec.metadata.name)
    stays = {left.path for left in plan.left_out if left.path not in plan.model.consumed}
    stays |= {*WRITTEN_BY_US, *model.consumed}
    copied = tuple(path for path in sorted(listing.files) if path not in stays)
    prefix = f"{inner}/"
    digests = {
        path.removeprefix(prefix): found.sha256
        for path, found in made.files.items()
        if path.startswith(prefix)
    }
    return Stage(folder, made.root, model, copied, digests)


def _state_key(folder: Path, paths: Iterable[str]) -> str:
    """A key that is another one after anybody wrote to a file, or put another in its place."""
    with opened_folder(folder) as folder_fd:
        files = list_folder(folder_fd).files
    states = {
        path: [str(n) for n in (state.size_bytes, state.inode, state.changed_ns)]
        for path in sorted(paths)
        if (state := files.get(path)) is not None
    }
    return step_key(1, folder=str(folder.resolve()), states=states)
