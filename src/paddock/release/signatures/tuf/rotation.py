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
from paddock.release.signatures.tuf.drafts import Draft, sign_draft
from paddock.release.signatures.tuf.keys import role_keys, role_signers
from paddock.release.signatures.tuf.metadata import ROLES, new_root, rendered
from paddock.release.signatures.tuf.repository import begin, current, replace_root
from paddock.release.signatures.tuf.writing import Repository
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.sslib import Key, Signer


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
    draft = drafted(repository, role, [signer.public_key for signer in new], now)
    sign_draft(draft, [*(old_root or role_signers(repository.keys, "root")), *new])
    if draft.missing:
        raise BadKey(
            f"{draft.missing} more root keys must sign the new root",
            hint=f"put them into {repository.keys} for this one step, or make a draft that others "
            "sign where their keys are",
        )
    return finish(replace(repository, signers=tuple(new)), draft, now)


def drafted(repository: Repository, role: str, new: Sequence[Key], now: datetime) -> Draft:
    """The next root, which nobody has signed yet: ``role`` has the ``new`` keys alone, if any."""
    before = current(repository).roots[-1]
    root = copy.deepcopy(before.signed)
    root.version += 1
    root.expires = repository.lifetimes.expiry("root", now)
    if new:
        _replace_keys(root, role, new)
    return Draft(Metadata(root), before)


def first_draft(repository: Repository, root_threshold: int, now: datetime) -> Draft:
    """The first root, which nobody has signed yet; its keys may be public halves alone."""
    keys = {role: role_keys(repository.keys, role) for role in ROLES}
    for role, found in keys.items():
        if not found:
            raise BadKey(f"there is no {role} key in {repository.keys}")
    expires = repository.lifetimes.expiry("root", now)
    return Draft(new_root(keys, root_threshold, expires), None)


def finish(repository: Repository, draft: Draft, now: datetime) -> Chain:
    """Put a root in its place that enough keys signed, and sign everything below it anew.

    Raises BadKey while signatures are missing, BadSignature for a root that does not follow.
    """
    if draft.missing:
        raise BadKey(f"{draft.missing} more root keys must sign the draft")
    if draft.before is None:
        if repository.exists:
            raise BadSignature(f"{repository.folder} has a first root already")
        return begin(repository, draft.root, now)
    if rendered(current(repository).roots[-1]) != rendered(draft.before):
        raise BadSignature(
            f"the draft follows another root than the latest in {repository.folder}",
            hint="make a new draft: the root was changed meanwhile",
        )
    return replace_root(repository, draft.root.signed, rendered(draft.root), now)


def _replace_keys(root: Root, role: str, new: Sequence[Key]) -> None:
    for keyid in list(root.roles[role].keyids):
        root.revoke_key(keyid, role)
    for key in new:
        root.add_key(key, role)
    if len(root.roles[role].keyids) < root.roles[role].threshold:
        raise BadKey(f"{role} needs {root.roles[role].threshold} keys, and {len(new)} are given")
