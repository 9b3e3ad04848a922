"""Who vouches for a release, as release.json says it, so that none of it can be taken away.

Pure: values to JSON and back. The keys listed here are claims of a signed document: they show
whether a signature is right, never whether it is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.release.errors import BadManifest
from paddock.signing.errors import BadKey
from paddock.signing.public_keys import (
    PublicKey,
    key_fingerprint,
    kind_of,
    public_key_in,
    public_pem,
)

SECTION = "signatures"
MAX_KEYS = 100


@dataclass(frozen=True, slots=True)
class Keyless:
    """An identity that sigstore vouches for."""

    identity: str
    issuer: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Vouchers:
    """What signs this release: one OMS key, further keys of which so many sign, metadata."""

    oms: PublicKey | None = None
    dsse: tuple[PublicKey, ...] = ()
    threshold: int = 0
    tuf_root: str | None = None  # SHA-256 of the first root of the update metadata
    keyless: Keyless | None = None

    @property
    def keys(self) -> dict[str, PublicKey]:
        """All keys by fingerprint."""
        keys = self.dsse if self.oms is None else (self.oms, *self.dsse)
        return {key_fingerprint(key): key for key in keys}

    def to_json(self) -> dict[str, Any]:
        """The section ``signatures`` of release.json."""
        document: dict[str, Any] = {}
        if self.oms is not None:
            document["oms"] = {"key": _key_json(self.oms)}
        if self.dsse:
            keys = [_key_json(key) for key in sorted(self.dsse, key=key_fingerprint)]
            document["dsse"] = {"threshold": self.threshold, "keys": keys}
        if self.tuf_root is not None:
            document["tuf"] = {"root": {"sha256": self.tuf_root}}
        if self.keyless is not None:
            document["keyless"] = {
                "identity": self.keyless.identity,
                "issuer": self.keyless.issuer,
                "optional": self.keyless.optional,
            }
        return document


def parse_vouchers(release: Mapping[str, Any]) -> Vouchers:
    """Who vouches, as a signed release.json says; raises BadManifest. Older ones say nothing."""
    section = release.get(SECTION, {})
    try:
        vouchers = _vouchers(section)
        if vouchers.to_json() == section:
            return vouchers
    except (KeyError, TypeError, ValueError, AttributeError, BadKey) as e:
        raise BadManifest(f"{SECTION} in release.json is malformed: {type(e).__name__}") from e
    raise BadManifest(f"{SECTION} in release.json says more or other than signatures do")


def _vouchers(section: Any) -> Vouchers:
    dsse, keyless, tuf = section.get("dsse"), section.get("keyless"), section.get("tuf")
    keys: tuple[PublicKey, ...] = ()
    threshold = 0
    if dsse is not None:
        if not 0 < len(dsse["keys"]) <= MAX_KEYS:
            raise BadManifest(f"{SECTION} in release.json lists {len(dsse['keys'])} keys")
        keys, threshold = tuple(_key(item) for item in dsse["keys"]), dsse["threshold"]
        if type(threshold) is not int or not 0 < threshold <= len(set(map(key_fingerprint, keys))):
            raise BadManifest(f"{shown(threshold)} of {len(keys)} keys cannot sign")
    root = tuf["root"]["sha256"] if tuf is not None else None
    if root is not None and not (isinstance(root, str) and is_sha256(root)):
        raise BadManifest(f"the digest of the first root is {shown(root)}")
    if keyless is not None and not all(
        isinstance(keyless[name], kind)
        for name, kind in (("identity", str), ("issuer", str), ("optional", bool))
    ):
        raise BadManifest(f"{SECTION} in release.json names no identity that signs")
    return Vouchers(
        oms=_key(section["oms"]["key"]) if "oms" in section else None,
        dsse=keys,
        threshold=threshold,
        tuf_root=root,
        keyless=Keyless(**keyless) if keyless is not None else None,
    )


def _key_json(key: PublicKey) -> dict[str, str]:
    return {
        "fingerprint": key_fingerprint(key),
        "kind": kind_of(key),
        "public": public_pem(key).decode(),
    }


def _key(item: Mapping[str, Any]) -> PublicKey:
    return public_key_in(item["public"].encode(), "release.json")
