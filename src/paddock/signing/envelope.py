"""A Sigstore bundle around a DSSE envelope around an in-toto statement, signed with a key.

Bytes in, values out; knows neither what a statement says nor where keys live. One signature, made
by a key; everything else is refused rather than interpreted. Nothing in a bundle decides what is
trusted: a key hint is compared with the trusted key, never used to choose one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import is_sha256
from paddock.signing.errors import BadSignature
from paddock.signing.signed_json import member, object_in, render, short

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A bundle taken apart; nothing in it is believed yet."""

    payload: bytes
    signature: bytes
    hint: str  # the fingerprint of the signer's key, as claimed


def seal(payload: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """A bundle around an in-toto statement; the same inputs give the same bytes (RFC 6979)."""
    algorithm = ec.ECDSA(hash_of_curve(key.curve), deterministic_signing=True)
    signature = key.sign(pre_authentication_encoding(payload), algorithm)
    hint = key_fingerprint(key.public_key())
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
        payload=_base64(envelope.get("payload"), "payload"),
        signature=_base64(signatures[0].get("sig"), "signature"),
        hint=_hint(member(bundle, "verificationMaterial", dict)),
    )


def is_signed_by(envelope: Envelope, key: ec.EllipticCurvePublicKey) -> bool:
    """Whether ``key``, with the hash of its own curve, made the envelope's signature."""
    try:
        key.verify(
            envelope.signature,
            pre_authentication_encoding(envelope.payload),
            ec.ECDSA(hash_of_curve(key.curve)),
        )
    except InvalidSignature:
        return False
    return True


def pre_authentication_encoding(payload: bytes) -> bytes:
    """DSSE 1.0: what is really signed, so that a payload cannot pass for another type."""
    return b"DSSEv1 %d %s %d %s" % (
        len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload,
    )  # fmt: skip


def hash_of_curve(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    """OMS ties the hash to the curve, so a bundle cannot ask for a weaker one."""
    match curve.name:
        case "secp256r1":
            return hashes.SHA256()
        case "secp384r1":
            return hashes.SHA384()
        case "secp521r1":
            return hashes.SHA512()
    raise BadSignature(f"the curve {curve.name} is not one of P-256, P-384 and P-521")


def key_fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of the PEM public key, as OMS bundles hint at it."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as others take it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


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
        return hashlib.sha256(_base64(public["rawBytes"], "key")).hexdigest()
    _only(public, "hint")
    hint = public.get("hint")
    if not isinstance(hint, str) or not is_sha256(hint):
        raise BadSignature(f"the bundle's key hint is {short(hint)}")
    return hint


def _base64(text: object, what: str) -> bytes:
    try:
        decoded = base64.b64decode(text if isinstance(text, str) else "!", validate=True)
    except (binascii.Error, ValueError) as e:
        raise BadSignature(f"the bundle's {what} is not base64") from e
    if base64.b64encode(decoded).decode() != text:  # unused bits must be zero
        raise BadSignature(f"the bundle's {what} is not canonical base64")
    return decoded


def _only(container: Mapping[str, Any], *allowed: str) -> None:
    if unknown := set(container) - set(allowed):
        raise BadSignature(f"the bundle has an unexpected key {short(min(unknown))}")
