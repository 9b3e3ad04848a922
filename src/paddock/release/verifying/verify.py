"""Is this folder exactly what a trusted key signed? Fails closed, and says why.

Invariants, in order. (1) Nothing is followed, executed or parsed before its bytes are tied to the
signature, except the bounded signature bundle itself. (2) The key is one that the user pinned;
hints and options inside the bundle choose nothing. (3) The set of files equals the signed set:
nothing missing, nothing extra, nothing ignored but the client's own bookkeeping, which the verdict
mentions. (4) Any doubt while reading, also a file that changes meanwhile, is not ``trusted``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import BadInput, NotFound, PaddockError
from paddock.release.errors import BadManifest
from paddock.release.files.folder import Listing, Problem, digest_files, list_folder
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    SIGNATURE_NAME,
    Manifest,
    parse_manifest,
)
from paddock.release.files.reading import blake3_beneath, digest_beneath, read_beneath
from paddock.release.signatures.oms import (
    CLIENT_FOLDER,
    Statement,
    names_outside_signature,
    parse_statement,
)
from paddock.release.verifying.verdict import Integrity, State, Subject, Verdict
from paddock.signing.envelope import Envelope, is_signed_by, parse_bundle
from paddock.signing.errors import BadSignature
from paddock.signing.keys import TrustedKey
from paddock.signing.signed_json import MAX_SIGNED_BYTES

FOREIGN_SIGNATURE_NAME = "model.sig"  # what model-signing writes by default
_NOT_PLAIN = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | 0o111
_INTEGRITY: dict[State, Integrity] = {
    "trusted": "intact",
    "untrusted": "intact",
    "tampered": "broken",
    "unsigned": "unknown",
    "invalid": "unknown",
}


@dataclass(slots=True)
class _Evidence:
    """What is known so far about one folder."""

    path: str
    listing: Listing
    envelope: Envelope | None = None
    statement: Statement | None = None
    manifest: Manifest | None = None
    signer: TrustedKey | None = None
    problems: list[Problem] = field(default_factory=list)
    files: int = 0  # that were signed, with release.json and the signature
    size_bytes: int = 0


def verify_folder(path: Path, trust: Sequence[TrustedKey]) -> Verdict:
    """The verdict on the folder at ``path``; raises only when there is no folder to judge."""
    try:
        root_fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except NotADirectoryError as e:
        raise BadInput(f"{path} is a file; a release is a folder") from e
    except OSError as e:
        raise NotFound(
            f"{path} cannot be opened: {e.strerror}",
            hint="give a folder, or a repository as namespace/name or namespace/name@revision",
        ) from e
    try:
        return _verify(root_fd, str(path), trust)
    finally:
        os.close(root_fd)


def _verify(root_fd: int, path: str, trust: Sequence[TrustedKey]) -> Verdict:
    evidence = _Evidence(path, Listing())
    try:
        evidence.listing = list_folder(root_fd)
        signature_name = _signature_name(evidence.listing)
        if signature_name is None:
            return _unsigned(evidence)
        _read_signature(root_fd, signature_name, evidence, trust)
        _read_manifest(root_fd, evidence)
        _compare(root_fd, signature_name, evidence)
    except (BadSignature, BadManifest) as e:
        return _conclude(evidence, "invalid", (e.message,))
    except (PaddockError, OSError) as e:
        reason = e.message if isinstance(e, PaddockError) else f"the folder cannot be read: {e}"
        return _conclude(evidence, "invalid", (reason,))
    return _decide(evidence, has_trust=bool(trust))


def _signature_name(listing: Listing) -> str | None:
    if SIGNATURE_NAME in listing.files:
        return SIGNATURE_NAME
    if MANIFEST_NAME not in listing.files and FOREIGN_SIGNATURE_NAME in listing.files:
        return FOREIGN_SIGNATURE_NAME
    return None


def _read_signature(
    root_fd: int, name: str, evidence: _Evidence, trust: Sequence[TrustedKey]
) -> None:
    try:
        raw = read_beneath(root_fd, name, MAX_SIGNED_BYTES)
        evidence.envelope = envelope = parse_bundle(raw)
        evidence.signer = next((key for key in trust if is_signed_by(envelope, key.public)), None)
        pinned = {key.fingerprint for key in trust}
        if evidence.signer is None and envelope.hint in pinned:
            raise BadSignature(f"the signature is not right for the key {envelope.hint}")
        if evidence.signer is not None and evidence.signer.fingerprint != envelope.hint:
            raise BadSignature("the bundle names another key than the one that signed it")
        evidence.statement = parse_statement(envelope.payload)
    except BadSignature as e:
        raise BadSignature(f"{name}: {e.message}") from e


def _read_manifest(root_fd: int, evidence: _Evidence) -> None:
    """Read release.json if the signature covers it, and hold it against the signed statement."""
    assert evidence.statement is not None  # noqa: S101 - set by _read_signature
    signed = evidence.statement.files
    if MANIFEST_NAME not in signed:
        return  # signed by another OMS tool: the statement alone is what there is
    if MANIFEST_NAME not in evidence.listing.files:
        return  # _compare reports it
    raw = read_beneath(root_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES)
    if sha256_hex(raw) != signed[MANIFEST_NAME]:
        return  # not parsed: these are not the bytes that were signed; _compare reports it
    evidence.manifest = parse_manifest(raw)
    _check_agreement(evidence.manifest, signed)


def _check_agreement(manifest: Manifest, signed: Mapping[str, str]) -> None:
    listed = {file.path: file.sha256 for file in manifest.files}
    outside = names_outside_signature(listed)
    for path in sorted(set(listed) | set(signed)):
        if path == MANIFEST_NAME or (path in outside and path not in signed):
            continue
        if listed.get(path) != signed.get(path):
            raise BadManifest(f"{MANIFEST_NAME} and the signature disagree about {path}")


def _compare(root_fd: int, signature_name: str, evidence: _Evidence) -> None:
    """Hold the folder against what was signed: the set of files, their kind and every byte."""
    assert evidence.statement is not None  # noqa: S101 - set by _read_signature
    listing, problems = evidence.listing, evidence.problems
    expected = dict(evidence.statement.files)
    if evidence.manifest is not None:
        expected |= {file.path: file.sha256 for file in evidence.manifest.files}
    evidence.files = len(expected) + 1
    problems += listing.problems
    known_bad = {problem.path for problem in problems}
    for path in sorted(set(listing.files) - set(expected) - {signature_name}):
        problems.append(Problem(path, "extra", f"{path} is there and was not signed"))
    for path in sorted(set(expected) - set(listing.files) - known_bad):
        problems.append(Problem(path, "missing", f"{path} was signed and is missing"))
    problems += _stray_folders(listing, expected)
    problems += _odd_modes(listing)
    present = {path: digest for path, digest in expected.items() if path in listing.files}
    evidence.size_bytes = sum(listing.files[path].size_bytes for path in present)
    problems += _changed(root_fd, present, evidence.manifest)
    if (again := list_folder(root_fd)).files != listing.files or again.folders != listing.folders:
        raise BadSignature("the folder changed while it was being verified")


def _changed(root_fd: int, expected: Mapping[str, str], manifest: Manifest | None) -> list[Problem]:
    """Files whose bytes are not the signed ones.

    What a signed release.json lists is held against its size and BLAKE3, a quarter of the work of
    SHA-256; it was compared with the signature's SHA-256 digests before. The rest, and what another
    OMS tool signed, is held against SHA-256.
    """
    listed = {file.path: file for file in manifest.files} if manifest is not None else {}
    fast = [path for path in expected if path in listed]
    slow = [path for path in expected if path not in listed]
    blake3s, problems = digest_files(root_fd, fast, blake3_beneath)
    digests, unreadable = digest_files(root_fd, slow, digest_beneath)
    wrong = [
        path
        for path, found in blake3s.items()
        if found != (listed[path].size_bytes, listed[path].blake3)
    ]
    wrong += [path for path, found in digests.items() if found.sha256 != expected[path]]
    problems += unreadable
    problems += [
        Problem(path, "changed", f"{path} has other bytes than were signed")
        for path in sorted(wrong)
    ]
    return problems


def _stray_folders(listing: Listing, expected: Mapping[str, str]) -> list[Problem]:
    """Folders that lead to no signed file; the client's bookkeeping may keep its own."""
    needed = {CLIENT_FOLDER.split("/", 1)[0]} if listing.ignored else set()
    for path in [*expected, *listing.files, *listing.ignored]:
        parts = path.split("/")[:-1]
        needed |= {"/".join(parts[: count + 1]) for count in range(len(parts))}
    return [
        Problem(path, "extra", f"the empty folder {path} was not signed")
        for path in sorted(listing.folders - needed)
        if not (path + "/").startswith(CLIENT_FOLDER + "/")
    ]


