"""A root that several people sign on different machines, before it takes its place.

Pure: a draft is the new root and the one before it in one small file, so that whoever signs sees
what changes and needs nothing else. A signature is by a key that one of the two roots names for
root, or refused; every signature in a draft is checked when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuf.api.metadata import Root

from paddock.errors import shown
from paddock.release.signatures.tuf.metadata import ROLES, AnyMetadata, rendered
from paddock.release.signatures.tuf.strict import (
    MAX_METADATA_BYTES,
    check_signatures,
    keys_of_role,
    strict_metadata,
)
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.signed_json import object_in, render
from paddock.signing.sslib import Key, Signer

FORMAT = "paddock/root-draft/v1"
MAX_DRAFT_BYTES = 2 * MAX_METADATA_BYTES
_SHOWN_CHARS = 16


@dataclass(frozen=True, slots=True)
class Draft:
    """A root to come, with the signatures that it has so far."""

    root: AnyMetadata
    before: AnyMetadata | None  # None: the first root

    @property
    def missing(self) -> int:
        """How many root keys must sign yet; of two thresholds the one that is further away."""
        before = self.before.signed if self.before is not None else None
        result = self.root.signed.get_root_verification_result(
            before, self.root.signed_bytes, self.root.signatures
        )
        return int(max(result.first.missing, result.second.missing))


def render_draft(draft: Draft) -> bytes:
    """The bytes of a draft."""
    before = rendered(draft.before).decode() if draft.before is not None else None
    return render({"format": FORMAT, "before": before, "root": rendered(draft.root).decode()})


def parse_draft(raw: bytes) -> Draft:
    """The draft in a file, every signature of it right; raises BadSignature."""
    document = object_in(raw, "the draft of a root")
    if document.get("format") != FORMAT or set(document) != {"format", "before", "root"}:
        raise BadSignature(f"a draft of the format {shown(document.get('format'))}")
    parts = {name: document[name] for name in ("before", "root")}
    if not isinstance(parts["root"], str) or not isinstance(parts["before"], str | None):
        raise BadSignature("the draft holds no root")
    before = None
    if parts["before"] is not None:
        before = strict_metadata(parts["before"].encode(), Root, "the root before the draft")
        check_signatures(before, _root_keys(before), "the root before the draft")
    draft = Draft(strict_metadata(parts["root"].encode(), Root, "the draft"), before)
    version = before.signed.version + 1 if before is not None else 1
    if draft.root.signed.version != version:
        raise BadSignature(f"the draft is of root {draft.root.signed.version}, not {version}")
    if draft.root.signatures:
        check_signatures(draft.root, _who_may(draft), "the draft")
    return draft


def sign_draft(draft: Draft, signers: Sequence[Signer]) -> int:
    """Add the signatures of those keys that may sign it and have not; how many were added.

    Others, such as those of other roles in the same folder, are passed over.
    """
    may = _who_may(draft)
    fresh = [
        signer
        for signer in signers
        if signer.public_key.keyid in may and signer.public_key.keyid not in draft.root.signatures
    ]
    for signer in fresh:
        draft.root.sign(signer, append=True)
    return len(fresh)


def require_fresh(draft: Draft, signers: Sequence[Signer]) -> None:
    """Raise BadKey where none of the keys would add a signature."""
    known = {signer.public_key.keyid for signer in signers} & _who_may(draft).keys()
    if not known:
        raise BadKey("no key here is named for root, now or before: nothing was signed")
    if known <= draft.root.signatures.keys():
        raise BadKey("every key here has signed already")


def describe_draft(draft: Draft) -> Iterator[str]:
    """What the new root says and what it changes, for whoever is about to sign it."""
    root, before = draft.root.signed, draft.before.signed if draft.before is not None else None
    yield f"root {root.version}, until {root.expires:%Y-%m-%d}"
    for role in ROLES:
        now = root.roles[role]
        old = before.roles[role] if before is not None else None
        yield f"  {role}: {now.threshold} of {len(now.keyids)} keys must sign"
        gone = [keyid for keyid in (old.keyids if old else ()) if keyid not in now.keyids]
        for keyid in now.keyids:
            yield f"    {'  ' if old and keyid in old.keyids else '+ '}{keyid[:_SHOWN_CHARS]}"
        yield from (f"    - {keyid[:_SHOWN_CHARS]}" for keyid in gone)
    missing = draft.missing
    more = f"{missing} more root key{'' if missing == 1 else 's'} must sign"
    yield f"signed by {len(draft.root.signatures)}; " + (more if missing else "complete")


def _root_keys(metadata: AnyMetadata) -> dict[str, Key]:
    return keys_of_role(metadata.signed, "root")


def _who_may(draft: Draft) -> dict[str, Key]:
    older = _root_keys(draft.before) if draft.before is not None else {}
    return {**_root_keys(draft.root), **older}
