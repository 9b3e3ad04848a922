"""Attestations about a build: how each output was made, and what the scan and the run found.

Pure: what steps recorded, as in-toto statements. Nothing in them tells the hour or the machine, so
the same build has the same statements wherever it is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.digest import Digests
from paddock.release.building.inputs import BuiltOutput
from paddock.release.documents.attestations import (
    BUILDER,
    Provenance,
    Resource,
    Subject,
    render_provenance,
    render_test_result,
)
from paddock.release.evidence import Check
from paddock.release.files.weights_digest import weights_digest
from paddock.release.leaks.report import LeakReport

FOLDER = "attestations"
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the outputs were made from: the stage's files that were read, by path."""

    name: str
    sha256: Mapping[str, str]


def output_provenances(
    outputs: Sequence[BuiltOutput], origin: Origin, digests: Mapping[str, Digests]
) -> dict[str, bytes]:
    """A statement for every output, by its path in the release."""
    by_id = {output.id: output for output in outputs}
    return {
        f"{FOLDER}/provenance-{output.id}.json": render_provenance(
            [Subject(path, digests[path].sha256) for path in output.files],
            Provenance(
                step=_step(output),
                parameters=_parameters(output),
                inputs=_inputs(by_id.get(output.planned.parent or ""), origin),
                internal={"importance": "none"} if _is_quantised(output) else {},
            ),
        )
        for output in outputs
    }


def scan_result(
    checks: Iterable[Check], scanners: Mapping[str, str], subjects: Sequence[Subject]
) -> dict[str, bytes]:
    """What the scanners found, by condition."""
    uris = {"native": BUILDER}
    configuration = [
        Resource(
            name, uri=uris.get(name, _package(name, version)), annotations={"version": version}
        )
        for name, version in sorted(scanners.items())
    ]
    return {f"{FOLDER}/scan.json": _test_result(checks, subjects, configuration)}


def run_result(checks: Iterable[Check], subjects: Sequence[Subject]) -> dict[str, bytes]:
    """Which outputs open and run, and how close they are to their source."""
    configuration = [Resource("paddock engine", uri=BUILDER)]
    return {f"{FOLDER}/run.json": _test_result(checks, subjects, configuration)}


def leak_result(report: LeakReport, files: Mapping[str, str]) -> dict[str, bytes]:
    """What was compared with what is withheld, how far that reaches, and what was found."""
    annotations = {"compared": report.coverage.to_json(), "limits": list(report.limits)}
    configuration = [Resource("paddock leak check", uri=BUILDER, annotations=annotations)]
    subjects = [Subject(path, sha256) for path, sha256 in sorted(files.items())]
    return {f"{FOLDER}/leak-check.json": _test_result(report.checks, subjects, configuration)}


def _test_result(
    checks: Iterable[Check], subjects: Sequence[Subject], configuration: Sequence[Resource]
) -> bytes:
    by_status: dict[str, list[str]] = {}
    for check in checks:
        by_status.setdefault(check.status, []).append(check.id)
    return render_test_result(
        subjects,
        configuration,
        passed=by_status.get("met", []),
        warned=by_status.get("warned", []),
        failed=[*by_status.get("unmet", []), *by_status.get("undecided", [])],
    )


def _step(output: BuiltOutput) -> str:
    if _is_quantised(output):
        return "quantise"
    return "copy" if output.planned.keeps_files else "convert"


def _is_quantised(output: BuiltOutput) -> bool:
    return output.planned.quant not in {None, "f32", "f16", "bf16"}


def _parameters(output: BuiltOutput) -> dict[str, Any]:
    planned = output.planned
    asked = {
        "format": planned.format,
        "dtype": planned.dtype,
        "quant": planned.quant,
        "shard_size": planned.shard_bytes,
        "from": planned.parent,
    }
    return {key: value for key, value in asked.items() if value is not None}


def _inputs(parent: BuiltOutput | None, origin: Origin) -> list[Resource]:
    """The source's root and its files, or the output that this one was made from."""
    if parent is not None and parent.planned.is_lossy:
        return [Resource(f"output {parent.id}", parent.weights_digest)]
    inputs = [Resource(origin.name, weights_digest(origin.sha256))] if origin.sha256 else []
    return [*inputs, *(Resource(path, sha) for path, sha in sorted(origin.sha256.items()))]


def _package(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{_FOREIGN.sub('-', version)}"
