"""Does it bring what the reader asks for? Attestations of the signed release, and kinds of keys.

Reads only files that release.json lists, by their digest. An attestation counts when it is about
this very release: the gate's about the content root, a scan's about every weight.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import sha256_hex
from paddock.release.files.manifest import Manifest
from paddock.release.files.reading import read_beneath
from paddock.release.gate.content_root import ATTESTATION as GATE_PATH
from paddock.release.gate.content_root import content_root
from paddock.release.verifying.findings import Findings
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.verdict import Requirement
from paddock.signing.public_keys import kind_of

ATTESTATIONS_FOLDER = "attestations/"
SCAN_PATH = "attestations/scan.json"
MAX_ATTESTATION_BYTES = 16 << 20
GATE_TYPE = "https://in-toto.io/attestation/svr/v0.2"
SCAN_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
GATE_ALLOWED = "PADDOCK_GATE_ALLOWED"

Attestations = Mapping[str, dict[str, Any]]


def judge_policy(root_fd: int, findings: Findings, trust: Trust) -> None:
    """Fill in what was asked for and whether it is there, and which gates ran."""
    manifest = findings.manifest
    attested = _attestations(root_fd, manifest) if manifest is not None else {}
    findings.gates = _gates(attested, _own_date(manifest))
    required: list[Requirement] = []
    asked = trust.require
    if asked.gate:
        required.append(_gate(attested, manifest))
    if asked.scan:
        required.append(_scan(attested, manifest))
    types = {str(a.get("predicateType")) for a in attested.values()}
    for wanted in asked.attestations:
        said = "is there" if wanted in types else "is not there"
        what = f"an attestation of the type {wanted}"
        required.append(Requirement(wanted, wanted in types, f"{what} {said}"))
    signed = {kind_of(key.public) for key in findings.signers}
    for kind in asked.kinds:
        said = "signed" if kind in signed else "did not sign"
        sentence = f"a key of the kind {kind} that you trust {said}"
        required.append(Requirement(f"kind.{kind}", kind in signed, sentence))
    findings.requirements = tuple(required)


def _attestations(root_fd: int, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """The in-toto statements that the release lists and holds, by path; others are left out."""
    found: dict[str, dict[str, Any]] = {}
    for file in manifest.files:
        if not file.path.startswith(ATTESTATIONS_FOLDER) or not file.path.endswith(".json"):
            continue
        if file.size_bytes > MAX_ATTESTATION_BYTES:
            continue
        try:
            raw = read_beneath(root_fd, file.path, MAX_ATTESTATION_BYTES)
            if sha256_hex(raw) == file.sha256:  # else the comparison reports it
                found[file.path] = parse_object(raw, file.path, BadCheckpoint)
        except (BadCheckpoint, OSError):
            continue
    return found


def _gate(attested: Attestations, manifest: Manifest | None) -> Requirement:
    statement = attested.get(GATE_PATH)
    if statement is None or manifest is None:
        return Requirement("gate", False, f"there is no {GATE_PATH}")
    root = content_root(manifest.files)
    if statement.get("predicateType") != GATE_TYPE or root not in _subjects(statement).values():
        return Requirement("gate", False, f"{GATE_PATH} is not about this release")
    allowed = GATE_ALLOWED in _list(statement, "properties")
    said = "allowed" if allowed else "did not allow"
    return Requirement("gate", allowed, f"the gate {said} this release")


def _scan(attested: Attestations, manifest: Manifest | None) -> Requirement:
    statement = attested.get(SCAN_PATH)
    if statement is None or manifest is None:
        return Requirement("scan", False, f"there is no {SCAN_PATH}")
    subjects = _subjects(statement)
    weights = {file.path: file.sha256 for file in manifest.files if file.role == "weights"}
    if statement.get("predicateType") != SCAN_TYPE or not weights.items() <= subjects.items():
        return Requirement("scan", False, f"{SCAN_PATH} is not about the weights of this release")
    result = _member(statement.get("predicate"), "result")
    clean = result in {"PASSED", "WARNED"} and not _list(statement, "failedTests")
    return Requirement("scan", clean, f"the scan of the release {'passed' if clean else 'failed'}")


def _own_date(manifest: Manifest | None) -> str | None:
    """The day that release.json gives itself."""
    date = _member(manifest.document.get("metadata"), "date") if manifest is not None else None
    return date if isinstance(date, str) else None


def _gates(attested: Attestations, own_date: str | None) -> tuple[str, ...]:
    """What ran, in words, whether or not it was asked for; no clock was read for any date in it."""
    lines = []
    if (gate := attested.get(GATE_PATH)) is not None:
        properties = [p for p in _list(gate, "properties") if isinstance(p, str)]
        groups = [_group(p) for p in properties if p != GATE_ALLOWED]
        said = "allowed" if GATE_ALLOWED in properties else "did not allow it"
        dated = _dated(_member(gate.get("predicate"), "timeCreated"), own_date)
        lines.append(f"gate {said}{dated}: {', '.join(groups[:20]) or 'no group named'}")
    for path, statement in sorted(attested.items()):
        if statement.get("predicateType") == SCAN_TYPE:
            name = path.removeprefix(ATTESTATIONS_FOLDER).removesuffix(".json")
            result = json.dumps(_member(statement.get("predicate"), "result"))[:20]
            passed = len(_list(statement, "passedTests"))
            lines.append(f"{name[:60]}: {result.strip(chr(34)).lower()}, {passed} checks passed")
    return tuple(lines)


def _dated(when: object, own_date: str | None) -> str:
    """Where the date of a decision is from: the release's own, or what people said that signed."""
    if not isinstance(when, str):
        return ""
    if own_date is not None and when.startswith(f"{own_date}T00:00:00"):
        return f", dated {own_date} as release.yaml says"
    return f", dated {when[:40]} by those who approved"


def _group(name: str) -> str:
    return (
        name.removeprefix("PADDOCK_").removesuffix("_MET").lower().replace("_waived", " (waived)")
    )


def _subjects(statement: Mapping[str, Any]) -> dict[str, str]:
    subjects = statement.get("subject")
    found: dict[str, str] = {}
    for subject in subjects if isinstance(subjects, list) else []:
        name, digest = _member(subject, "name"), _member(_member(subject, "digest"), "sha256")
        if isinstance(name, str) and isinstance(digest, str):
            found[name] = digest
    return found


def _list(statement: Mapping[str, Any], key: str) -> list[Any]:
    value = _member(statement.get("predicate"), key)
    return value if isinstance(value, list) else []


def _member(container: object, key: str) -> Any:
    return container.get(key) if isinstance(container, dict) else None
