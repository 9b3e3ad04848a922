"""DSSE 1.0 envelopes (Dead Simple Signing Envelope) with one signature or several.

Bytes in, values out; knows neither what a payload says nor whom to trust. An envelope is opened
whole or not at all: every signature in it is by a key that the caller named, and right, and no key
signs twice. So no byte can change unnoticed, and whoever counts, counts distinct keys.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddock.errors import shown
from paddock.signing.base64_text import decode_base64
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.public_keys import PublicKey, is_valid, key_fingerprint
from paddock.signing.signed_json import member, object_in, render

if TYPE_CHECKING:
    from paddock.signing.sslib import Signer

IN_TOTO = "application/vnd.in-toto+json"
MAX_SIGNATURES = 100


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope taken apart; nothing in it is believed yet."""

    payload: bytes
    payload_type: str
    signatures: Mapping[str, bytes]  # by key id


@dataclass(frozen=True, slots=True)
class Opened:
    """A payload, and the distinct keys that signed it."""

    payload: bytes
    keyids: frozenset[str]


def sign_envelope(payload: bytes, payload_type: str, signers: Sequence[Signer]) -> bytes:
    """An envelope around ``payload`` with one signature by each signer, ordered by key id.

    Raises BadSignature for a key that would sign twice, BadKey for one that cannot sign.
    """
    message = pre_authentication_encoding(payload, payload_type)
    signatures = {signer.public_key.keyid: signature_by(signer, message) for signer in signers}
    if len(signatures) != len(signers):
        raise BadSignature("the same key would sign twice")
    return render_envelope(Sealed(payload, payload_type, signatures))


def add_signatures(raw: bytes, payload_type: str, signers: Sequence[Signer]) -> bytes:
    """The envelope with further signatures; one by the same key is replaced."""
    sealed = parse_envelope(raw, payload_type)
    added = parse_envelope(sign_envelope(sealed.payload, payload_type, signers), payload_type)
    return render_envelope(
        Sealed(sealed.payload, payload_type, {**sealed.signatures, **added.signatures})
    )


def open_envelope(raw: bytes, payload_type: str, keys: Iterable[PublicKey]) -> Opened:
    """The payload of an envelope that only ``keys`` signed, at least one; raises BadSignature."""
    sealed = parse_envelope(raw, payload_type)
    known = {key_fingerprint(key): key for key in keys}
    message = pre_authentication_encoding(sealed.payload, payload_type)
    for keyid, signature in sealed.signatures.items():
        if keyid not in known:
            raise BadSignature(f"the envelope is signed by a key that nobody named: {keyid}")
        if not is_valid(known[keyid], signature, message):
            raise BadSignature(f"the signature is not right for the key {keyid}")
    return Opened(sealed.payload, frozenset(sealed.signatures))


def parse_envelope(raw: bytes, payload_type: str) -> Sealed:
    """Take an envelope apart; raises BadSignature for anything but signatures over this type."""
    envelope = object_in(raw, "the envelope")
    if set(envelope) != {"payload", "payloadType", "signatures"}:
        raise BadSignature(f"the envelope has the keys {shown(', '.join(sorted(envelope)))}")
    if envelope["payloadType"] != payload_type:
        raise BadSignature(f"the payload type is {shown(envelope['payloadType'])}")
    items = member(envelope, "signatures", list)
    if not 0 < len(items) <= MAX_SIGNATURES:
        raise BadSignature(f"the envelope holds {len(items)} signatures")
    signatures: dict[str, bytes] = {}
    for item in items:
        if not isinstance(item, dict) or set(item) != {"keyid", "sig"}:
            raise BadSignature("a signature of the envelope is not made of keyid and sig")
        keyid = item["keyid"]
        if not isinstance(keyid, str) or not keyid or keyid in signatures:
            raise BadSignature(f"a key id is empty, or signs twice: {shown(keyid)}")
        signatures[keyid] = decode_base64(item["sig"], "signature")
    return Sealed(decode_base64(envelope["payload"], "payload"), payload_type, signatures)


def render_envelope(sealed: Sealed) -> bytes:
    """The bytes of an envelope: the same for the same signatures."""
    signatures = [
        {"keyid": keyid, "sig": base64.b64encode(sealed.signatures[keyid]).decode()}
        for keyid in sorted(sealed.signatures)
    ]
    payload = base64.b64encode(sealed.payload).decode()
    return render(
        {"payload": payload, "payloadType": sealed.payload_type, "signatures": signatures}
    )


def signature_by(signer: Signer, message: bytes) -> bytes:
    """The signer's signature; raises BadKey for whatever a token or a service says instead."""
    try:
        return bytes.fromhex(signer.sign(message).signature)
    except BadKey:
        raise
    except Exception as e:  # every token and service has errors of its own
        said = f"{type(e).__name__}: {e}"[:500]
        raise BadKey(f"the key {signer.public_key.keyid} did not sign: {said}") from e


def pre_authentication_encoding(payload: bytes, payload_type: str) -> bytes:
    """DSSE 1.0: what is really signed, so that a payload cannot pass for another type."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
