"""What is known so far about one folder that is being judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paddock.release.files.folder import Listing, Problem
from paddock.release.files.manifest import Manifest
from paddock.release.signatures.oms import Statement
from paddock.release.signatures.vouchers import Vouchers
from paddock.release.verifying.verdict import FreshnessState, Requirement
from paddock.signing.envelope import Envelope
from paddock.signing.keys import TrustedKey
from paddock.signing.public_keys import PublicKey


@dataclass(frozen=True, slots=True)
class Freshness:
    """What the update metadata says of a release."""

    state: FreshnessState = "unknown"
    reasons: tuple[str, ...] = ()
    until: str | None = None  # when the metadata stops counting
    names_release: bool = False  # a root that the user pinned leads to this very release
    revoked_keys: Mapping[str, str] = field(default_factory=dict)  # key id to sentence


@dataclass(slots=True)
class Findings:
    """Filled by one step after the other; nothing in it is believed before the last."""

    path: str
    listing: Listing
    signature_name: str | None = None
    envelope: Envelope | None = None
    statement: Statement | None = None
    manifest: Manifest | None = None
    manifest_bytes: bytes = b""
    vouchers: Vouchers = field(default_factory=Vouchers)
    made_by: Mapping[str, PublicKey] = field(default_factory=dict)  # whose signatures are right
    signers: tuple[TrustedKey, ...] = ()  # of those, the ones that the user trusts
    shortfall: str | None = None  # fewer keys signed than release.json asks for
    allowed: set[str] = field(default_factory=set)  # what may be there beside what is signed
    problems: list[Problem] = field(default_factory=list)
    freshness: Freshness = field(default_factory=Freshness)
    requirements: tuple[Requirement, ...] = ()
    gates: tuple[str, ...] = ()
    keyless: str | None = None
    notes: list[str] = field(default_factory=list)
    files: int = 0  # that were signed, with release.json and what signs it
    size_bytes: int = 0
