"""Everything of a release but what is written about it: put together, looked at, and tried.

Knows the order up to the documents. Every expensive part is a step; what is cheap is done again
each time. Judges nothing: conditions are gathered for the gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from paddock.release.building.checking import Bench, opening_check, run_check
from paddock.release.building.checkpoint_steps import Opened, open_version
from paddock.release.building.contents import Candidate, copy_step
from paddock.release.building.gguf_keys import origin_keys
from paddock.release.building.inputs import BuildInputs, BuiltOutput
from paddock.release.building.provenance import (
    Origin,
    output_provenances,
    run_result,
    scan_result,
)
from paddock.release.building.quality import quality_of
from paddock.release.building.scanning import scan_files
from paddock.release.building.stage import Stage
from paddock.release.building.steps import Finished, Made, step_key
from paddock.release.building.weights import Wanted, make_outputs, owned_files
from paddock.release.building.work_folder import Work
from paddock.release.documents.attestations import Subject
from paddock.release.evidence import Check
from paddock.release.facts import Fact
from paddock.release.files.formats import HEAD_BYTES, refusal
from paddock.release.files.weights_digest import weights_digest
from paddock.release.licences.inside import inside_checks, read_inside
from paddock.release.planning.outputs import PlannedOutput, planned_outputs
from paddock.release.results.result import Result
from paddock.release.withholding.rendering import WITHHELD_NAME, render_withheld
from paddock.release.withholding.selection import LATER
from paddock.release.withholding.withheld import Withheld

_SCAN_VERSION = 1
_CHECKS = TypeAdapter(tuple[Check, ...])


@dataclass(frozen=True, slots=True)
class Content:
    """A candidate without documents, and what is known of it."""

    candidate: Candidate
    stage: Stage
    source: Stage  # what was withheld from
    outputs: tuple[BuiltOutput, ...]
    withheld: Withheld
    checks: tuple[Check, ...]
    facts: tuple[Fact, ...]
    results: tuple[Result, ...]
    attestations: Mapping[str, bytes]
    provenances: tuple[Mapping[str, Any], ...] = ()  # of a derived checkpoint


def put_together(inputs: BuildInputs, work: Work, *, shares_files: bool) -> Content:
    """The candidate's files and conditions; raises what reading a source raises."""
    spec, steps = inputs.plan.spec, work.steps
    planned = planned_outputs(spec.artifacts)
    opened = open_version(inputs, planned, steps)
    stage = opened.stage
    wanted = Wanted(inputs.name, planned, origin_keys(spec, stage.licence_file), shares_files)
    inputs.progress(f"making {len(planned)} outputs of {inputs.plan.model.summary}")
    made = make_outputs(stage, wanted, steps)
    candidate = Candidate(work.candidate)
    for finished in made:
        candidate.take(finished)
    rest = [path for path in stage.copied if path not in candidate.digests]
    inputs.progress(f"reading {len(rest)} files")
    copied = copy_step(stage, rest, steps, shares_files=shares_files)
    candidate.take(copied)
    candidate.write(_notices(inputs, candidate))
    if opened.withheld:
        told = render_withheld(opened.withheld, inputs.name, inputs.version)
        candidate.write({WITHHELD_NAME: told})
    outputs = tuple(_output(each, inputs.name, candidate) for each in planned)
    scratch = work.folder / "scratch"
    scratch.mkdir(exist_ok=True)
    bench = Bench(candidate.folder, dict(candidate.digests), steps, scratch, _base_model(inputs))
    with ThreadPoolExecutor(1) as beside:  # a process of its own scans: both keep a core busy
        scanning = beside.submit(_scan, inputs, candidate, work)
        inputs.progress("running what was made")
        runs = _runs(outputs, bench)
        quality = quality_of(stage, outputs, spec, bench)
        scan, scanners = scanning.result()
    subjects = [Subject(path, found.sha256) for path, found in sorted(candidate.digests.items())]
    weights = [Subject(p, candidate.digests[p].sha256) for each in outputs for p in each.files]
    return Content(
        candidate=candidate,
        stage=stage,
        source=opened.source,
        outputs=outputs,
        withheld=opened.withheld,
        checks=(
            *(check for check in inputs.plan.checks if not check.id.startswith(LATER)),
            *_arrived(inputs, candidate, outputs),
            *inside_checks(spec, read_inside(candidate.folder, candidate.digests)),
            *scan,
            *runs,
            *quality.checks,
            *opened.derived.checks,
            *opened.withheld.checks,
        ),
        facts=(*quality.facts, *opened.withheld.facts, *opened.derived.facts),
        results=quality.results,
        attestations={
            **opened.derived.attestations,
            **output_provenances(outputs, _origin(opened, made, copied), candidate.digests),
            **scan_result(scan, scanners, subjects),
            **run_result([*runs, *quality.checks], weights),
        },
        provenances=opened.derived.provenances,
    )


