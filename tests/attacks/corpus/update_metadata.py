"""Cases 155 to 157: update metadata (TUF) that is stale, leaves out a root, or is ill signed.

Everything else of these releases is right: every byte is as signed, by a key that the reader
trusts. Only what the metadata tells stands between them and trust.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tuf.api.metadata import Metadata

from paddock.release.signatures.tuf.keys import create_role_keys, role_signers
from paddock.release.signatures.tuf.metadata import sign
from paddock.release.signatures.tuf.repository import Repository, refresh
from paddock.release.signatures.tuf.rotation import rotate
from tests.attacks.corpus.case import Expected, Family, Judge, Variants
from tests.attacks.corpus.vouched_trees import changed_json, vouched
from tests.release.publisher import DAY, NOW, Publisher

FAMILY = Family("update metadata", Judge.VERIFY)
R = Expected.REJECT


@FAMILY.case(155, "a timestamp that has expired", R)
def expired() -> Variants:
    old = vouched(now=NOW - 8 * DAY)
    yield "timestamp", old
    yield "everything", vouched(now=NOW - 400 * DAY)

    def postpone(document: Any) -> None:
        document["signed"]["expires"] = (NOW + DAY).strftime("%Y-%m-%dT%H:%M:%SZ")

    yield "postponed-unsigned", changed_json(old, "release/tuf/timestamp.json", postpone)
    gone = {name: raw for name, raw in vouched().items() if not name.startswith("release/tuf/")}
    yield "taken-away", gone


def rotated(publisher: Publisher, times: int = 2) -> None:
    """Roots 2 and 3 beside the first, in the repository and in the release."""
    from paddock.release.signatures.attaching import attach_updates

    for number in range(times):
        keys = publisher.folder / f"root-keys-{number}"
        create_role_keys(keys, 3, None)
        repository = publisher.repository
        before = publisher.folder / (f"root-keys-{number - 1}" if number else "tuf-keys")
        rotate(
            repository, "root", role_signers(keys, "root"), NOW, role_signers(before, "root")
        )  # fmt: skip
    attach_updates(publisher.repository, publisher.folder / "release")


@FAMILY.case(156, "a root that skips a version", R)
def skipped_root() -> Variants:
    whole = vouched(rotated)
    yield "without-2", {k: v for k, v in whole.items() if k != "release/tuf/2.root.json"}
    third = whole["release/tuf/3.root.json"]
    renamed = {**whole, "release/tuf/2.root.json": third}
    yield "3-as-2", renamed
    yield "3-as-2-alone", {k: v for k, v in renamed.items() if k != "release/tuf/3.root.json"}


def signed_by_old_keys_only(publisher: Publisher) -> None:
    """A second root with new root keys that did not sign it, and a timestamp below it."""
    from paddock.release.signatures.attaching import attach_updates

    rotated(publisher, 1)
    release = publisher.folder / "release" / "tuf"
    root = Metadata.from_bytes((release / "2.root.json").read_bytes())
    old = role_signers(publisher.repository.keys, "root")
    raw = sign(root, old, [signer.public_key.keyid for signer in old])
    attach_updates(publisher.repository, publisher.folder / "release")
    (release / "2.root.json").write_bytes(raw)


def signed_by_new_keys_only(publisher: Publisher) -> None:
    """Whoever has no key of the first root makes a second one by themselves."""
    rotated(publisher, 1)
    release = publisher.folder / "release" / "tuf"
    root = Metadata.from_bytes((release / "2.root.json").read_bytes())
    new = role_signers(publisher.folder / "root-keys-0", "root")
    raw = sign(root, new, [signer.public_key.keyid for signer in new])
    (release / "2.root.json").write_bytes(raw)


def below_its_threshold(publisher: Publisher) -> None:
    rotated(publisher, 1)
    path = publisher.folder / "release" / "tuf" / "2.root.json"
    document = json.loads(path.read_bytes())
    document["signatures"] = document["signatures"][:1]
    path.write_bytes(json.dumps(document, separators=(",", ":"), sort_keys=True).encode())


def refreshed_by_a_stranger(publisher: Publisher) -> None:
    """A fresh timestamp, by a key that no root names."""
    from paddock.release.signatures.attaching import attach_updates

    repository: Repository = publisher.repository
    attach_updates(repository, publisher.folder / "release")
    strangers = publisher.folder / "stranger-keys"
    create_role_keys(strangers, 3, None)
    chain = refresh(replace(repository), NOW)
    key = role_signers(strangers, "timestamp")
    raw = sign(chain.timestamp, key, [signer.public_key.keyid for signer in key])
    (publisher.folder / "release" / "tuf" / "timestamp.json").write_bytes(raw)


@FAMILY.case(157, "a root signed by the old keys only", R)
def old_root() -> Variants:
    yield "old-keys", vouched(signed_by_old_keys_only)
    yield "new-keys", vouched(signed_by_new_keys_only)
    yield "one-of-two", vouched(below_its_threshold)
    yield "timestamp-by-a-stranger", vouched(refreshed_by_a_stranger)
