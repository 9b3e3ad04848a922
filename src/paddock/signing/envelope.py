"""A Sigstore bundle around a DSSE envelope around an in-toto statement, signed with a key.

Bytes in, values out; knows neither what a statement says nor where keys live. One signature, made
by a key; everything else is refused rather than interpreted. Nothing in a bundle decides what is
trusted: a key hint is compared with the trusted key, never used to choose one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import is_sha256
from paddock.signing.base64_text import decode_base64
from paddock.signing.dsse import IN_TOTO, pre_authentication_encoding, signature_by
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.public_keys import (
    PublicKey,
    hash_of_curve,
    is_valid,
    key_fingerprint,
)
from paddock.signing.signed_json import member, object_in, render, short

if TYPE_CHECKING:
    from paddock.signing.sslib import Signer

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = IN_TOTO


@dataclass(frozen=True, slots=True)
class Envelope:
    """A bundle taken apart; nothing in it is believed yet."""

    payload: bytes
    signature: bytes
    hint: str  # the fingerprint of the signer's key, as claimed


def seal(payload: bytes, key: ec.EllipticCurvePrivateKey | Signer) -> bytes:
    """A bundle around an in-toto statement; a key in memory gives the same bytes (RFC 6979).

    Raises BadKey for a signer that is not ECDSA: OMS knows no other keys.
    """
    message = pre_authentication_encoding(payload, PAYLOAD_TYPE)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = ec.ECDSA(hash_of_curve(key.curve), deterministic_signing=True)
        signature, hint = key.sign(message, algorithm), key_fingerprint(key.public_key())
    else:
        require_oms_kind(key.public_key.keytype)
        signature, hint = signature_by(key, message), key.public_key.keyid
    return render(
        {
            "mediaType": BUNDLE_TYPE,
            "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(payload).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
            },
        }
    )


def require_oms_kind(keytype: str) -> None:
    """Raise BadKey for a key (securesystemslib's word for its type) that is not ECDSA."""
    if keytype != "ecdsa":
        raise BadKey(
            f"OMS signs with P-256, P-384 or P-521, not with {keytype}",
            hint="name an ECDSA key under sign.oms, and this one under sign.dsse",
        )


def parse_bundle(raw: bytes) -> Envelope:
    """Take a bundle apart; raises BadSignature for anything but one DSSE signature by a key.

    Keys and values that carry no meaning are checked too: no byte of a bundle may be changed and go
    unnoticed.
    """
    bundle = object_in(raw, "the signature bundle")
    _only(bundle, "mediaType", "verificationMaterial", "dsseEnvelope")
    if bundle.get("mediaType") != BUNDLE_TYPE:
        raise BadSignature(f"the bundle's media type is {short(bundle.get('mediaType'))}")
    envelope = member(bundle, "dsseEnvelope", dict)
    _only(envelope, "payload", "payloadType", "signatures")
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise BadSignature(f"the payload type is {short(envelope.get('payloadType'))}")
    signatures = member(envelope, "signatures", list)
    if len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise BadSignature(f"the bundle holds {len(signatures)} signatures, not one")
    _only(signatures[0], "sig", "keyid")
    if signatures[0].get("keyid") not in (None, ""):
        raise BadSignature(f"the signature's keyid is {short(signatures[0]['keyid'])}, not empty")
    return Envelope(
        payload=decode_base64(envelope.get("payload"), "bundle's payload"),
        signature=decode_base64(signatures[0].get("sig"), "bundle's signature"),
        hint=_hint(member(bundle, "verificationMaterial", dict)),
    )


def is_signed_by(envelope: Envelope, key: PublicKey) -> bool:
    """Whether ``key``, with the hash of its own curve, made the envelope's signature."""
    message = pre_authentication_encoding(envelope.payload, PAYLOAD_TYPE)
    is_ecdsa = isinstance(key, ec.EllipticCurvePublicKey)
    return is_ecdsa and is_valid(key, envelope.signature, message)


def _hint(material: Mapping[str, Any]) -> str:
    """Which key the signer says it was; compared with the trusted key, never used to choose one."""
    if "publicKey" not in material:
        raise BadSignature(
            "the bundle was not made with a key (certificates are not supported yet)"
        )
    _only(material, "publicKey", "tlogEntries")
    if material.get("tlogEntries", []) != []:
        raise BadSignature("the bundle has transparency log entries, which cannot be checked here")
    public = member(material, "publicKey", dict)
    if set(public) == {"rawBytes", "keyDetails"}:  # model-signing before 1.1
        return hashlib.sha256(decode_base64(public["rawBytes"], "bundle's key")).hexdigest()
    _only(public, "hint")
    hint = public.get("hint")
    if not isinstance(hint, str) or not is_sha256(hint):
        raise BadSignature(f"the bundle's key hint is {short(hint)}")
    return hint


def _only(container: Mapping[str, Any], *allowed: str) -> None:
    if unknown := set(container) - set(allowed):
        raise BadSignature(f"the bundle has an unexpected key {short(min(unknown))}")
