"""in-toto Statements (v1) about a release: how it was made, what it holds, what it passed.

Pure: values to canonical JSON (RFC 8785), so the same claim has the same bytes. A statement names
its subjects by SHA-256 alone; who vouches for it, and when, is the signature's business. Nothing is
signed here. Predicates: SLSA provenance v1, and of in-toto's own release v0.2, test-result v0.1 and
svr v0.2 (github.com/in-toto/attestation, spec/predicates).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import rfc8785

from paddock import __version__
from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.release.errors import BadStatement
from paddock.release.files.manifest import ReleaseFile

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
RELEASE = "https://in-toto.io/attestation/release/v0.2"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
VERIFICATION = "https://in-toto.io/attestation/svr/v0.2"
BUILDER = f"pkg:pypi/paddock@{__version__}"
BUILD_TYPE = "urn:paddock:build:v1:"  # and the step's name

MAX_SUBJECTS = 100_000

Outcome = Literal["PASSED", "WARNED", "FAILED"]


class Subject(NamedTuple):
    """What a statement is about."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Resource:
    """What went into a build, or set up a test (in-toto ResourceDescriptor)."""

    name: str
    sha256: str | None = None
    uri: str | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        digest = {"sha256": _checked(self.sha256, self.name)} if self.sha256 is not None else None
        found = {
            "name": self.name,
            "uri": self.uri,
            "digest": digest,
            "annotations": dict(self.annotations),
        }
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Provenance:
    """How one thing was made from others; nothing of the machine or the hour is in it."""

    step: str  # "quantise", "merge_adapter", "release": names the kind of build
    parameters: Mapping[str, Any]  # what the author asked for
    inputs: Sequence[Resource]
    internal: Mapping[str, Any] = field(default_factory=dict)  # what paddock chose by itself
    byproducts: Sequence[Resource] = ()


def subjects_of(files: Sequence[ReleaseFile]) -> list[Subject]:
    """The files of a release as subjects, by path."""
    return sorted(Subject(file.path, file.sha256) for file in files)


def root_subject(name: str, version: str, root: str) -> Subject:
    """A release as a whole: its content root."""
    return Subject(f"{name}@{version}", root)


def render_provenance(subjects: Sequence[Subject], made: Provenance) -> bytes:
    """SLSA provenance v1: ``subjects`` came out of ``made``."""
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE + made.step,
            "externalParameters": dict(made.parameters),
            "internalParameters": {"paddock": __version__, **made.internal},
            "resolvedDependencies": [each.to_json() for each in made.inputs],
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": {"paddock": __version__}},
            "byproducts": [each.to_json() for each in made.byproducts],
        },
    }
    return render_statement(subjects, PROVENANCE, predicate)


def render_release(subjects: Sequence[Subject], purl: str, package_id: str | None = None) -> bytes:
    """in-toto release v0.2: ``purl``, which carries the version, is exactly these artefacts."""
    if not purl.startswith("pkg:") or "@" not in purl:
        raise BadStatement(f"the package URL {shown(purl)} has no version")
    predicate = {"purl": purl, "packageId": package_id}
    return render_statement(subjects, RELEASE, {k: v for k, v in predicate.items() if v})


def render_test_result(
    subjects: Sequence[Subject],
    configuration: Sequence[Resource],
    *,
    passed: Sequence[str] = (),
    warned: Sequence[str] = (),
    failed: Sequence[str] = (),
) -> bytes:
    """in-toto test-result v0.1: what a scan or an audit found; one failure fails the whole."""
    if not (passed or warned or failed):
        raise BadStatement("a test result without tests says nothing")
    predicate = {
        "result": test_outcome(warned, failed),
        "configuration": [each.to_json() for each in configuration],
        "passedTests": sorted(passed),
        "warnedTests": sorted(warned),
        "failedTests": sorted(failed),
    }
    return render_statement(subjects, TEST_RESULT, predicate)


def test_outcome(warned: Sequence[str], failed: Sequence[str]) -> Outcome:
    """The word for a whole run."""
    if failed:
        return "FAILED"
    return "WARNED" if warned else "PASSED"


def render_verification(
    subjects: Sequence[Subject],
    properties: Sequence[str],
    time: str,
    *,
    verifier: str = BUILDER,
    policies: Sequence[Resource] = (),
) -> bytes:
    """in-toto svr v0.2: the ``properties`` held at ``time`` (RFC 3339), by ``policies``."""
    if not properties:
        raise BadStatement("a verification that establishes no property says nothing")
    predicate = {
        "verifier": {"id": verifier, "policies": [each.to_json() for each in policies]},
        "timeCreated": time,
        "properties": sorted(set(properties)),
    }
    return render_statement(subjects, VERIFICATION, predicate)


def render_statement(
    subjects: Sequence[Subject], predicate_type: str, predicate: Mapping[str, Any]
) -> bytes:
    """Canonical bytes of a Statement; BadStatement for one that no verifier could check."""
    if not 0 < len(subjects) <= MAX_SUBJECTS:
        raise BadStatement(f"a statement has 1 to {MAX_SUBJECTS} subjects, not {len(subjects)}")
    document: dict[str, Any] = {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": _checked(sha256, name)}}
            for name, sha256 in subjects
        ],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }
    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, RecursionError, ValueError) as e:
        raise BadStatement(f"the statement cannot be written as canonical JSON: {e}") from e


def _checked(sha256: str, name: str) -> str:
    if not is_sha256(sha256):
        raise BadStatement(f"the digest of {shown(name)} is {shown(sha256)}, not a SHA-256")
    return sha256