def _base_model(inputs: BuildInputs) -> Path | None:
    """The copy of the parent that lies beside the release file."""
    parents = inputs.plan.spec.lineage.base_model
    return next((inputs.base / each.path for each in parents if each.path is not None), None)


def _notices(inputs: BuildInputs, candidate: Candidate) -> dict[str, bytes]:
    """The notices that inherited licences ask for, after what a file of that name says already."""
    found: dict[str, bytes] = {}
    for notice in inputs.plan.judgement.notices:
        before = found.get(notice.path) or candidate.content(notice.path)
        text = notice.text.strip() + "\n"
        found[notice.path] = (before.rstrip() + b"\n\n" if before else b"") + text.encode()
    return found


def _output(planned: PlannedOutput, name: str, candidate: Candidate) -> BuiltOutput:
    owned = owned_files(planned, name, candidate.folder, list(candidate.digests))
    prefix = f"{planned.folder}/" if planned.folder else ""
    sha256 = {path.removeprefix(prefix): candidate.digests[path].sha256 for path in owned}
    return BuiltOutput(planned, owned, weights_digest(sha256))


def _scan(
    inputs: BuildInputs, candidate: Candidate, work: Work
) -> tuple[tuple[Check, ...], Mapping[str, str]]:
    spec = inputs.plan.spec
    key = step_key(
        _SCAN_VERSION,
        files={path: found.sha256 for path, found in candidate.digests.items()},
        inspect=spec.inspect.model_dump(mode="json"),
        forbid=list(spec.artifacts.forbid),
    )

    def make(_folder: Path) -> Made:
        inputs.progress(f"scanning {len(candidate.digests)} files")
        found = scan_files(candidate.folder, list(candidate.digests), spec)
        return Made({}, [_CHECKS.dump_python(found.checks, mode="json"), dict(found.scanners)])

    checks, scanners = work.steps.run("scan", key, make).result
    return _CHECKS.validate_python(checks), scanners


def _runs(outputs: Sequence[BuiltOutput], bench: Bench) -> tuple[Check, ...]:
    """Every output opens, and those that do are run."""
    checks: list[Check] = []
    for output in outputs:
        checks.append(opening_check(output, bench.folder))
        if not checks[-1].blocks:
            checks.append(run_check(output, bench))
    return tuple(checks)


def _arrived(
    inputs: BuildInputs, candidate: Candidate, outputs: Sequence[BuiltOutput]
) -> list[Check]:
    """What was planned is what is there: names and first bytes once more, of the copies."""
    ours = {path for output in outputs for path in output.files}
    allowed = set() if inputs.plan.spec.artifacts.forbid_python else {"python"}
    found = []
    for path in sorted(candidate.digests.keys() - ours):
        with (candidate.folder / path).open("rb") as file:
            why = refusal(path, file.read(HEAD_BYTES))
        if why is not None and why.kind not in allowed:
            found.append(Check(f"formats.arrived:{path}", "formats", "unmet", why.sentence))
    return found


def _origin(opened: Opened, made: Sequence[Finished], copied: Finished) -> Origin:
    """The files that weights were made from, as they were read."""
    if opened.stage.digests is not None:
        return Origin("open version", opened.stage.digests)
    read: dict[str, str] = {}
    for finished in made[:1]:
        read |= finished.result["sources"]
    for path, digests in copied.files.items():
        read.setdefault(path, digests.sha256)
    return Origin("source", read)
