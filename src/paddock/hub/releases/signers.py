"""Whose signatures over a release.json are right: of the keys that it names itself.

Pure. A right signature says that whoever holds the key made this release.json; it does not say that
anybody trusts the key, nor that the other files are those that were signed: `paddock verify` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from paddock.hub.releases.values import NamedKey, Statement
from paddock.signing.dsse import IN_TOTO, parse_envelope, pre_authentication_encoding
from paddock.signing.envelope import is_signed_by, parse_bundle
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.public_keys import PublicKey, is_valid, key_fingerprint, public_key_in

BUNDLE, ENVELOPE, KEYLESS = "release.oms.json", "release.dsse.json", "release.sigstore.json"
MAX_SIGNATURE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that the release names, and whether its signature over release.json is right."""

    key: NamedKey
    is_right: bool


def signers_of(
    statement: Statement, bundle: bytes | None, envelope: bytes | None
) -> tuple[Signer, ...]:
    """Every named key once, in their order."""
    found: dict[tuple[str, str], Signer] = {}
    for named in statement.keys:
        key = _key(named)
        signs = _in_bundle if named.role == "oms" else _in_envelope
        raw = bundle if named.role == "oms" else envelope
        is_right = key is not None and raw is not None and signs(raw, statement.sha256, key)
        found.setdefault((named.role, named.fingerprint), Signer(named, is_right))
    return tuple(found.values())


def _key(named: NamedKey) -> PublicKey | None:
    """The key itself, if it is the one that its fingerprint names."""
    if named.public is None:
        return None
    try:
        key = public_key_in(named.public.encode(), "release.json")
    except (BadKey, ValueError):
        return None
    return key if key_fingerprint(key) == named.fingerprint else None


def _in_bundle(raw: bytes, release: str, key: PublicKey) -> bool:
    try:
        bundle = parse_bundle(raw)
    except BadSignature:
        return False
    # The payload lists each file with its digest: that of release.json must be among them.
    return release.encode() in bundle.payload and is_signed_by(bundle, key)


def _in_envelope(raw: bytes, release: str, key: PublicKey) -> bool:
    try:
        sealed = parse_envelope(raw, IN_TOTO)
    except BadSignature:
        return False
    signature = sealed.signatures.get(key_fingerprint(key))
    if signature is None or release.encode() not in sealed.payload:
        return False
    return is_valid(key, signature, pre_authentication_encoding(sealed.payload, IN_TOTO))
