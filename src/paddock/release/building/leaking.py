"""The leak check over a finished candidate, as a step: once while neither side changes."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from paddock.release.building.checkpoint_steps import Opened
from paddock.release.building.contents import Candidate
from paddock.release.building.inputs import BuildInputs
from paddock.release.building.steps import Made, step_key
from paddock.release.building.work_folder import Work
from paddock.release.evidence import Check
from paddock.release.leaks.check import check_leaks
from paddock.release.leaks.report import LeakReport
from paddock.release.spec.publish import FolderDestination

_VERSION = 1
_REPORT = TypeAdapter(LeakReport)


def leak_checks(
    inputs: BuildInputs, opened: Opened, candidate: Candidate, work: Work
) -> tuple[Check, ...]:
    """Whether anything that is withheld is in the candidate, or in a revision published before."""
    if not opened.withheld:
        return ()
    older = _older(inputs)
    key = step_key(
        _VERSION,
        files={path: found.sha256 for path, found in candidate.digests.items()},
        source=opened.source.key,
        withheld=[item.commitment for item in opened.withheld.items],
        older=[[str(folder), str(folder.stat().st_ctime_ns)] for folder in older],
    )

    def make(_folder: Path) -> Made:
        inputs.progress("looking for what is withheld")
        report = check_leaks(candidate.folder, opened.source.folder, opened.withheld, older)
        return Made({}, _REPORT.dump_python(report, mode="json"))

    return _REPORT.validate_python(work.steps.run("leaks", key, make).result).checks


def _older(inputs: BuildInputs) -> list[Path]:
    """Folders that hold an earlier publication of this release."""
    places = [there for there in inputs.plan.spec.publish if isinstance(there, FolderDestination)]
    folders = [inputs.base / there.path for there in places]
    return [folder for folder in folders if folder.is_dir()]
