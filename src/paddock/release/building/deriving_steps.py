"""The checkpoint that a release derives, one recorded step after the other, and their provenance.

What goes into a step is its key: the stage before it, what release.yaml says of it, and the digests
of everything else that it reads. Each step leaves a statement of which files came out of what. What
went in may be closed, so it is named by one digest over all of it: that of a small file alone would
let anybody test a guess at its content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from paddock.release.building.inputs import BuildInputs
from paddock.release.building.stage import Stage, made_stage
from paddock.release.building.steps import Made, Steps, step_key
from paddock.release.deriving.derive import Derived, derive, materials
from paddock.release.documents.attestations import (
    Provenance,
    Resource,
    Subject,
    render_provenance,
)
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Fact
from paddock.release.files.folder import list_folder
from paddock.release.files.formats import role_of
from paddock.release.files.reading import digest_beneath, opened_folder
from paddock.release.files.weights_digest import weights_digest
from paddock.release.planning.outputs import PlannedOutput
from paddock.release.spec.artifacts import DeriveStep

_VERSION = 1
_CHECKPOINT = "checkpoint"
_DERIVED = TypeAdapter(Derived)


class Deriving(NamedTuple):
    """The checkpoint after all steps, and what is known of them."""

    stage: Stage
    facts: tuple[Fact, ...] = ()
    checks: tuple[Check, ...] = ()
    attestations: Mapping[str, bytes] = {}

    @property
    def provenances(self) -> tuple[Mapping[str, Any], ...]:
        """The statements as values, for the documents."""
        return tuple(json.loads(raw) for raw in self.attestations.values())


def derive_all(
    inputs: BuildInputs, source: Stage, outputs: tuple[PlannedOutput, ...], steps: Steps
) -> Deriving:
    """Every step of ``artifacts.derive``; the source itself when there is none."""
    done = Deriving(source)
    for number, step in enumerate(inputs.plan.spec.artifacts.derive, 1):
        done = _one(inputs, done, number, step, outputs, steps)
    return done


def _one(
    inputs: BuildInputs,
    before: Deriving,
    number: int,
    step: DeriveStep,
    outputs: tuple[PlannedOutput, ...],
    steps: Steps,
) -> Deriving:
    said = step.model_dump(mode="json", exclude_none=True)
    key = step_key(
        _VERSION, stage=before.stage.key, step=json.dumps(said, sort_keys=True),
        materials=materials(step, inputs.base),
    )  # fmt: skip

    def make(folder: Path) -> Made:
        inputs.progress(f"deriving: {step.do.replace('_', ' ')}")
        told = derive(step, before.stage.folder, folder / _CHECKPOINT, inputs.base)
        return Made({}, _DERIVED.dump_python(told, mode="json"))

    made = steps.run(f"derive-{number}", key, make)
    told = _DERIVED.validate_python(made.result)
    stage = made_stage(made, _CHECKPOINT, inputs.plan, outputs)
    statement = _statement(step.do, said, _read_by(before.stage), told, stage)
    return Deriving(
        stage,
        (*before.facts, *(_numbered(fact, number) for fact in told.facts)),
        (*before.checks, _check(number, step, told)),
        {**before.attestations, f"attestations/provenance-derive-{number}.json": statement},
    )


def _statement(
    kind: str, said: dict[str, Any], read: Mapping[str, str], told: Derived, stage: Stage
) -> bytes:
    made = Provenance(
        step=kind,
        parameters={name: value for name, value in said.items() if name != "do"},
        inputs=[
            Resource("checkpoint", weights_digest(read)),
            *([Resource("materials", weights_digest(told.materials))] if told.materials else []),
        ],
        internal={fact.key: fact.value for fact in told.facts},
    )
    subjects = [Subject(path, sha) for path, sha in sorted((stage.digests or {}).items())]
    return render_provenance(subjects, made)


def _read_by(stage: Stage) -> Mapping[str, str]:
    """The files that make up a stage's checkpoint, with their digests."""
    if stage.digests is not None:
        return stage.digests
    made_of = {"weights", "config", "tokenizer"}
    with opened_folder(stage.folder) as folder_fd:
        paths = [
            path
            for path in sorted(list_folder(folder_fd).files)
            if path in stage.model.consumed or (path in stage.copied and role_of(path) in made_of)
        ]
        return {path: digest_beneath(folder_fd, path).sha256 for path in paths}


def _numbered(fact: Fact, number: int) -> Fact:
    """The same kind of step may be done twice: its facts are told apart."""
    key = fact.key.replace("derive.", f"derive.{number}.", 1)
    return Fact(f"{fact.name} (step {number})", fact.value, fact.source, key, fact.by)


def _check(number: int, step: DeriveStep, told: Derived) -> Check:
    shown = tuple(Evidence(fact.name, quote=fact.text) for fact in told.facts)
    sentence = f"step {number}, {step.do.replace('_', ' ')}, gave a checkpoint that opens"
    return Check(f"integrity.derive:{number}", "integrity", "met", sentence, shown)
