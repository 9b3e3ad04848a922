"""A key that follows another: said by both, so whoever trusts the old one may trust the new one.

Pure: values to bytes and back. The old key shows that its holder meant it, the new key that it is
theirs; a date says since when.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from paddock.errors import shown
from paddock.signing.dsse import open_envelope, parse_envelope, sign_envelope
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.public_keys import PublicKey, key_fingerprint, public_key_in, public_pem
from paddock.signing.signed_json import object_in, render
from paddock.signing.sslib import Signer

PAYLOAD_TYPE = "application/vnd.paddock.key-succession.v1+json"
FORMAT = "paddock/key-succession/v1"


@dataclass(frozen=True, slots=True)
class Succession:
    """``new`` signs in place of ``old`` from this day on."""

    old: PublicKey
    new: PublicKey
    date: datetime.date


def sign_succession(succession: Succession, old: Signer, new: Signer) -> bytes:
    """The envelope that both keys sign."""
    payload = render(
        {
            "format": FORMAT,
            "old": public_pem(succession.old).decode(),
            "new": public_pem(succession.new).decode(),
            "date": succession.date.isoformat(),
        }
    )
    return sign_envelope(payload, PAYLOAD_TYPE, [old, new])


def open_succession(raw: bytes) -> Succession:
    """The succession in an envelope that both of its keys signed; raises BadSignature.

    Whether to follow it is decided by who trusts the old key.
    """
    document = object_in(parse_envelope(raw, PAYLOAD_TYPE).payload, "the succession")
    if set(document) != {"format", "old", "new", "date"} or document["format"] != FORMAT:
        raise BadSignature(f"the succession has the format {shown(document.get('format'))}")
    try:
        old = public_key_in(str(document["old"]).encode(), "the succession")
        new = public_key_in(str(document["new"]).encode(), "the succession")
        date = datetime.date.fromisoformat(str(document["date"]))
    except (BadKey, ValueError) as e:
        raise BadSignature("the succession names no two keys and a day") from e
    opened = open_envelope(raw, PAYLOAD_TYPE, [old, new])
    if opened.keyids != {key_fingerprint(old), key_fingerprint(new)} or len(opened.keyids) != 2:
        raise BadSignature("a succession is signed by the old key and by the new one")
    return Succession(old, new, date)
