"""What a reader trusts, and what they ask for: keys, how many of them, a root, attestations.

Without a file, that is what lies in the user's trust folder. Nothing of a release gets in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paddock.release.signatures.vouchers import Keyless
from paddock.signing.keys import TrustedKey, load_trust, read_key_file, trust_folder
from paddock.signing.public_keys import Kind

MAX_ROOT_BYTES = 512_000  # as much as python-tuf's client takes
ROOT_SUFFIX = ".root.json"  # of roots in the trust folder


@dataclass(frozen=True, slots=True)
class Require:
    """What a release must bring besides signatures."""

    fresh: bool = False  # update metadata that counts
    gate: bool = False  # the gate's attestation, that it allowed this content
    scan: bool = False  # a scan's, that the weights are clean
    attestations: tuple[str, ...] = ()  # predicate types that must be there
    kinds: tuple[Kind, ...] = ()  # of keys, of which each must have signed


@dataclass(frozen=True, slots=True)
class PinnedIdentity:
    """An identity and the roots that sigstore's certificates are checked against."""

    who: Keyless
    trusted_root: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """What a reader trusts and asks for."""

    keys: tuple[TrustedKey, ...] = ()
    threshold: int = 1
    roots: tuple[bytes, ...] = ()  # of update metadata, pinned
    keyless: PinnedIdentity | None = None
    require: Require = field(default_factory=Require)

    @classmethod
    def in_keys(cls, keys: Sequence[TrustedKey]) -> Trust:
        """Any one of these keys will do."""
        return cls(tuple(keys))

    @property
    def is_empty(self) -> bool:
        return not (self.keys or self.roots or self.keyless)

    @property
    def needs_updates(self) -> bool:
        """Whether a release without update metadata is refused."""
        return self.require.fresh


def load_trusted(trust_file: Path | None, config_home: Path) -> Trust:
    """What ``trust_file`` alone says, else the trust folder; raises BadKey, BadReleaseFile."""
    if trust_file is None:
        folder = trust_folder(config_home)
        paths = sorted(folder.glob(f"*{ROOT_SUFFIX}")) if folder.is_dir() else []
        return Trust(tuple(load_trust(None, config_home)), roots=tuple(map(root_at, paths)))
    raw = read_key_file(trust_file)
    if b"-----BEGIN" in raw.lstrip()[:11] or not raw.strip():
        return Trust(tuple(load_trust(trust_file, config_home)))
    # The definition of release.yaml takes a fifth of a second to import: only such files wait.
    from paddock.release.verifying.trust_file import parse_trust

    return parse_trust(raw, trust_file)


def root_at(path: Path) -> bytes:
    """A root of update metadata that signs itself; raises BadKey."""
    raw = read_key_file(path, MAX_ROOT_BYTES)
    # Read here, too, so that a file that is no root is an error of the trust and not of a release.
    from paddock.release.signatures.tuf.strict import pinned_root

    pinned_root(raw, str(path))
    return raw
