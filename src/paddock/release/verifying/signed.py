"""Who signed it? The signatures of a folder, tied to release.json, and which keys made them.

Nothing is parsed before its bytes are bounded, and release.json not before the signed statement
names its digest. Hints choose nothing: a signature is right for a key that the user pinned or that
the signed release.json names, or it is refused. Only pinned keys are trusted.
"""

from __future__ import annotations

from paddock.digest import sha256_hex
from paddock.release.errors import BadManifest
from paddock.release.files.folder import Problem
from paddock.release.files.manifest import (
    DSSE_NAME,
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    SIGNATURE_NAME,
    Manifest,
    parse_manifest,
)
from paddock.release.files.reading import read_beneath
from paddock.release.signatures.oms import Statement, names_outside_signature, parse_statement
from paddock.release.signatures.release_statement import ReleaseStatement
from paddock.release.signatures.release_statement import parse_statement as parse_release_statement
from paddock.release.signatures.vouchers import parse_vouchers
from paddock.release.verifying.findings import Findings
from paddock.release.verifying.trust import Trust
from paddock.signing.dsse import IN_TOTO, open_envelope
from paddock.signing.envelope import Envelope, is_signed_by, parse_bundle
from paddock.signing.errors import BadSignature
from paddock.signing.public_keys import PublicKey, key_fingerprint
from paddock.signing.signed_json import MAX_SIGNED_BYTES

FOREIGN_SIGNATURE_NAME = "model.sig"  # what model-signing writes by default


def find_signature(findings: Findings) -> str | None:
    """The name of the bundle: ours, or another OMS tool's where there is no release.json."""
    files = findings.listing.files
    if SIGNATURE_NAME in files:
        return SIGNATURE_NAME
    if MANIFEST_NAME not in files and FOREIGN_SIGNATURE_NAME in files:
        return FOREIGN_SIGNATURE_NAME
    return None


def read_signatures(root_fd: int, findings: Findings, trust: Trust) -> None:
    """Fill in what is signed and by whom; raises BadSignature, BadManifest."""
    name = findings.signature_name or SIGNATURE_NAME
    pinned = {key.fingerprint: key.public for key in trust.keys}
    try:
        envelope = parse_bundle(read_beneath(root_fd, name, MAX_SIGNED_BYTES))
        findings.envelope = envelope
        if envelope.hint in pinned:
            _require_signed(envelope, pinned[envelope.hint])
        findings.statement = parse_statement(envelope.payload)
        _read_manifest(root_fd, findings, findings.statement)
        made_by = _oms_signer(envelope, findings, pinned)
    except BadSignature as e:
        raise BadSignature(f"{name}: {e.message}") from e
    findings.allowed.add(name)
    if findings.vouchers.dsse and findings.manifest is not None:
        findings.allowed.add(DSSE_NAME)
        made_by |= _read_envelope(root_fd, findings, findings.manifest)
    findings.made_by = made_by
    known = {key.fingerprint: key for key in trust.keys}
    findings.signers = tuple(known[keyid] for keyid in sorted(made_by) if keyid in known)


def _oms_signer(
    envelope: Envelope, findings: Findings, pinned: dict[str, PublicKey]
) -> dict[str, PublicKey]:
    """The key that made the bundle, if it is pinned or release.json names it."""
    named = findings.vouchers.oms
    if named is not None:
        if envelope.hint not in findings.vouchers.keys:
            raise BadSignature(f"{MANIFEST_NAME} names another key than {envelope.hint}")
        _require_signed(envelope, named)
        return {envelope.hint: named}
    for fingerprint, key in pinned.items():
        if is_signed_by(envelope, key):
            if fingerprint != envelope.hint:
                raise BadSignature("the bundle names another key than the one that signed it")
            return {fingerprint: key}
    return {}


def _require_signed(envelope: Envelope, key: PublicKey) -> None:
    if not is_signed_by(envelope, key):
        raise BadSignature(f"the signature is not right for the key {envelope.hint}")


def _read_manifest(root_fd: int, findings: Findings, statement: Statement) -> None:
    """Read release.json if the signature covers it, and hold it against the signed statement."""
    signed = statement.files
    if MANIFEST_NAME not in signed:
        return  # signed by another OMS tool: the statement alone is what there is
    if MANIFEST_NAME not in findings.listing.files:
        return  # the comparison reports it
    raw = read_beneath(root_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES)
    if sha256_hex(raw) != signed[MANIFEST_NAME]:
        return  # not parsed: these are not the bytes that were signed; the comparison reports it
    manifest = parse_manifest(raw)
    listed = {file.path: file.sha256 for file in manifest.files}
    outside = names_outside_signature(listed)
    for path in sorted(set(listed) | set(signed)):
        if path == MANIFEST_NAME or (path in outside and path not in signed):
            continue
        if listed.get(path) != signed.get(path):
            raise BadManifest(f"{MANIFEST_NAME} and the signature disagree about {path}")
    findings.manifest, findings.manifest_bytes = manifest, raw
    findings.vouchers = parse_vouchers(manifest.document)


def _read_envelope(root_fd: int, findings: Findings, manifest: Manifest) -> dict[str, PublicKey]:
    """The keys of the second envelope, all of them named by release.json."""
    if DSSE_NAME not in findings.listing.files:
        sentence = f"{DSSE_NAME} was signed and is missing"
        findings.problems.append(Problem(DSSE_NAME, "missing", sentence))
        return {}
    named = {key_fingerprint(key): key for key in findings.vouchers.dsse}
    try:
        raw = read_beneath(root_fd, DSSE_NAME, MAX_SIGNED_BYTES)
        opened = open_envelope(raw, IN_TOTO, named.values())
        statement = parse_release_statement(opened.payload)
        sha256 = sha256_hex(findings.manifest_bytes)
        root = manifest.document["root"]["digest"]
        if statement != ReleaseStatement(manifest.name, manifest.version, root, sha256):
            about = f"{statement.name} {statement.version}"
            raise BadSignature(f"it is for another release: {about[:120]!r}")
    except BadSignature as e:
        raise BadSignature(f"{DSSE_NAME}: {e.message}") from e
    if len(opened.keyids) < findings.vouchers.threshold:
        findings.shortfall = (
            f"{DSSE_NAME} is signed by {len(opened.keyids)} of the "
            f"{findings.vouchers.threshold} keys that {MANIFEST_NAME} asks for"
        )
    return {keyid: named[keyid] for keyid in opened.keyids}
