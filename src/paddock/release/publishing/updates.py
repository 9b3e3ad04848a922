"""Renewed update metadata onto a hub: the main branch gets it, the release and its tags stay.

Knows one folder of a repository; does not sign. The commit touches nothing else, and only where the
release on the branch names this very metadata.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from paddock.errors import BadInput
from paddock.release.files.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, UPDATES_FOLDER
from paddock.release.publishing.hub_client import Hub, client_of, sign_in, speaking_to
from paddock.release.publishing.hub_state import read_state
from paddock.release.signatures.attaching import require_newer
from paddock.release.signatures.tuf.chain import TIMESTAMP_NAME, Chain
from paddock.release.signatures.tuf.strict import MAX_METADATA_BYTES


def push_updates(hub: Hub, repo: str, chain: Chain) -> str | None:
    """Commit the metadata; the commit, or None where it is there already.

    Raises BadInput for a release that it does not name, Conflict where newer metadata is there.
    """
    api = client_of(hub, show_progress=False)
    sign_in(api, hub)
    with speaking_to(hub, f"reading {repo}"):
        state = read_state(api, repo)
        if state is None or MANIFEST_NAME not in state.files:
            raise BadInput(f"{repo} holds no release", hint="publish one first")
        release = _content(api, repo, MANIFEST_NAME, state.head, MAX_MANIFEST_BYTES)
        there = f"{UPDATES_FOLDER}/{TIMESTAMP_NAME}"
        limit = MAX_METADATA_BYTES
        older = _content(api, repo, there, state.head, limit) if there in state.files else None
    require_newer(chain, release, older, repo)
    wanted = {f"{UPDATES_FOLDER}/{name}": content for name, content in chain.files.items()}
    carried = {path for path in state.files if path.startswith(f"{UPDATES_FOLDER}/")}
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(path, content) for path, content in sorted(wanted.items())
    ]
    operations += [
        CommitOperationDelete(path, is_folder=False) for path in sorted(carried - wanted.keys())
    ]
    with speaking_to(hub, f"publishing to {repo}"):
        made = api.create_commit(
            repo,
            operations,
            commit_message="Renew the update metadata",
            parent_commit=state.head,
        )
    return None if made.oid == state.head else str(made.oid)


def _content(api: HfApi, repo: str, path: str, revision: str | None, limit_bytes: int) -> bytes:
    """A file at a revision, without leaving a copy in anybody's cache; raises BadInput."""
    with TemporaryDirectory(prefix="paddock-updates-") as folder:
        local = api.hf_hub_download(repo, path, revision=revision, local_dir=folder)
        with Path(local).open("rb") as file:
            raw = file.read(limit_bytes + 1)
    if len(raw) > limit_bytes:
        raise BadInput(f"{path} in {repo} is larger than {limit_bytes} bytes")
    return raw