def _odd_modes(listing: Listing) -> list[Problem]:
    return [
        Problem(path, "mode", f"{path} is executable or has a set-id bit")
        for path, state in listing.files.items()
        if state.mode & _NOT_PLAIN
    ]


def _unsigned(evidence: _Evidence) -> Verdict:
    reason = f"there is no {SIGNATURE_NAME}"
    links = [p for p in evidence.listing.problems if p.kind == "symlink"]
    if not links:
        return _conclude(evidence, "unsigned", (reason,))
    evidence.problems += links
    hint = (
        "a client's cache holds links, not files: verify NAMESPACE/NAME[@REVISION] instead, "
        "or download with --local-dir"
    )
    return _conclude(evidence, "tampered", tuple(p.sentence for p in links), hint)


def _decide(evidence: _Evidence, *, has_trust: bool) -> Verdict:
    if evidence.problems:
        return _conclude(evidence, "tampered", tuple(p.sentence for p in evidence.problems))
    if evidence.signer is not None:
        return _conclude(evidence, "trusted", ())
    reason = "the key that signed it is not one that you trust"
    if not has_trust:
        reason = "you trust no key yet"
    hint = "get the publisher's public key from a place you trust and pass it with --trust FILE"
    return _conclude(evidence, "untrusted", (reason,), hint)


def _conclude(
    evidence: _Evidence, state: State, reasons: tuple[str, ...], hint: str | None = None
) -> Verdict:
    manifest, statement = evidence.manifest, evidence.statement
    name = manifest.name if manifest else statement.subject if statement else None
    claimed = evidence.envelope.hint if evidence.envelope else None
    notes = []
    if evidence.listing.ignored:
        notes.append(
            f"{len(evidence.listing.ignored)} bookkeeping files of the download client in "
            f"{CLIENT_FOLDER} are not part of the release"
        )
    if statement is not None and MANIFEST_NAME not in statement.files:
        notes.append(f"there is no {MANIFEST_NAME}: only the OMS signature was checked")
    return Verdict(
        verdict=state,
        integrity=_INTEGRITY[state],
        origin="trusted" if evidence.signer else "untrusted" if evidence.envelope else "unknown",
        reasons=reasons,
        subject=Subject(
            path=evidence.path,
            name=name,
            version=manifest.version if manifest else None,
            files=evidence.files or len(evidence.listing.files),
            size_bytes=evidence.size_bytes,
        ),
        problems=tuple(evidence.problems),
        key=evidence.signer.fingerprint if evidence.signer else claimed,
        notes=tuple(notes),
        hint=hint,
    )
