"""Signers whose private key stays where it is: hardware tokens (PKCS#11) and key services.

Knows how each is asked for its public half; signing is securesystemslib's. What a service answers
is a key of a kind that we sign with, or refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paddock.errors import shown
from paddock.signing.errors import BadKey
from paddock.signing.public_keys import PublicKey, key_fingerprint, public_key_in
from paddock.signing.sslib import (
    AWSSigner,
    AzureSigner,
    GCPSigner,
    HSMSigner,
    Key,
    SecretsHandler,
    Signer,
    SSlibKey,
    UnsupportedLibraryError,
    VaultSigner,
)

PIN_VARIABLE = "PADDOCK_KEY_PIN"
# Closed: an attribute that was not understood could name another key than was meant.
_HSM_URI = re.compile(r"hsm:(?P<id>[0-9]{1,4})?(?:\?label=(?P<label>[^&=?#;\0]{1,128}))?")


def service_signer(scheme: str, uri: str, environ: Mapping[str, str] | None = None) -> Signer:
    """The signer at ``uri``; raises BadKey when it cannot be reached or is of another kind."""
    import_public = _IMPORTERS.get(scheme)
    if import_public is None:
        known = ", ".join(f"{name}:" for name in _IMPORTERS)
        raise BadKey(
            f"{shown(uri)} is not a key that can be used", hint=f"a path, KIND:NAME, or {known}"
        )
    secrets = _secrets(os.environ if environ is None else environ)
    try:
        signer_class, public = import_public(uri, secrets)
        # The library's own key id is another digest of the same key; ours is used everywhere.
        key = as_sslib_key(public_half(public))
        found: Signer = signer_class.from_priv_key_uri(uri, key, secrets)
    except UnsupportedLibraryError as e:
        raise BadKey(
            f"{uri}: {e}", hint=f"pip install 'securesystemslib[{_EXTRAS[scheme]}]'"
        ) from e
    except BadKey:
        raise
    except Exception as e:  # every service has errors of its own
        raise BadKey(f"the key {uri} cannot be used: {type(e).__name__}: {e}"[:500]) from e
    return found


def as_sslib_key(key: PublicKey) -> SSlibKey:
    """The key as securesystemslib and TUF take it; its id is the fingerprint."""
    return SSlibKey.from_crypto(key, keyid=key_fingerprint(key))


def public_half(key: Key) -> PublicKey:
    """The key as cryptography's; raises BadKey for a kind that we do not sign with."""
    public = key.keyval["public"]
    if key.keytype == "ed25519":
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return public_key_in(public.encode(), f"the {key.keytype} key")


def _secrets(environ: Mapping[str, str]) -> SecretsHandler:
    def secret(name: str) -> str:
        pin = environ.get(PIN_VARIABLE)
        if pin is None:
            raise BadKey(f"the key asks for its {name}", hint=f"set {PIN_VARIABLE}")
        return pin

    return secret


Imported = tuple[type[Signer], SSlibKey]


def _hsm(uri: str, secrets: SecretsHandler) -> Imported:
    found = _HSM_URI.fullmatch(uri)
    if found is None:
        raise BadKey(
            f"{shown(uri)} names no key on a token",
            hint="hsm:ID?label=TOKEN: up to 4 digits and the token's label, and no more",
        )
    label = unquote(found["label"]) if found["label"] else None
    return HSMSigner, HSMSigner.import_(int(found["id"] or 2), label, secrets)[1]


def _gcp(uri: str, secrets: SecretsHandler) -> Imported:
    return GCPSigner, GCPSigner.import_(uri.removeprefix("gcpkms:"))[1]


def _aws(uri: str, secrets: SecretsHandler) -> Imported:
    return AWSSigner, AWSSigner.import_(uri.removeprefix("awskms:"))[1]


def _azure(uri: str, secrets: SecretsHandler) -> Imported:
    parts = urlsplit(uri)
    vault = (parts.hostname or "").split(".")[0]
    name = parts.path.strip("/").split("/")[1]
    return AzureSigner, AzureSigner.import_(vault, name)[1]


def _vault(uri: str, secrets: SecretsHandler) -> Imported:
    name = uri.removeprefix("hv:")
    newest, key = VaultSigner.import_(name.rsplit("/", 1)[0])
    if newest != uri:
        raise BadKey(f"the newest version of the key is {newest}, not {uri}")
    return VaultSigner, key


_IMPORTERS: dict[str, Callable[[str, SecretsHandler], Imported]] = {
    "hsm": _hsm,
    "gcpkms": _gcp,
    "awskms": _aws,
    "azurekms": _azure,
    "hv": _vault,
}
_EXTRAS = {
    "hsm": "hsm",
    "gcpkms": "gcpkms",
    "awskms": "awskms",
    "azurekms": "azurekms",
    "hv": "vault",
}
