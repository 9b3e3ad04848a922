"""What a reader trusts, and what they ask for: keys, how many of them, a root, attestations.

A trust file is PEM with public keys, or a YAML or JSON file (closed: unknown keys are errors) that
says more. Without one, it is what lies in the user's trust folder. Nothing of a release gets in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from paddock.release.signatures.vouchers import Keyless
from paddock.release.spec.reader import parse_section
from paddock.release.spec.section import Many, Section, Text, wrong
from paddock.release.spec.yaml_tree import parse_yaml
from paddock.signing.errors import BadKey
from paddock.signing.keys import (
    TrustedKey,
    load_trust,
    public_keys_in,
    read_key_file,
    trust_folder,
)
from paddock.signing.public_keys import Kind

MAX_ROOT_BYTES = 512_000  # as much as python-tuf's client takes
ROOT_SUFFIX = ".root.json"  # of roots in the trust folder
GateOutcome = Literal["allow"]
ScanOutcome = Literal["clean"]


class TufTrust(Section):
    """The root of update metadata that everything current follows from."""

    root: Text = Field(description="A root.json, relative to this file.")


class KeylessTrust(Section):
    """Whom sigstore must have identified."""

    identity: Text
    issuer: Text
    trusted_root: Text = Field(description="Sigstore's trusted_root.json, relative to this file.")


class Require(Section):
    """What a release must bring besides signatures."""

    fresh: bool | None = Field(None, description="Update metadata that counts; with tuf, always.")
    gate: GateOutcome | None = None
    scan: ScanOutcome | None = None
    attestations: Many[Text] = Field((), description="Predicate types that must be there.")
    kinds: Many[Kind] = Field((), description="Kinds of keys of which each must have signed.")


class TrustFile(Section):
    """A trust file."""

    apiVersion: Literal["paddock/v1"]  # noqa: N815 - the file's own word
    kind: Literal["Trust"]
    keys: Many[Text] = Field((), description="PEM files relative to this one, or PEM itself.")
    threshold: Annotated[int, Field(ge=1, le=100)] = 1
    tuf: TufTrust | None = None
    keyless: KeylessTrust | None = None
    require: Require = Field(default_factory=Require)

    @model_validator(mode="after")
    def _agrees(self) -> TrustFile:
        if not (self.keys or self.tuf or self.keyless):
            raise wrong("trusts nothing", "give keys, tuf or keyless")
        return self


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
        return bool(self.require.fresh)


def load_trusted(trust_file: Path | None, config_home: Path) -> Trust:
    """What ``trust_file`` alone says, else the trust folder; raises BadKey, BadReleaseFile."""
    if trust_file is None:
        folder = trust_folder(config_home)
        paths = sorted(folder.glob(f"*{ROOT_SUFFIX}")) if folder.is_dir() else []
        return Trust(tuple(load_trust(None, config_home)), roots=tuple(_root(p) for p in paths))
    raw = read_key_file(trust_file)
    if b"-----BEGIN" in raw.lstrip()[:11] or not raw.strip():
        return Trust(tuple(load_trust(trust_file, config_home)))
    file = parse_section(parse_yaml(raw, str(trust_file)), TrustFile, str(trust_file))
    base = trust_file.parent
    keys = tuple(key for named in file.keys for key in _keys(named, base, trust_file))
    if file.keys and len({key.fingerprint for key in keys}) < file.threshold:
        raise BadKey(f"{trust_file}: a threshold of {file.threshold} needs as many keys")
    require = file.require
    if require.fresh is None:
        require = require.model_copy(update={"fresh": file.tuf is not None})
    return Trust(
        keys,
        file.threshold,
        (_root(base / file.tuf.root),) if file.tuf else (),
        _identity(file.keyless, base) if file.keyless else None,
        require,
    )


def _keys(named: str, base: Path, trust_file: Path) -> list[TrustedKey]:
    if "-----BEGIN" in named:
        return public_keys_in(named.encode(), str(trust_file))
    return load_trust(base / named, base)


def _root(path: Path) -> bytes:
    raw = read_key_file(path, MAX_ROOT_BYTES)
    # Read here, too, so that a file that is no root is an error of the trust and not of a release.
    from paddock.release.signatures.tuf.strict import pinned_root

    pinned_root(raw, str(path))
    return raw


def _identity(keyless: KeylessTrust, base: Path) -> PinnedIdentity:
    root = read_key_file(base / keyless.trusted_root, 4 << 20)
    return PinnedIdentity(Keyless(keyless.identity, keyless.issuer), root)
