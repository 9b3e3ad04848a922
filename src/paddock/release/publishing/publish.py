"""Publishes a built release to a hub: one commit and a tag, or nothing.

Knows the order that keeps a repository whole: a new one is private until everything is in it, an
existing one is tightened before the commit and loosened after, and what goes wrong before the
commit is undone. The tag comes last: where it is, nothing is left to do. A process that is killed
before it leaves at most a private repository without a release, or an untagged commit, and the same
command goes on from either. Publishing the same release again changes nothing; the same version
with other content is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from paddock.errors import Conflict, PaddockError
from paddock.release.errors import HubRefused, SourceChanged, VersionTaken
from paddock.release.publishing.begun import Begun
from paddock.release.publishing.hub_client import (
    Hub,
    bound_uploads,
    client_of,
    sign_in,
    speaking_to,
)
from paddock.release.publishing.hub_state import (
    LocalFile,
    RepositoryState,
    differing,
    is_same,
    is_same_release,
    local_files,
    read_state,
    read_tree,
)
from paddock.release.publishing.outgoing import Outgoing
from paddock.release.spec.access import Access

if TYPE_CHECKING:
    from paddock.release.publishing.places import Reach

TAG_ATTEMPTS = 3
TAG_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Published:
    """A release on a hub."""

    repo: str
    url: str
    commit: str
    tag: str
    files: int
    size_bytes: int
    changed: bool
    created: bool
    deleted: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class _Job:
    """One publication: which release, where to, on whose behalf."""

    api: HfApi
    hub: Hub
    repo: str
    built: Outgoing
    access: Access
    local: Mapping[str, LocalFile]
    progress: Callable[[str], None]
    begun: Begun


def publish_to_hub(built: Outgoing, access: Access, hub: Hub, repo: str, reach: Reach) -> Published:
    """Make ``repo`` hold exactly this release, tagged with its version."""
    api = client_of(hub, show_progress=reach.show_progress)
    sign_in(api, hub)
    begun = Begun(reach.unfinished, hub.url, repo)
    job = _Job(api, hub, repo, built, access, local_files(built), reach.progress, begun)
    with speaking_to(hub, f"reading {repo}"):
        before = read_state(api, repo)
        published = before is not None and _version_is_there(job, before)
    if before is not None and published:
        begun.forget()
        return _outcome(job, before.tags[built.version], changed=False)
    if before is not None and before.foreign_files:
        names = ", ".join(before.foreign_files[:5])
        raise Conflict(
            f"{repo} holds files that no release put there: {names}",
            hint="publish to a new repository, or delete these files first",
        )
    if before is None:
        with begun.until_done():
            return _publish_new(job)
    if begun.is_known:
        with begun.until_done():
            return _publish_again(job, before)
    return _publish_again(job, before)


def _version_is_there(job: _Job, state: RepositoryState) -> bool:
    """Whether the version's tag exists with this content; VersionTaken when with another."""
    commit = state.tags.get(job.built.version)
    if commit is None:
        return False
    if not is_same_release(read_tree(job.api, job.repo, commit), job.local):
        raise VersionTaken(
            f"{job.repo} has a version {job.built.version} with other content",
            hint="raise metadata.version in release.yaml; published versions do not change",
        )
    return True


def _publish_new(job: _Job) -> Published:
    job.progress(f"creating {job.repo}, private until it is whole")
    try:
        with speaking_to(job.hub, f"creating {job.repo}"):
            job.api.create_repo(job.repo, private=True)
    except PaddockError:
        with suppress(Exception):  # a hub that says nothing may have made it
            if not job.api.repo_exists(job.repo):
                job.begun.forget()
        raise
    try:
        with speaking_to(job.hub, f"publishing to {job.repo}"):
            if job.access.gated:
                job.api.update_repo_settings(job.repo, gated=job.access.gated)
            state = read_state(job.api, job.repo)
            head = state.head if state else None
            there = set(state.files) if state else set()
            commit = _commit(job, head, sorted(there - set(job.local)))
            _check_arrived(job, commit)
    except BaseException:
        _take_back(job)
        raise
    if not job.access.is_private:
        with speaking_to(job.hub, f"opening {job.repo}, which is whole but still private"):
            job.api.update_repo_settings(job.repo, private=False)
    _require_tag(job, commit, _tag(job, commit))
    return _outcome(job, commit, changed=True, created=True)


def _take_back(job: _Job) -> None:
    """Delete the repository that was made; raises nothing: the first failure is the one to tell."""
    try:
        job.api.delete_repo(job.repo, missing_ok=True)
        job.begun.forget()
    except Exception:
        job.progress(
            f"{job.repo} could not be deleted again: it is private, without a release, and the "
            "same command goes on from there"
        )


