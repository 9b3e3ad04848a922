"""The release that this one supersedes: its signed manifest, from here or from where it went.

``metadata.supersedes`` names its version; it is looked for in the folders under ``publish``, in
NAME-VERSION beside the release file, and then at the hubs and registries under ``publish``. Only
release.json and what signs it is read, and it counts only when a key that the user trusts signed
it, or the one that signs this release: a changelog must not repeat what a stranger says. Which one
was found is part of the release, so a place that did not answer stops the build instead of making
other bytes of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from paddock.digest import sha256_hex
from paddock.errors import PaddockError
from paddock.release.building.inputs import BuildInputs
from paddock.release.building.published import (
    CLIENT_CACHE,
    REMOTE,
    PublishedFile,
    Revision,
    place_of,
)
from paddock.release.building.steps import Made, Steps, step_key
from paddock.release.errors import BadManifest
from paddock.release.evidence import Check, Evidence, Status
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    Manifest,
    parse_manifest,
    vouches,
)
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.spec.publish import Destination, FolderDestination
from paddock.release.verifying.trust import load_trusted
from paddock.release.verifying.verify import verify_manifest
from paddock.signing.keys import TrustedKey

MAX_SIGNING_FILES = 200  # release.json, signatures, update metadata
MAX_SIGNING_BYTES = 2 * MAX_MANIFEST_BYTES
_ID = "documents.previous"
_VERSION = 1


class Previous(NamedTuple):
    """Its manifest, and what is to be said about looking for it."""

    manifest: Manifest | None
    checks: tuple[Check, ...]


class _Asked(NamedTuple):
    """A folder with the superseded release's manifest, or why a place could not be asked."""

    folder: Path | None = None
    unanswered: str | None = None


def find_previous(inputs: BuildInputs, steps: Steps, own: TrustedKey) -> Previous:
    """The superseded release, and the condition that it was found and may be believed.

    It may be signed by a key that the user trusts, or by ``own``, which signs this one.
    """
    version = inputs.plan.spec.metadata.supersedes
    if version is None:
        return Previous(None, ())
    unanswered = []
    for asked in _places(inputs, version, steps):
        if asked.unanswered is not None:
            unanswered.append(asked.unanswered)
        found = _manifest(asked.folder) if asked.folder is not None else None
        if found is not None and (found[0].name, found[0].version) == (inputs.name, version):
            return _judged(inputs, found, asked.folder, own)
    return Previous(None, (_not_found(inputs, version, unanswered),))


def _judged(
    inputs: BuildInputs, found: tuple[Manifest, str], folder: Path | None, own: TrustedKey
) -> Previous:
    manifest, digest = found
    said = f"{manifest.name} {manifest.version}"
    pinned = inputs.plan.spec.lifecycle.previous
    if pinned not in (None, digest):
        sentence = f"the release.json of {said} is {digest}, and lifecycle.previous is {pinned}"
        return Previous(None, (Check(_ID, "documents", "unmet", sentence),))
    assert folder is not None  # noqa: S101 - the manifest was read from it
    if problem := _distrust(folder, inputs.config_home, own):
        status: Status = "unmet" if pinned else "warned"
        return Previous(None, (_not_compared(status, f"{said} {problem}"),))
    if pinned is None:
        inputs.progress(
            f"comparing with {said}; `lifecycle: {{previous: {digest}}}` makes every build do so"
        )
    sentence = f"{said} was found and is signed by a key that you trust"
    evidence = (Evidence(MANIFEST_NAME, sha256=digest),)
    return Previous(manifest, (Check(_ID, "documents", "met", sentence, evidence),))


def _places(inputs: BuildInputs, version: str, steps: Steps) -> Iterator[_Asked]:
    destinations = inputs.plan.spec.publish
    for there in destinations:
        if isinstance(there, FolderDestination):
            yield _Asked(inputs.base / there.path)
    yield _Asked(inputs.base / f"{inputs.name}-{version}")
    for number, there in enumerate(destinations, 1):
        if isinstance(there, REMOTE):
            try:
                yield _Asked(_fetched(inputs, number, there, version, steps))
            except PaddockError as e:
                yield _Asked(unanswered=e.message)


def _fetched(
    inputs: BuildInputs, number: int, there: Destination, version: str, steps: Steps
) -> Path | None:
    """The folder of a step that holds the manifest and its signatures; None where nothing is."""
    published = inputs.published
    if published is None:
        raise BadManifest("nobody may be asked for it here")
    pinned = inputs.plan.spec.lifecycle.previous
    key = step_key(
        _VERSION, there=there.model_dump(mode="json"), release=[inputs.name, version], pin=pinned
    )
    name = f"previous-{number}"
    if (done := steps.find(name, key)) is not None:
        return done.folder
    inputs.progress(f"looking for {inputs.name} {version} at {place_of(there)}")
    revision = published.revision(there, version)
    if revision is None or not (wanted := _signing_files(revision)):
        return None

    def make(folder: Path) -> Made:
        published.bring(there, revision.id, wanted, folder)
        shutil.rmtree(folder / CLIENT_CACHE, ignore_errors=True)
        return Made({}, {"revision": revision.id})

    return steps.run(name, key, make).folder


def _signing_files(revision: Revision) -> list[PublishedFile]:
    """release.json and what signs it; raises BadManifest for more than an honest release has."""
    wanted = [file for file in revision.files if vouches(file.path)]
    size_bytes = sum(file.size_bytes for file in wanted)
    if len(wanted) > MAX_SIGNING_FILES or size_bytes > MAX_SIGNING_BYTES:
        raise BadManifest(f"{len(wanted)} signatures of {size_bytes} bytes are no honest release's")
    return wanted if any(file.path == MANIFEST_NAME for file in wanted) else []


def _manifest(folder: Path) -> tuple[Manifest, str] | None:
    """The manifest, and the digest of its bytes."""
    try:
        with opened_folder(folder) as folder_fd:
            raw = read_beneath(folder_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES)
        return parse_manifest(raw), sha256_hex(raw)
    except (OSError, BadManifest):
        return None


def _distrust(folder: Path, config_home: Path, own: TrustedKey) -> str | None:
    """Why the manifest is not believed. That newer metadata replaced its own is no reason."""
    try:
        trust = load_trusted(None, config_home)
        verdict = verify_manifest(folder, replace(trust, keys=(*trust.keys, own)))
    except PaddockError as e:
        return f"cannot be judged: {e.message}"
    if verdict.verdict in {"trusted", "stale"} and verdict.origin == "trusted":
        return None
    reasons = "; ".join(verdict.reasons[:3])
    return f"is not signed by a key that you trust ({verdict.verdict}: {reasons})"


def _not_found(inputs: BuildInputs, version: str, unanswered: list[str]) -> Check:
    here = f"{inputs.name}-{version}"
    if unanswered:
        why = f"{inputs.name} {version} could not be looked for: {'; '.join(unanswered)}"
        hint = f"build where that answers, put a copy as {here} beside the release file, or "
        return _not_compared("undecided", why, hint + "leave metadata.supersedes out")
    why = f"{inputs.name} {version} is neither on this machine nor where this release goes"
    status: Status = "unmet" if inputs.plan.spec.lifecycle.previous else "warned"
    return _not_compared(status, why, f"put {here} beside the release file")


def _not_compared(status: Status, why: str, hint: str | None = None) -> Check:
    sentence = f"the changelog does not compare with the superseded release: {why}"
    return Check(_ID, "documents", status, sentence, (), hint)
