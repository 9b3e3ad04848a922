"""A repository of a hub as it was at every commit that a name leads to, through the stock client.

Lists and downloads; judges nothing. What no branch, tag or pull request leads to cannot be listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile

from paddock.errors import NotFound, Unauthorized
from paddock.release.building.published import PublishedFile, Revision, Revisions
from paddock.release.errors import HubRefused
from paddock.release.publishing.hub_client import Hub, client_of, speaking_to

MAX_REVISIONS = 1000
MAX_FILES = 100_000  # of one revision


def hub_revision(hub: Hub, repo: str, version: str) -> Revision | None:
    """The revision that the version's tag names; None when nobody sees one."""
    api = client_of(hub, show_progress=False)
    try:
        with speaking_to(hub, f"looking for {repo} {version}"):
            found = api.model_info(repo, revision=version)
            return Revision(found.sha or version, _tree(api, repo, found.sha or version))
    except NotFound:
        return None


def hub_revisions(hub: Hub, repo: str) -> Revisions:
    """Every commit with its files; Unauthorized where there may be some that a token would see."""
    api = client_of(hub, show_progress=False)
    try:
        with speaking_to(hub, f"looking for {repo}"):
            commits = _commits(api, repo)
            kept = commits[:MAX_REVISIONS]
            found = tuple(Revision(each, _tree(api, repo, each)) for each in kept)
    except NotFound:
        if hub.token is not None:
            return Revisions()
        raise Unauthorized(
            f"without a token, {repo} at {hub.url} may be there and not be seen",
            hint="set HF_TOKEN to a token that may read it",
        ) from None
    more = len(commits) - len(kept)
    return Revisions(found, (f"{more} of {len(commits)} commits",) if more else ())


def _commits(api: HfApi, repo: str) -> list[str]:
    """Every commit that a name leads to, newest first."""
    refs = api.list_repo_refs(repo, include_pull_requests=True)
    named = (*refs.branches, *refs.tags, *(refs.pull_requests or ()), *refs.converts)
    known: dict[str, None] = {}
    for ref in named:
        if ref.target_commit not in known:
            known |= dict.fromkeys(
                commit.commit_id
                for commit in api.list_repo_commits(repo, revision=ref.target_commit)
            )
    return list(known)


def _tree(api: HfApi, repo: str, commit: str) -> tuple[PublishedFile, ...]:
    found = []
    for entry in api.list_repo_tree(repo, recursive=True, revision=commit):
        if isinstance(entry, RepoFile):
            id_ = f"sha256:{entry.lfs.sha256}" if entry.lfs else f"blob:{entry.blob_id}"
            found.append(PublishedFile(entry.path, entry.size, id_))
        if len(found) > MAX_FILES:
            raise HubRefused(f"{repo} has more than {MAX_FILES} files at {commit}")
    return tuple(found)


def bring_from_hub(
    hub: Hub, repo: str, revision: str, files: Sequence[PublishedFile], folder: Path
) -> None:
    """Download the files below ``folder``; the client goes on where it stopped before."""
    api = client_of(hub, show_progress=False)
    with speaking_to(hub, f"downloading {repo}"):
        for file in files:
            api.hf_hub_download(repo, file.path, revision=revision, local_dir=folder)
