"""Is the folder exactly what was signed? The set of files, their kind, their mode and every byte.

Nothing is ignored but the client's own bookkeeping, and nothing may be there besides but what signs
the release, which is checked elsewhere and named in ``allowed``.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping

from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.release.files.folder import Listing, Problem, digest_files, list_folder
from paddock.release.files.manifest import MANIFEST_NAME, Manifest
from paddock.release.files.reading import blake3_beneath, lone_blake3_beneath, sha256_beneath
from paddock.release.signatures.oms import CLIENT_FOLDER, Statement
from paddock.release.verifying.findings import Findings
from paddock.signing.errors import BadSignature

_LARGE_BYTES = 64 << 20  # one that is alone in this is read by all cores
_NOT_PLAIN = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | 0o111


def compare(root_fd: int, findings: Findings, statement: Statement) -> None:
    """Hold the folder against what was signed; raises BadSignature when it changes meanwhile."""
    listing, problems = findings.listing, findings.problems
    expected = dict(statement.files)
    outside = set(findings.allowed)
    if findings.manifest is not None:
        expected |= {file.path: file.sha256 for file in findings.manifest.files}
    elif MANIFEST_NAME in expected:  # another one is here: what only it could vouch for is not told
        outside.add(ATTRIBUTES_NAME)
    findings.files = len(expected) + len(findings.allowed)
    problems += listing.problems
    known_bad = {problem.path for problem in problems}
    for path in sorted(set(listing.files) - set(expected) - outside):
        problems.append(Problem(path, "extra", f"{path} is there and was not signed"))
    for path in sorted(set(expected) - set(listing.files) - known_bad):
        problems.append(Problem(path, "missing", f"{path} was signed and is missing"))
    problems += _stray_folders(listing, expected)
    problems += _odd_modes(listing)
    present = {path: digest for path, digest in expected.items() if path in listing.files}
    findings.size_bytes = sum(listing.files[path].size_bytes for path in present)
    problems += _changed(root_fd, present, findings.manifest)


def require_unchanged(root_fd: int, listing: Listing) -> None:
    """Nothing was touched since ``listing`` was made; raises BadSignature."""
    again = list_folder(root_fd)
    if again.files != listing.files or again.folders != listing.folders:
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
    large = [path for path in fast if listed[path].size_bytes >= _LARGE_BYTES]

    def blake3_of(root_fd: int, path: str) -> tuple[int, str]:
        return (lone_blake3_beneath if large == [path] else blake3_beneath)(root_fd, path)

    blake3s, problems = digest_files(root_fd, fast, blake3_of)
    sha256s, unreadable = digest_files(root_fd, slow, sha256_beneath)
    wrong = [
        path
        for path, found in blake3s.items()
        if found != (listed[path].size_bytes, listed[path].blake3)
    ]
    wrong += [path for path, (_, sha256) in sha256s.items() if sha256 != expected[path]]
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
