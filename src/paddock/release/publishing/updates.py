"""Renewed update metadata onto a hub: the main branch gets it, the release and its tags stay.

Knows one folder of a repository; does not sign. The commit touches nothing else, and only where the
release on the branch names this very metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.release.files.manifest import MANIFEST_NAME, UPDATES_FOLDER
from paddock.release.publishing.hub_client import Hub, client_of, sign_in, speaking_to
from paddock.release.publishing.hub_state import read_state
from paddock.release.signatures.tuf.chain import Chain, root_name
from paddock.release.signatures.vouchers import parse_vouchers


def push_updates(hub: Hub, repo: str, chain: Chain) -> str | None:
    """Commit the metadata; the commit, or None where it is there already. Raises BadInput."""
    api = client_of(hub, show_progress=False)
    sign_in(api, hub)
    with speaking_to(hub, f"reading {repo}"):
        state = read_state(api, repo)
        if state is None or MANIFEST_NAME not in state.files:
            raise BadInput(f"{repo} holds no release", hint="publish one first")
        path = api.hf_hub_download(repo, MANIFEST_NAME, revision=state.head)
        with open(path, "rb") as file:  # noqa: PTH123 - the client gives a text
            release = _release_in(file.read())
    if parse_vouchers(release).tuf_root != sha256_hex(chain.files[root_name(1)]):
        raise BadInput(f"the release in {repo} does not name this update metadata")
    wanted = {f"{UPDATES_FOLDER}/{name}": content for name, content in chain.files.items()}
    there = {path for path in state.files if path.startswith(f"{UPDATES_FOLDER}/")}
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(path, content) for path, content in sorted(wanted.items())
    ]
    operations += [
        CommitOperationDelete(path, is_folder=False) for path in sorted(there - wanted.keys())
    ]
    with speaking_to(hub, f"publishing to {repo}"):
        made = api.create_commit(
            repo,
            operations,
            commit_message="Renew the update metadata",
            parent_commit=state.head,
        )
    return None if made.oid == state.head else str(made.oid)


def _release_in(raw: bytes) -> Mapping[str, Any]:
    try:
        return parse_object(raw, MANIFEST_NAME, BadCheckpoint)
    except BadCheckpoint as e:
        raise BadInput(e.message) from e