def _publish_again(job: _Job, before: RepositoryState) -> Published:
    deleted = sorted(set(before.files) - set(job.local))
    commit = before.head
    if commit is None or not is_same(before.files, job.local):
        with _tightened(job, before), speaking_to(job.hub, f"publishing to {job.repo}"):
            commit = _commit(job, before.head, deleted)
            _check_arrived(job, commit)
    _loosen(job, before)
    _require_tag(job, commit, _tag(job, commit))
    return _outcome(job, commit, changed=True, deleted=tuple(deleted))


def _commit(job: _Job, parent: str | None, deleted: list[str]) -> str:
    """Send the files, compare what was sent with what was signed, and only then make the commit."""
    job.progress(f"uploading {len(job.local)} files to {job.repo}")
    bound_uploads()
    added = {path: CommitOperationAdd(path, job.built.folder / path) for path in job.local}
    job.api.preupload_lfs_files(job.repo, added.values(), free_memory=False)
    for path, operation in added.items():
        # Of a large file the client knows it by now, from the pass that sent the bytes.
        if operation.upload_info.sha256.hex() != job.local[path].sha256:
            raise SourceChanged(f"{path} changed after it was signed")
    removed = [CommitOperationDelete(path, is_folder=False) for path in deleted]
    made = job.api.create_commit(
        job.repo,
        [*added.values(), *removed],
        commit_message=f"Release {job.built.name} {job.built.version}",
        parent_commit=parent,
    )
    return str(made.oid)


def _check_arrived(job: _Job, commit: str) -> None:
    """The hub must hold what was signed, or no download of it would verify."""
    there = read_tree(job.api, job.repo, commit)
    if not is_same(there, job.local):
        wrong = [*differing(there, job.local), *sorted(set(there) - set(job.local))]
        raise HubRefused(f"the hub at {job.hub.url} did not keep the files as sent: {wrong[0]}")


@contextmanager
def _tightened(job: _Job, before: RepositoryState) -> Iterator[None]:
    """Stricter access from before the commit on; given back when the commit does not happen."""
    private = True if job.access.is_private and not before.private else None
    gated: Literal["auto", "manual"] | None = None
    if job.access.gated and job.access.gated != before.gated:
        gated = job.access.gated
    if private is None and gated is None:
        yield
        return
    with speaking_to(job.hub, f"changing the access to {job.repo}"):
        job.api.update_repo_settings(job.repo, private=private, gated=gated)
    try:
        yield
    except BaseException:
        with suppress(Exception):  # the first failure is the one to tell
            job.api.update_repo_settings(
                job.repo,
                private=before.private if private is not None else None,
                gated=before.gated if gated is not None else None,
            )
        raise


def _loosen(job: _Job, before: RepositoryState) -> None:
    """Wider access, only when the release file asks for it and only after the commit."""
    if not job.access.is_declared and not job.begun.is_known:
        if before.private:
            job.progress(f"{job.repo} is private and stays so: release.yaml says nothing of access")
        return
    private = False if before.private and not job.access.is_private else None
    gated: Literal[False] | None = False if before.gated and not job.access.gated else None
    if private is not None or gated is not None:
        with speaking_to(job.hub, f"changing the access to {job.repo}"):
            job.api.update_repo_settings(job.repo, private=private, gated=gated)


def _tag(job: _Job, commit: str) -> str | None:
    """Tag the commit; what went wrong, after several attempts, or None."""
    problem = ""
    for attempt in range(TAG_ATTEMPTS):
        try:
            with speaking_to(job.hub, f"tagging {job.repo}"):
                job.api.create_tag(job.repo, tag=job.built.version, revision=commit)
            return None
        except PaddockError as e:
            problem = e.message
        if attempt + 1 < TAG_ATTEMPTS:
            time.sleep(TAG_PAUSE_SECONDS)
    return problem


def _require_tag(job: _Job, commit: str, problem: str | None) -> None:
    if problem is not None:
        raise HubRefused(
            f"the files are published as commit {commit}, but without the tag "
            f"{job.built.version}: {problem}",
            hint="run the same command again: it adds the tag and changes nothing else",
        )


def _outcome(
    job: _Job, commit: str, *, changed: bool, created: bool = False, deleted: tuple[str, ...] = ()
) -> Published:
    url, version = f"{job.hub.url.rstrip('/')}/{job.repo}", job.built.version
    sentence = (
        f"published {job.built.name} {version} at {url} (commit {commit[:12]}, tag {version})"
        if changed
        else f"{job.built.name} {version} is already published at {url}: nothing to do"
    )
    return Published(
        repo=job.repo,
        url=url,
        commit=commit,
        tag=version,
        files=len(job.local),
        size_bytes=job.built.size_bytes,
        changed=changed,
        created=created,
        deleted=deleted,
        sentence=sentence,
    )
