"""What signs: a key in a file, on a hardware token (PKCS#11) or in a key service.

Knows where a key may be and how to ask for its password; what is signed is the caller's. Every
signer is securesystemslib's, so that TUF takes it too; its key id is the key's fingerprint. A file
is read with the rules of ``keys``; a token or service is asked for its public half first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, mldsa

from paddock.errors import shown
from paddock.signing.errors import BadKey
from paddock.signing.key_services import as_sslib_key, public_half, service_signer
from paddock.signing.keys import load_private_key, public_keys_in, read_key_file
from paddock.signing.private_keys import PrivateKey
from paddock.signing.public_keys import (
    KINDS,
    PublicKey,
    hash_of_curve,
    kind_of,
    ml_dsa_message,
)
from paddock.signing.sslib import (
    SecretsHandler,
    Signature,
    Signer,
    SSlibKey,
)

_NAMED = re.compile(rf"({'|'.join(KINDS)}):([0-9A-Za-z][0-9A-Za-z._-]{{0,63}})")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):(?!\\)")


class KeySigner(Signer):
    """Signs with a private key that was read; ECDSA deterministically (RFC 6979)."""

    def __init__(self, private: PrivateKey) -> None:
        self.private = private
        self._public = as_sslib_key(private.public_key())

    @property
    def public_key(self) -> SSlibKey:
        return self._public

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: object, secrets_handler: SecretsHandler | None = None
    ) -> KeySigner:
        """Not how these are made: ``load_signer`` reads the file."""
        raise BadKey(f"{priv_key_uri} is not read by its URI")

    def sign(self, payload: bytes) -> Signature:
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            algorithm = ec.ECDSA(hash_of_curve(self.private.curve), deterministic_signing=True)
            made = self.private.sign(payload, algorithm)
        elif isinstance(self.private, mldsa.MLDSA65PrivateKey):
            made = self.private.sign(ml_dsa_message(payload))
        else:
            made = self.private.sign(payload)
        return Signature(self._public.keyid, made.hex())


def load_signer(
    where: str, base: Path, own: Path | None = None, environ: Mapping[str, str] | None = None
) -> Signer:
    """The signer that ``where`` names; raises BadKey.

    A path (relative to ``base``), ``KIND:NAME`` or ``NAME`` for a key in the folder ``own``, or a
    URI: ``hsm:[ID][?label=TOKEN]``, ``gcpkms:…``, ``awskms:…``, ``azurekms://…``, ``hv:KEY/N``.
    """
    settings = os.environ if environ is None else environ
    if "\0" in where:
        raise BadKey(f"{shown(where)} is no name of a key")
    if named := _NAMED.fullmatch(where):
        return _named(named[1], named[2], own, settings)
    scheme = _SCHEME.match(where)
    if scheme is not None:
        return service_signer(scheme[1], where, settings)
    return KeySigner(load_private_key(_path(where, base, own), settings))


def _path(where: str, base: Path, own: Path | None) -> Path:
    path = base / Path(where).expanduser()
    if own is not None and "/" not in where and not path.exists():
        inside = own / f"{where.removesuffix('.pem')}.pem"
        path = inside if inside.exists() else path
    return path


def load_public_alone(where: str, base: Path, own: Path | None = None) -> PublicKey | None:
    """The key of somebody who signs elsewhere; None where ``where`` names what signs here.

    That is a file with one public key, or a NAME of which the folder ``own`` has the public half
    alone. Raises BadKey for a file that holds several.
    """
    if (named := _NAMED.fullmatch(where)) is None and _SCHEME.match(where):
        return None
    path = base / Path(where).expanduser()
    if own is not None and (named is not None or ("/" not in where and not path.exists())):
        name = named[2] if named is not None else where.removesuffix(".pem")
        if (own / f"{name}.pem").exists():
            return None
        path = own / f"{name}.pub.pem"
    if not path.is_file() or b"-----BEGIN PUBLIC KEY" not in (raw := read_key_file(path)):
        return None
    keys = public_keys_in(raw, str(path))
    if len(keys) != 1:
        raise BadKey(f"{path} holds {len(keys)} public keys: name a file with one")
    if named is not None and kind_of(keys[0].public) != named[1]:
        raise BadKey(f"the key {path} is {kind_of(keys[0].public)}, not {named[1]}")
    return keys[0].public


def public_key_of(signer: Signer) -> PublicKey:
    """The public half of any signer, as cryptography's."""
    return public_half(signer.public_key)


def _named(kind: str, name: str, own: Path | None, environ: Mapping[str, str]) -> Signer:
    if own is None:
        raise BadKey(f"{kind}:{name} names a key of your own, and there is no folder of them here")
    private = load_private_key(own / f"{name}.pem", environ)
    if (found := kind_of(private.public_key())) != kind:
        raise BadKey(f"the key {own / name}.pem is {found}, not {kind}")
    return KeySigner(private)
