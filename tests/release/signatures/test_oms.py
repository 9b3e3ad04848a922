"""OMS signatures are the same thing to us and to the stock model-signing package."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import model_signing
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from paddock.release.files.manifest import SIGNATURE_NAME
from paddock.release.signatures.oms import parse_statement, sign_files
from paddock.release.verifying.verify import verify_folder
from paddock.signing.envelope import is_signed_by, parse_bundle
from paddock.signing.errors import BadSignature
from paddock.signing.keys import TrustedKey, load_trust
from tests.release.signed import trust, write_keys, write_release

DIGEST = "ab" * 32


def stock_verify(folder: Path, public: Path) -> None:
    model_signing.verifying.Config().use_elliptic_key_verifier(public_key=public).verify(
        folder, folder / SIGNATURE_NAME
    )


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_model_signing_verifies_our_release_with_its_defaults(
    tmp_path: Path, curve: ec.EllipticCurve
) -> None:
    key = ec.generate_private_key(curve)
    _, public = write_keys(tmp_path, key)
    folder = write_release(tmp_path / "release", key)
    stock_verify(folder, public)
    bookkeeping = folder / ".cache" / "huggingface" / "download" / "config.json.metadata"
    bookkeeping.parent.mkdir(parents=True)
    bookkeeping.write_text("a\nb\n1\n")
    stock_verify(folder, public)
    (folder / "config.json").write_bytes(b"{}")
    with pytest.raises(ValueError, match=r"config\.json"):
        stock_verify(folder, public)


def test_we_verify_what_model_signing_signed(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private, _ = write_keys(tmp_path, key)
    folder = tmp_path / "model"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.txt").write_bytes(b"b")
    (folder / "a-c.txt").write_bytes(b"c")
    signature = folder / "model.sig"
    model_signing.signing.Config().use_elliptic_key_signer(private_key=private).set_hashing_config(
        model_signing.hashing.Config().set_ignored_paths(paths=[signature])
    ).sign(folder, signature)
    verdict = verify_folder(folder, trust(key))
    assert verdict.verdict == "trusted", verdict.reasons
    (folder / "a-c.txt").write_bytes(b"d")
    assert [p.path for p in verify_folder(folder, trust(key)).problems] == ["a-c.txt"]


def test_the_published_1_0_1_signature_verifies(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "model-signing"
    folder = tmp_path / "v1.0.1"
    shutil.copytree(source / "v1.0.1-elliptic-key", folder)
    keys = load_trust(source / "keys" / "signing-key-pub.pem", tmp_path)
    verdict = verify_folder(folder, keys)
    # The upstream test ignores this file by hand; nothing that was not signed passes here.
    assert verdict.verdict == "tampered"
    assert [(p.path, p.kind) for p in verdict.problems] == [("ignore-me", "extra")]
    (folder / "ignore-me").unlink()
    assert verify_folder(folder, keys).verdict == "trusted"


def test_a_certificate_bundle_is_named_as_not_supported(shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "v1.0.1"
    shutil.copytree(shared_data / "model-signing" / "v1.0.1-certificate", folder)
    verdict = verify_folder(folder, [])
    assert verdict.verdict == "invalid"
    assert "certificate" in verdict.reasons[0]


def test_the_same_files_and_key_give_the_same_bytes() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    first = sign_files("m", {"b": DIGEST, "a": DIGEST}, "s", key)
    assert first == sign_files("m", {"a": DIGEST, "b": DIGEST}, "s", key)


def test_a_changed_byte_anywhere_in_the_bundle_is_noticed() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    raw = sign_files("m", {"a": DIGEST}, "s", key)
    original = parse_bundle(raw)
    for position in range(len(raw)):
        for bit in (0x01, 0x20):
            flipped = bytearray(raw)
            flipped[position] ^= bit
            try:
                envelope = parse_bundle(bytes(flipped))
            except BadSignature:
                continue
            if envelope.hint != original.hint:
                continue  # the verdict compares it with the trusted key
            assert not is_signed_by(envelope, key.public_key()), (position, raw[position])


def statement(**changes: Any) -> bytes:
    """A right statement with some of its parts replaced."""
    key = ec.generate_private_key(ec.SECP256R1())
    payload = json.loads(parse_bundle(sign_files("m", {"a": DIGEST}, "s", key)).payload)
    for path, value in changes.items():
        place = payload
        *parents, last = path.split("__")
        for parent in parents:
            place = place[parent]
        place[last] = value
    return json.dumps(payload).encode()


RESOURCE = {"name": "a", "algorithm": "sha256", "digest": DIGEST}


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"predicateType": "https://model_signing/Digests/v0.1"},
        {"subject": []},
        {"subject": [{"name": "m", "digest": {"sha256": "00" * 32}}]},
        {"subject": [{"name": "m", "digest": {"sha1": "00" * 20}}]},
        {"predicate__serialization__hash_type": "md5"},
        {"predicate__serialization__hash_type": "blake2"},
        {"predicate__serialization__method": "shards"},
        {"predicate__serialization__allow_symlinks": True},
        {"predicate__resources": []},
        {"predicate__resources": [RESOURCE, RESOURCE]},
        {"predicate__resources": [RESOURCE | {"algorithm": "sha1"}]},
        {"predicate__resources": [RESOURCE | {"digest": DIGEST.upper()}]},
        {"predicate__resources": [RESOURCE | {"digest": "ab"}]},
        *({"predicate__resources": [RESOURCE | {"name": name}]} for name in (
            "../a", "/a", "a/../b", "a//b", "./a", "a/", "", "a\\b", "C:a", "a\x00b", "a\nb",
            "a\u202eb", "e\u0301", "x" * 256, 7, None,
        )),
    ],
)  # fmt: skip
def test_a_statement_that_is_not_strictly_right_is_refused(changes: dict[str, Any]) -> None:
    assert parse_statement(statement()).files == {"a": DIGEST}
    with pytest.raises(BadSignature):
        parse_statement(statement(**changes))


def bundle(**changes: Any) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    value = json.loads(sign_files("m", {"a": DIGEST}, "s", key))
    for path, change in changes.items():
        place = value
        *parents, last = path.split("__")
        for parent in parents:
            place = place[parent]
        place[last] = change
    return json.dumps(value).encode()


SIGNATURE = {"sig": base64.b64encode(b"x" * 70).decode(), "keyid": ""}


@pytest.mark.parametrize(
    "changes",
    [
        {"mediaType": "application/vnd.dev.sigstore.bundle.v0.2+json"},
        {"dsseEnvelope__payloadType": "application/json"},
        {"dsseEnvelope__signatures": []},
        {"dsseEnvelope__signatures": [SIGNATURE, SIGNATURE]},
        {"dsseEnvelope__signatures": [SIGNATURE | {"sig": "not base64"}]},
        {"dsseEnvelope__signatures": [SIGNATURE | {"keyid": "other"}]},
        {"dsseEnvelope__payload": None},
        {"verificationMaterial": {}},
        {"verificationMaterial__tlogEntries": [{}]},
        {"verificationMaterial__publicKey": {"hint": 7}},
        {"unexpected": 1},
    ],
)
def test_a_bundle_that_is_not_strictly_right_is_refused(changes: dict[str, Any]) -> None:
    parse_bundle(bundle())
    with pytest.raises(BadSignature):
        parse_bundle(bundle(**changes))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"mediaType":1,"mediaType":1}'])
def test_bytes_that_are_no_bundle_are_refused(raw: bytes) -> None:
    with pytest.raises(BadSignature):
        parse_bundle(raw)


def test_a_key_of_another_curve_never_accepts(tmp_path: Path) -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    envelope = parse_bundle(sign_files("m", {"a": DIGEST}, "s", key))
    assert is_signed_by(envelope, key.public_key())
    assert not is_signed_by(envelope, other.public_key())
    _, public = write_keys(tmp_path, other)
    loaded = load_pem_public_key(public.read_bytes())
    assert isinstance(loaded, ec.EllipticCurvePublicKey)
    assert TrustedKey(loaded, "x").fingerprint != envelope.hint
