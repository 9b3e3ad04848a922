"""From the source to the checkpoint that may leave: derived where asked for, without what stays.

Both are steps, each a folder of its own, and neither is done when release.yaml asks for nothing.
The escrow secret decides commitments, so a step's key depends on it, through a salt that tells
nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from paddock.digest import sha256_hex
from paddock.release.building.deriving_steps import Deriving, derive_all
from paddock.release.building.inputs import BuildInputs
from paddock.release.building.stage import Stage, made_stage, source_stage
from paddock.release.building.steps import Made, Steps, step_key
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import opened_folder
from paddock.release.planning.outputs import PlannedOutput
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.apply import withhold
from paddock.release.withholding.secret import own_secret, secret_path
from paddock.release.withholding.withheld import Withheld

_VERSION = 1
_CHECKPOINT = "checkpoint"
_WITHHELD = TypeAdapter(Withheld)


class Opened(NamedTuple):
    """The checkpoint that may leave, and what of it does not."""

    stage: Stage
    source: Stage  # what was withheld from: the source, or what was derived
    withheld: Withheld
    derived: Deriving


def open_version(inputs: BuildInputs, outputs: tuple[PlannedOutput, ...], steps: Steps) -> Opened:
    """The stage that all outputs are made from; raises what deriving and withholding raise."""
    spec = inputs.plan.spec
    source = source_stage(inputs.plan)
    derived = derive_all(inputs, source, outputs, steps)
    if not withholds(spec):
        return Opened(derived.stage, derived.stage, Withheld(), derived)
    return _withheld(inputs, outputs, derived, steps)


def withholds(spec: ReleaseSpec) -> bool:
    """Whether release.yaml keeps anything back."""
    return any(part.access == "withheld" or part.withhold for part in spec.components)


def _withheld(
    inputs: BuildInputs, outputs: tuple[PlannedOutput, ...], derived: Deriving, steps: Steps
) -> Opened:
    spec, source = inputs.plan.spec, derived.stage
    secret = own_secret(secret_path(spec, inputs.base, inputs.config_home))
    key = step_key(
        _VERSION,
        stage=source.key,
        components=[part.model_dump(mode="json") for part in spec.components],
        name=[inputs.name, inputs.version],
        secret=sha256_hex(secret.salt(b"paddock/step-key")),
        texts=_texts_key(inputs),
    )

    def make(folder: Path) -> Made:
        inputs.progress("taking out what is withheld")
        told = withhold(
            source.folder, folder / _CHECKPOINT, spec, secret,
            texts_folder=inputs.base, shares_files=True,
        )  # fmt: skip
        return Made({}, _WITHHELD.dump_python(told, mode="json"))

    made = steps.run("withhold", key, make)
    told = _WITHHELD.validate_python(made.result)
    return Opened(made_stage(made, _CHECKPOINT, inputs.plan, outputs), source, told, derived)


def _texts_key(inputs: BuildInputs) -> str:
    """The state of the texts that replacements learn on."""
    patterns = [
        pattern
        for part in inputs.plan.spec.components
        for rule in part.withhold
        for pattern in rule.texts
    ]
    if not patterns:
        return ""
    with opened_folder(inputs.base) as base_fd:
        files = list_folder(base_fd).files
    states = {
        path: [str(state.size_bytes), str(state.inode), str(state.changed_ns)]
        for pattern in patterns
        for path in matching(pattern, sorted(files))
        if (state := files.get(path)) is not None
    }
    return step_key(1, states=states)
