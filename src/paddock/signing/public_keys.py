"""Public keys: which kinds there are, what identifies one, and whether it made a signature.

Bytes and values only; knows neither files nor who trusts a key. The kinds are closed, the hash
belongs to the kind, and a fingerprint is computed from the key itself: nothing that a signature
says about its key is needed to check it.
"""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from paddock.signing.errors import BadKey

Kind = Literal["p256", "p384", "p521", "ed25519", "ml-dsa-65"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | mldsa.MLDSA65PublicKey

_CURVES: dict[str, tuple[Kind, hashes.HashAlgorithm]] = {
    "secp256r1": ("p256", hashes.SHA256()),
    "secp384r1": ("p384", hashes.SHA384()),
    "secp521r1": ("p521", hashes.SHA512()),
}


def public_key_in(pem: bytes, where: str) -> PublicKey:
    """The one public key in a PEM block; raises BadKey naming ``where`` it came from."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as e:
        raise BadKey(f"a public key in {where} cannot be read") from e
    return supported(key, where)


def supported(key: object, where: str) -> PublicKey:
    """The same key when it is of a kind that we sign with; raises BadKey."""
    if isinstance(key, ed25519.Ed25519PublicKey | mldsa.MLDSA65PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise BadKey(f"{where}: the curve {key.curve.name} is not one of P-256, P-384, P-521")
        return key
    raise BadKey(f"{where}: the key is not one of {', '.join(KINDS)}")


def kind_of(key: PublicKey) -> Kind:
    """The kind's short name."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, mldsa.MLDSA65PublicKey):
        return "ml-dsa-65"
    return _CURVES[key.curve.name][0]


def hash_of_curve(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    """OMS ties the hash to the curve, so a signature cannot ask for a weaker one."""
    if curve.name not in _CURVES:
        raise BadKey(f"the curve {curve.name} is not one of P-256, P-384 and P-521")
    return _CURVES[curve.name][1]


def public_pem(key: PublicKey) -> bytes:
    """The public key as others take it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_fingerprint(key: PublicKey) -> str:
    """SHA-256 of the PEM public key: what OMS bundles hint at, and our key id everywhere."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def ml_dsa_message(message: bytes) -> bytes:
    """What ML-DSA signs in place of ``message`` (TUF's TAP 21, scheme ``ml-dsa-65/1``)."""
    return b"tuf\x01" + hashlib.sha512(message).digest()


def is_valid(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether ``key`` made ``signature`` over ``message``."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, mldsa.MLDSA65PublicKey):
            key.verify(signature, ml_dsa_message(message))
        else:
            key.verify(signature, message, ec.ECDSA(hash_of_curve(key.curve)))
    except InvalidSignature:
        return False
    return True
