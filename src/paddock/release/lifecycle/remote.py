"""The events of a repository on a hub, fetched and pushed with the stock client.

They are one small file on a branch of its own: main holds exactly what was signed, a clone, a
mirror and a bundle carry every branch, and a client that knows nothing of events never sees them.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    RevisionNotFoundError,
)

from paddock.digest import sha256_hex
from paddock.release.errors import BadManifest
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME, Manifest, parse_manifest
from paddock.release.lifecycle.errors import BranchTaken, NoRelease
from paddock.release.publishing.hub_client import Hub, speaking_to
from paddock.release.publishing.hub_state import read_tree
from paddock.release.signatures.vouchers import parse_vouchers
from paddock.signing.envelope import parse_bundle
from paddock.signing.errors import BadSignature
from paddock.signing.events.log import BRANCH, LOG_NAME, MAX_LOG_BYTES, Log, parse_log, render_log

MAX_MANIFEST_BYTES = 64 << 20


class RemoteRelease(NamedTuple):
    """A release at a revision of a repository; nothing of it is believed yet."""

    manifest: Manifest
    sha256: str  # of release.json
    commit: str
    keys: frozenset[str]  # fingerprints of those that its documents name as signing it


class RemoteLog(NamedTuple):
    """The events that are there, and the branch's tip."""

    log: Log
    tip: str | None  # None: there is no such branch


def fetch_release(api: HfApi, hub: Hub, repo: str, revision: str | None) -> RemoteRelease:
    """release.json of a revision; raises NoRelease."""
    with speaking_to(hub, f"reading {repo}"):
        commit = str(api.repo_info(repo, revision=revision).sha)
        try:
            raw = _fetch(api, repo, MANIFEST_NAME, commit)
        except EntryNotFoundError as e:
            where = f"{repo}@{revision or 'main'}"
            raise NoRelease(f"{where} is no release: it has no {MANIFEST_NAME}") from e
        bundle = _fetch_if_there(api, repo, SIGNATURE_NAME, commit)
    try:
        manifest = parse_manifest(raw)
        keys = set(parse_vouchers(manifest.document).keys) or _claimed(bundle)
        return RemoteRelease(manifest, sha256_hex(raw), commit, frozenset(keys))
    except BadManifest as e:
        raise NoRelease(f"{repo}@{revision or 'main'}: {e.message}") from e


def fetch_log(api: HfApi, hub: Hub, repo: str) -> RemoteLog:
    """The events of a repository; none where nobody announced anything. Raises BadSignature."""
    with speaking_to(hub, f"reading the events of {repo}"):
        tip = _tip(api, repo)
        if tip is None:
            return RemoteLog(Log(), None)
        try:
            raw = _fetch(api, repo, LOG_NAME, tip)
        except (EntryNotFoundError, RevisionNotFoundError):
            return RemoteLog(Log(), tip)
    return RemoteLog(parse_log(raw), tip)


def push_log(api: HfApi, hub: Hub, repo: str, log: Log, before: RemoteLog, message: str) -> str:
    """Commit the events; the commit. Fails when somebody else announced something meanwhile."""
    content = render_log(log)
    if len(content) > MAX_LOG_BYTES:
        raise BranchTaken(f"{LOG_NAME} would have {len(content)} bytes")
    with speaking_to(hub, f"announcing to {repo}"):
        tip = before.tip
        if tip is None:
            api.create_branch(repo, branch=BRANCH)
            tip = _tip(api, repo)
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(LOG_NAME, content)
        ]
        operations += _cleared(api, repo, str(tip))
        made = api.create_commit(
            repo, operations, commit_message=message, revision=BRANCH, parent_commit=tip
        )
    return str(made.oid)


def _cleared(api: HfApi, repo: str, tip: str) -> list[CommitOperationDelete]:
    """A new branch begins as a copy of main, of which nothing stays."""
    others = sorted(set(read_tree(api, repo, tip)) - {LOG_NAME})
    if others and MANIFEST_NAME not in others:
        raise BranchTaken(
            f"the branch {BRANCH} of {repo} holds other files: {', '.join(others[:5])}",
            hint="rename that branch: releases announce their events on it",
        )
    return [CommitOperationDelete(path, is_folder=False) for path in others]


def _claimed(bundle: bytes | None) -> set[str]:
    """The key that the OMS signature names: releases of older versions name it there alone."""
    try:
        return {parse_bundle(bundle).hint} if bundle is not None else set()
    except BadSignature:
        return set()


def _fetch_if_there(api: HfApi, repo: str, path: str, commit: str) -> bytes | None:
    try:
        return _fetch(api, repo, path, commit)
    except EntryNotFoundError:
        return None


def _tip(api: HfApi, repo: str) -> str | None:
    branches = api.list_repo_refs(repo).branches
    return next((str(ref.target_commit) for ref in branches if ref.name == BRANCH), None)


def _fetch(api: HfApi, repo: str, path: str, commit: str) -> bytes:
    """A small file, without leaving a copy in anybody's cache."""
    with TemporaryDirectory(prefix="paddock-events-") as folder:
        local = api.hf_hub_download(repo, path, revision=commit, local_dir=folder)
        with Path(local).open("rb") as file:
            return file.read(MAX_MANIFEST_BYTES + 1)
