"""The leak check over everything that will leave, documents too, as a step.

What is said of this release goes into it. What is said of releases published before does not, or
the same release would have other bytes once it is published: only a leak there is told, and stops
it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from paddock.release.building.candidate import Content
from paddock.release.building.earlier import look_at_earlier
from paddock.release.building.inputs import BuildInputs
from paddock.release.building.provenance import leak_result
from paddock.release.building.steps import Made, Steps, step_key
from paddock.release.evidence import Check
from paddock.release.files.manifest import MANIFEST_NAME
from paddock.release.leaks.check import check_leaks
from paddock.release.leaks.report import PREFIX, LeakReport
from paddock.release.spec.publish import FolderDestination

_VERSION = 2
BYTES_PER_SECOND: Final = 200_000_000  # of tensors; what the benchmark measured, and less
WORTH_A_WORD_SECONDS: Final = 10
_REPORT = TypeAdapter(LeakReport)


class Leaks(NamedTuple):
    """Conditions, and the statement that goes into the release."""

    checks: tuple[Check, ...] = ()
    attestations: Mapping[str, bytes] = MappingProxyType({})


def leaks_in(inputs: BuildInputs, content: Content, steps: Steps) -> Leaks:
    """Whether anything that is withheld is in the candidate, or was published before."""
    if not content.withheld:
        return Leaks()
    candidate = content.candidate
    files = {path: found.sha256 for path, found in candidate.digests.items()}
    report = _report("leaks", candidate.folder, {"files": files}, inputs, content, steps)
    checks = list(report.checks)
    for number, folder in enumerate(_older(inputs), 1):
        state = {"folder": str(folder), "changed": str(folder.stat().st_ctime_ns)}
        older = _report(f"leaks-before-{number}", folder, state, inputs, content, steps)
        checks += [_of_before(check, number) for check in older.checks if check.blocks]
    checks += look_at_earlier(
        inputs,
        content,
        lambda name, bring, state: _report(name, bring, state, inputs, content, steps),
    )
    return Leaks(tuple(checks), leak_result(report, files))


def _report(
    name: str, where: Path | Callable[[], Path], state: Mapping[str, Any], inputs: BuildInputs,
    content: Content, steps: Steps,
) -> LeakReport:  # fmt: skip
    parents = _parents(inputs)
    key = step_key(
        _VERSION,
        state=state,
        source=content.source.key,
        withheld=[item.commitment for item in content.withheld.items],
        parents=[str(parent) for parent in parents],
    )

    def make(_folder: Path) -> Made:
        folder = where if isinstance(where, Path) else where()
        inputs.progress(f"looking for what is withheld in {folder.name}{_lasting(folder)}")
        found = check_leaks(folder, content.source.folder, content.withheld, parents=parents)
        return Made({}, _REPORT.dump_python(found, mode="json"))

    return _REPORT.validate_python(steps.run(name, key, make).result)


def _lasting(folder: Path) -> str:
    """What the check may take, where it is long enough to be worth a word."""
    size_bytes = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    seconds = size_bytes / BYTES_PER_SECOND
    if seconds < WORTH_A_WORD_SECONDS:
        return ""
    return f": {size_bytes / 1e9:.1f} GB, about {math.ceil(seconds / 60)} minutes on one processor"


def _of_before(check: Check, number: int) -> Check:
    id_ = check.id.replace(PREFIX, f"{PREFIX}.before-{number}", 1)
    return replace(check, id=id_, sentence=f"in a release published before: {check.sentence}")


def _parents(inputs: BuildInputs) -> Sequence[Path]:
    """Copies of the parents, which are public."""
    named = inputs.plan.spec.lineage.base_model
    return [inputs.base / parent.path for parent in named if parent.path is not None]


def _older(inputs: BuildInputs) -> list[Path]:
    """Folders that hold an earlier publication of this release."""
    places = [there for there in inputs.plan.spec.publish if isinstance(there, FolderDestination)]
    folders = [inputs.base / there.path for there in places]
    return [folder for folder in folders if (folder / MANIFEST_NAME).is_file()]
