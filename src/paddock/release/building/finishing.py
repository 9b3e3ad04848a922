"""From a candidate to a release: documents, the gate, release.json, signatures.

Everything here is quick and done anew each time. The clock is read for the gate and for update
metadata alone: nothing of it is in what approvals and signatures are about. A refusal leaves the
candidate as it is, with its documents and without release.json, for people to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

from paddock.clock import now
from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.release.building.candidate import Content
from paddock.release.building.inputs import BuildInputs, BuiltRelease
from paddock.release.building.leaking import leaks_in
from paddock.release.building.release_document import release_document
from paddock.release.building.scanning import scan_written
from paddock.release.building.steps import Steps
from paddock.release.building.writing import documents_of
from paddock.release.documents.gathering import DocumentInputs
from paddock.release.files.attributes import LARGE_FILE_BYTES, render_attributes
from paddock.release.files.formats import HEAD_BYTES, role_of
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    ReleaseFile,
    parse_manifest,
    render_manifest,
)
from paddock.release.gate.content_root import content_root
from paddock.release.gate.decide import decide
from paddock.release.gate.inputs import GateInputs, read_gate_inputs
from paddock.release.gate.judging import gate_evidence, require_allowed
from paddock.release.signatures.sign import Signers, sign_release
from paddock.signing.keys import TrustedKey
from paddock.signing.signers import public_key_of


@dataclass(frozen=True, slots=True)
class Said:
    """What people say beside release.yaml, read before any work is done."""

    documents: DocumentInputs
    gate: GateInputs


def read_said(inputs: BuildInputs) -> Said:
    """Answers and results as the plan read them, policy, keys and statements.

    Raises BadReleaseFile and BadKey.
    """
    return Said(inputs.plan.document_inputs, read_gate_inputs(inputs.plan.spec, inputs.base))


def finish(
    inputs: BuildInputs, said: Said, content: Content, signers: Signers, steps: Steps
) -> BuiltRelease:
    """Document, judge and sign the candidate; raises GateRefused with everything against it."""
    spec, candidate, gate = inputs.plan.spec, content.candidate, said.gate
    candidate.write(content.attestations)
    own = TrustedKey(public_key_of(signers.oms), "the signing key")
    written = documents_of(inputs, said.documents, content, _files(inputs, content), steps, own)
    candidate.write(written.contents)
    candidate.write({ATTRIBUTES_NAME: _attributes(inputs, content)})
    leaks = leaks_in(inputs, content, steps)
    candidate.write(leaks.attestations)
    root = content_root(_files(inputs, content))
    digests = {path: found.sha256 for path, found in candidate.digests.items()}
    asked = gate.candidate(root, digests, signers.fingerprints, content.results)
    scan = scan_written(candidate.folder, list(written.contents), spec)
    again = {check.id for check in written.checks}  # the plan judged some without the files
    checks = [
        *(c for c in content.checks if c.id not in again),
        *written.checks,
        *scan,
        *leaks.checks,
    ]
    decision = decide(spec, checks, gate.statements, asked, now(), gate.policy)
    if not decision.allowed:
        inputs.progress(f"what was built is in {candidate.folder}, its content root is {root}")
    require_allowed(decision)
    candidate.write(gate_evidence(spec, decision, gate))
    document = release_document(
        spec, written.told, content.outputs, content.withheld, decision.checks,
        inputs.plan.model.format,
    )  # fmt: skip
    document |= {
        "content_root": root,
        "signatures": signers.vouchers.to_json(),
        "ancestors": list(inputs.plan.judgement.ancestors),  # for whoever builds on this release
    }
    files = _files(inputs, content)
    manifest = render_manifest(document, files)
    candidate.write({MANIFEST_NAME: manifest})
    inputs.progress("signing")
    signed = sign_release(candidate.folder, signers, now())
    return BuiltRelease(
        folder=candidate.folder,
        name=inputs.name,
        version=inputs.version,
        files=files,
        root=parse_manifest(manifest).document["root"]["digest"],
        key_fingerprint=signers.oms.public_key.keyid,
        content_root=root,
        outputs=content.outputs,
        checks=decision.checks,
        signature_files=signed,
        private=written.private,
    )


def _files(inputs: BuildInputs, content: Content) -> tuple[ReleaseFile, ...]:
    """Every file that is there, with its role and component."""
    weights = {path for output in content.outputs for path in output.files}
    found = []
    for path, digests in sorted(content.candidate.digests.items()):
        role = "weights" if path in weights else role_of(path)
        role = "attributes" if path == ATTRIBUTES_NAME else role
        found.append(ReleaseFile(path, role, inputs.plan.component_of(path, role), *digests))
    return tuple(found)


def _attributes(inputs: BuildInputs, content: Content) -> bytes:
    large = [
        file.path
        for file in _files(inputs, content)
        if file.size_bytes >= LARGE_FILE_BYTES or _is_binary(content, file.path)
    ]
    return render_attributes(large)


def _is_binary(content: Content, path: str) -> bool:
    with (content.candidate.folder / path).open("rb") as opened:
        return b"\0" in opened.read(HEAD_BYTES)
