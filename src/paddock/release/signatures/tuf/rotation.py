"""A new root: other keys for a role, or the same ones for longer.

The new root is signed by the keys that it names and by those of the root before it, so whoever
trusts any root follows to the newest. Old keys of other roles count no more from then on: what they
signed is signed again by the new ones.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tuf.api.metadata import Metadata, Root

from paddock.release.signatures.tuf.chain import Chain
from paddock.release.signatures.tuf.keys import role_signers
from paddock.release.signatures.tuf.metadata import AnyMetadata, sign
from paddock.release.signatures.tuf.repository import current, replace_root
from paddock.release.signatures.tuf.writing import Repository
from paddock.signing.errors import BadKey
from paddock.signing.sslib import Signer


def rotate(
    repository: Repository,
    role: str,
    new: Sequence[Signer],
    now: datetime,
    old_root: Sequence[Signer] | None = None,
) -> Chain:
    """Root metadata in which ``role`` has the ``new`` keys alone, and everything below it anew.

    The root keys of before are ``old_root``, else those in the repository's key folder. Without new
    keys the root is only renewed. Raises BadKey when too few root keys are at hand.
    """
    chain = current(repository)
    before = chain.roots[-1].signed
    root = copy.deepcopy(before)
    root.version += 1
    root.expires = repository.lifetimes.expiry("root", now)
    if new:
        _replace_keys(root, role, new)
    metadata: AnyMetadata = Metadata(root)
    signers = [*(old_root or role_signers(repository.keys, "root")), *new]
    keyids = {*before.roles["root"].keyids, *root.roles["root"].keyids}
    raw = sign(metadata, signers, keyids)
    result = root.get_root_verification_result(before, metadata.signed_bytes, metadata.signatures)
    if not result.verified:
        missing = max(result.first.missing, result.second.missing)
        raise BadKey(
            f"{missing} more root keys must sign the new root",
            hint=f"put them into {repository.keys} for this one step",
        )
    return replace_root(replace(repository, signers=tuple(new)), root, raw, now)


def _replace_keys(root: Root, role: str, new: Sequence[Signer]) -> None:
    for keyid in list(root.roles[role].keyids):
        root.revoke_key(keyid, role)
    for signer in new:
        root.add_key(signer.public_key, role)
    if len(root.roles[role].keyids) < root.roles[role].threshold:
        raise BadKey(f"{role} needs {root.roles[role].threshold} keys, and {len(new)} are given")
