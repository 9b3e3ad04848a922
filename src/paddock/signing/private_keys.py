"""Private keys as values: making one, and PEM with a password or without.

Bytes in, values out; files and who may read them are ``keys``'s.
"""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from paddock.signing.errors import BadKey
from paddock.signing.public_keys import Kind, supported

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | mldsa.MLDSA65PrivateKey


def generate_key(kind: Kind) -> PrivateKey:
    """A new key of this kind."""
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "p521":
            return ec.generate_private_key(ec.SECP521R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "ml-dsa-65":
            return mldsa.MLDSA65PrivateKey.generate()


def private_pem(key: PrivateKey, password: str | None) -> bytes:
    """PKCS #8, encrypted when there is a password."""
    encryption: KeySerializationEncryption = NoEncryption()
    if password:
        encryption = BestAvailableEncryption(password.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def private_key_in(pem: bytes, password: str | None, where: str) -> PrivateKey:
    """The key in a PEM block; raises BadKey naming ``where`` it came from."""
    is_encrypted = b"ENCRYPTED" in pem
    try:
        key = load_pem_private_key(pem, password.encode() if is_encrypted and password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        hint = "is the password right?" if is_encrypted else "a PEM private key is needed"
        raise BadKey(f"the key {where} cannot be read", hint=hint) from e
    if not isinstance(key, PrivateKey):
        raise BadKey(f"the key {where} is of a kind that we do not sign with")
    supported(key.public_key(), where)
    return key
