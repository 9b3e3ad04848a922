"""A trust file: YAML or JSON that says whom a reader trusts and what they ask for; closed.

Unknown keys are errors with the line. Paths in it are relative to the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from paddock.release.signatures.vouchers import Keyless
from paddock.release.spec.reader import parse_section
from paddock.release.spec.section import Many, Section, Text, wrong
from paddock.release.spec.yaml_tree import parse_yaml
from paddock.release.verifying.trust import PinnedIdentity, Require, Trust, root_at
from paddock.signing.errors import BadKey
from paddock.signing.keys import TrustedKey, load_trust, public_keys_in, read_key_file
from paddock.signing.public_keys import Kind

MAX_TRUSTED_ROOT_BYTES = 4 << 20
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


class RequireSection(Section):
    """What a release must bring besides signatures."""

    fresh: bool | None = Field(None, description="Update metadata that counts; with tuf, always.")
    gate: GateOutcome | None = None
    scan: ScanOutcome | None = None
    attestations: Many[Text] = Field((), description="Predicate types that must be there.")
    kinds: Many[Kind] = Field((), description="Kinds of keys of which each must have signed.")


class TrustFile(Section):
    """A trust file."""

    apiVersion: Literal["paddock/v1"]
    kind: Literal["Trust"]
    keys: Many[Text] = Field((), description="PEM files relative to this one, or PEM itself.")
    threshold: Annotated[int, Field(ge=1, le=100)] = 1
    tuf: TufTrust | None = None
    keyless: KeylessTrust | None = None
    require: RequireSection = Field(default_factory=RequireSection)

    @model_validator(mode="after")
    def _agrees(self) -> TrustFile:
        if not (self.keys or self.tuf or self.keyless):
            raise wrong("trusts nothing", "give keys, tuf or keyless")
        return self


def parse_trust(raw: bytes, path: Path) -> Trust:
    """What the file says; raises BadReleaseFile, BadKey."""
    file = parse_section(parse_yaml(raw, str(path)), TrustFile, str(path))
    keys = tuple(key for named in file.keys for key in _keys(named, path))
    if file.keys and len({key.fingerprint for key in keys}) < file.threshold:
        raise BadKey(f"{path}: a threshold of {file.threshold} needs as many keys")
    asked = file.require
    return Trust(
        keys,
        file.threshold,
        (root_at(path.parent / file.tuf.root),) if file.tuf else (),
        _identity(file.keyless, path.parent) if file.keyless else None,
        Require(
            fresh=file.tuf is not None if asked.fresh is None else asked.fresh,
            gate=asked.gate is not None,
            scan=asked.scan is not None,
            attestations=asked.attestations,
            kinds=asked.kinds,
        ),
    )


def _keys(named: str, path: Path) -> list[TrustedKey]:
    if "-----BEGIN" in named:
        return public_keys_in(named.encode(), str(path))
    return load_trust(path.parent / named, path.parent)


def _identity(keyless: KeylessTrust, base: Path) -> PinnedIdentity:
    root = read_key_file(base / keyless.trusted_root, MAX_TRUSTED_ROOT_BYTES)
    return PinnedIdentity(Keyless(keyless.identity, keyless.issuer), root)
