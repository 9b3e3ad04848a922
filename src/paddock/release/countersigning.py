"""A built release, signed by one person more, who looks at every byte of it first.

Needs the release's folder, or a copy, and the person's own key: neither the checkpoint it was made
from nor anybody else's key. Nothing is signed in a folder that is not exactly what its builder
signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.release.signatures.cosigning import Standing, require_signer
from paddock.release.signatures.sign import carried
from paddock.release.signatures.standing import (
    MAX_ENVELOPE_BYTES,
    Signed,
    add_signatures,
    add_updates,
    read_signed,
    read_standing,
)
from paddock.release.signatures.tuf.writing import Repository
from paddock.release.verifying.whole import require_whole
from paddock.signing.errors import BadSignature
from paddock.signing.keys import read_key_file
from paddock.signing.sslib import Signer


@dataclass(frozen=True, slots=True)
class Countersigned:
    """A release with a signature more."""

    folder: Path
    name: str
    version: str
    content_root: str
    sha256: str  # of release.json
    standing: Standing

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "name": self.name,
            "version": self.version,
            "content_root": self.content_root,
            "sha256": self.sha256,
            "complete": self.standing.is_complete,
            "needed": self.standing.needed,
            "signed": list(self.standing.signed),
            "awaited": list(self.standing.awaited),
        }

    def to_text(self) -> str:
        lines = [
            f"{self.name} {self.version} in {self.folder}: {self.standing.sentence}",
            f"  content root {self.content_root}",
            f"  release.json {self.sha256}",
        ]
        if self.standing.is_complete:
            lines.append("it may leave: publish it where it was built")
        return "\n".join(lines)


def countersign(
    folder: Path,
    signers: Sequence[Signer],
    others: Sequence[Path] = (),
    updates: Repository | None = None,
    now: datetime | None = None,
) -> Countersigned:
    """Add signatures: by ``signers``, out of the envelopes ``others``, in update metadata.

    Raises BadSignature for a folder that is not whole, NotASigner for a key that the release does
    not name, BadInput for another publisher's update metadata.
    """
    signed = read_signed(folder)
    for signer in signers:
        require_signer(signer.public_key.keyid, signed.vouchers)
    # What is signed is what was looked at, also when somebody changes the folder meanwhile.
    if require_whole(folder).subject.sha256 != sha256_hex(signed.raw):
        raise BadSignature(f"{folder} changed while it was looked at, and is not signed")
    envelopes = [read_key_file(path, MAX_ENVELOPE_BYTES) for path in others]
    if signers or envelopes:
        add_signatures(folder, signed, signers, envelopes)
    if updates is not None:
        assert now is not None  # noqa: S101 - the caller has a clock
        _add_updates(folder, signed, updates, now)
    return Countersigned(
        folder=folder,
        name=signed.manifest.name,
        version=signed.manifest.version,
        content_root=str(signed.manifest.document.get("content_root", "")),
        sha256=sha256_hex(signed.raw),
        standing=read_standing(folder),
    )


def _add_updates(folder: Path, signed: Signed, repository: Repository, now: datetime) -> None:
    from paddock.release.signatures.tuf.chain import root_name
    from paddock.release.signatures.tuf.repository import add_release, current

    first = sha256_hex(current(repository).files[root_name(1)])
    if signed.vouchers.tuf_root != first:
        raise BadInput(
            f"{folder} does not name the update metadata in {repository.folder}",
            hint="sign.tuf in its release.yaml names another folder, or none",
        )
    name, version = signed.manifest.name, signed.manifest.version
    add_updates(folder, carried(add_release(repository, name, version, signed.raw, now)))
