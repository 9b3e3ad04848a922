"""An envelope is opened by exactly the keys that signed it, and by no other bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.signing.dsse import IN_TOTO, add_signatures, open_envelope, sign_envelope
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.private_keys import generate_key
from paddock.signing.public_keys import KINDS, Kind, kind_of
from paddock.signing.signers import KeySigner, public_key_of

SIGNERS: dict[Kind, KeySigner] = {kind: KeySigner(generate_key(kind)) for kind in KINDS}
PUBLIC = {kind: public_key_of(signer) for kind, signer in SIGNERS.items()}
OTHER = KeySigner(generate_key("ed25519"))
SMALL = [SIGNERS["ed25519"], SIGNERS["p256"]]
ENVELOPE = sign_envelope(b'{"a":1}', IN_TOTO, SMALL)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs_and_is_recognised(kind: Kind) -> None:
    raw = sign_envelope(b"payload", "text/plain", [SIGNERS[kind]])
    opened = open_envelope(raw, "text/plain", [PUBLIC[kind]])
    assert opened.payload == b"payload"
    assert opened.keyids == {SIGNERS[kind].public_key.keyid}
    assert kind_of(PUBLIC[kind]) == kind


def test_the_reference_library_opens_our_envelopes_with_a_threshold() -> None:
    from securesystemslib.dsse import Envelope

    from paddock.signing import sslib  # noqa: F401 - imports it without its warnings

    raw = sign_envelope(b"payload", IN_TOTO, list(SIGNERS.values()))
    theirs = Envelope.from_dict(json.loads(raw))
    keys = [signer.public_key for signer in SIGNERS.values()]
    assert len(theirs.verify(keys, len(KINDS))) == len(KINDS)


def test_we_open_the_reference_librarys_envelopes() -> None:
    from securesystemslib.dsse import Envelope

    from paddock.signing import sslib  # noqa: F401

    theirs = Envelope(b"payload", IN_TOTO, {})
    for signer in SIGNERS.values():
        theirs.sign(signer)
    opened = open_envelope(json.dumps(theirs.to_dict()).encode(), IN_TOTO, PUBLIC.values())
    assert len(opened.keyids) == len(KINDS)


def test_a_key_signs_once_and_the_same_key_twice_is_refused() -> None:
    with pytest.raises(BadSignature, match="twice"):
        sign_envelope(b"x", IN_TOTO, [SMALL[0], SMALL[0]])
    twice = json.loads(ENVELOPE)
    twice["signatures"] = [twice["signatures"][0]] * 2
    with pytest.raises(BadSignature, match="twice"):
        open_envelope(json.dumps(twice).encode(), IN_TOTO, PUBLIC.values())


def test_a_signature_by_a_key_that_nobody_named_is_refused() -> None:
    raw = add_signatures(ENVELOPE, IN_TOTO, [OTHER])
    assert len(open_envelope(raw, IN_TOTO, [*PUBLIC.values(), public_key_of(OTHER)]).keyids) == 3
    with pytest.raises(BadSignature, match="nobody named"):
        open_envelope(raw, IN_TOTO, PUBLIC.values())


def test_signatures_are_added_one_after_the_other() -> None:
    alone = sign_envelope(b"x", IN_TOTO, SMALL[:1])
    both = add_signatures(alone, IN_TOTO, SMALL[1:])
    assert both == sign_envelope(b"x", IN_TOTO, SMALL)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(ENVELOPE) - 1), st.integers(0, 255))
def test_no_byte_of_an_envelope_may_be_another(position: int, byte: int) -> None:
    changed = bytearray(ENVELOPE)
    if changed[position] == byte:
        return
    changed[position] = byte
    with pytest.raises(BadSignature):
        open_envelope(bytes(changed), IN_TOTO, PUBLIC.values())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_envelope_are_refused(raw: bytes) -> None:
    with pytest.raises(BadSignature):
        open_envelope(raw, IN_TOTO, PUBLIC.values())


def test_another_type_no_signature_and_more_keys_than_said_are_refused() -> None:
    with pytest.raises(BadSignature, match="payload type"):
        open_envelope(ENVELOPE, "text/plain", PUBLIC.values())
    for change in ({"signatures": []}, {"more": 1}, {"payload": "!"}, {"signatures": [{}]}):
        raw = json.dumps(json.loads(ENVELOPE) | change).encode()
        with pytest.raises(BadSignature):
            open_envelope(raw, IN_TOTO, PUBLIC.values())


def test_a_key_of_another_kind_is_not_taken_for_a_signing_key(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    from paddock.signing.public_keys import supported

    with pytest.raises(BadKey, match="not one of"):
        supported(rsa.generate_private_key(65537, 2048).public_key(), "here")
    with pytest.raises(BadKey, match="secp256k1"):
        supported(ec.generate_private_key(ec.SECP256K1()).public_key(), "here")
