"""OpenSSF Model Signing 1.0: a Sigstore bundle around a DSSE envelope around an in-toto statement.

Bytes in, values out; knows neither folders nor where keys live. One signature, one subject, the
``files`` serialization with SHA-256: everything else is refused rather than interpreted. Nothing in
a bundle decides what is trusted or what is ignored: key hints and ``ignore_paths`` are written for
other tools and never read back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import is_sha256
from paddock.release.errors import BadSignature
from paddock.release.paths import path_problem

MAX_BUNDLE_BYTES = 64 << 20  # 100,000 files at about 300 bytes each, in base64, with room
MAX_RESOURCES = 100_000
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"

# OMS leaves git's own names at the root out of a signature by default; release.json covers the one
# of them that a release carries. The client's bookkeeping folder is not part of a release.
UNSIGNED_ROOT_NAMES = (".git", ".gitattributes", ".github", ".gitignore")
CLIENT_FOLDER = ".cache/huggingface"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A bundle taken apart; nothing in it is believed yet."""

    payload: bytes
    signature: bytes
    hint: str  # the fingerprint of the signer's key, as claimed


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed: the subject's name and every file's SHA-256."""

    subject: str
    files: Mapping[str, str]


def sign_files(
    subject: str, files: Mapping[str, str], signature_name: str, key: ec.EllipticCurvePrivateKey
) -> bytes:
    """A bundle over ``files`` (path to SHA-256). The same inputs give the same bytes (RFC 6979)."""
    in_order = {path: files[path] for path in sorted(files)}
    payload = _render(_statement(subject, in_order, signature_name))
    algorithm = ec.ECDSA(hash_of_curve(key.curve), deterministic_signing=True)
    signature = key.sign(pre_authentication_encoding(payload), algorithm)
    hint = key_fingerprint(key.public_key())
    return _render(
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
    bundle = _object(raw, "the signature bundle")
    _only(bundle, "mediaType", "verificationMaterial", "dsseEnvelope")
    if bundle.get("mediaType") != BUNDLE_TYPE:
        raise BadSignature(f"the bundle's media type is {_short(bundle.get('mediaType'))}")
    envelope = _member(bundle, "dsseEnvelope", dict)
    _only(envelope, "payload", "payloadType", "signatures")
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise BadSignature(f"the payload type is {_short(envelope.get('payloadType'))}")
    signatures = _member(envelope, "signatures", list)
    if len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise BadSignature(f"the bundle holds {len(signatures)} signatures, not one")
    _only(signatures[0], "sig", "keyid")
    if signatures[0].get("keyid") not in (None, ""):
        raise BadSignature(f"the signature's keyid is {_short(signatures[0]['keyid'])}, not empty")
    return Envelope(
        payload=_base64(envelope.get("payload"), "payload"),
        signature=_base64(signatures[0].get("sig"), "signature"),
        hint=_hint(_member(bundle, "verificationMaterial", dict)),
    )


def _hint(material: Mapping[str, Any]) -> str:
    """Which key the signer says it was; compared with the trusted key, never used to choose one."""
    if "publicKey" not in material:
        raise BadSignature(
            "the bundle was not made with a key (certificates are not supported yet)"
        )
    _only(material, "publicKey", "tlogEntries")
    if material.get("tlogEntries", []) != []:
        raise BadSignature("the bundle has transparency log entries, which cannot be checked here")
    public = _member(material, "publicKey", dict)
    if set(public) == {"rawBytes", "keyDetails"}:  # model-signing before 1.1
        return hashlib.sha256(_base64(public["rawBytes"], "key")).hexdigest()
    _only(public, "hint")
    hint = public.get("hint")
    if not isinstance(hint, str) or not is_sha256(hint):
        raise BadSignature(f"the bundle's key hint is {_short(hint)}")
    return hint


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


def parse_statement(payload: bytes) -> Statement:
    """The signed statement; raises BadSignature unless it is consistent to the last digest."""
    statement = _object(payload, "the signed statement")
    if statement.get("_type") != STATEMENT_TYPE:
        raise BadSignature(f"the statement's type is {_short(statement.get('_type'))}")
    if statement.get("predicateType") != PREDICATE_TYPE:
        raise BadSignature(f"the predicate's type is {_short(statement.get('predicateType'))}")
    predicate = _member(statement, "predicate", dict)
    _check_serialization(_member(predicate, "serialization", dict))
    files = _resources(_member(predicate, "resources", list))
    subjects = _member(statement, "subject", list)
    if len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise BadSignature(f"the statement is about {len(subjects)} subjects, not one")
    digest = _member(subjects[0], "digest", dict)
    if digest.get("sha256") != root_digest(files) or len(digest) != 1:
        raise BadSignature("the subject's digest is not that of the files listed")
    return Statement(subject=str(subjects[0].get("name", ""))[:200], files=files)


def root_digest(files: Mapping[str, str]) -> str:
    """OMS: SHA-256 over the files' raw digests, in the order given (we write code point order)."""
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in files.values())).hexdigest()


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


def _statement(subject: str, files: Mapping[str, str], signature_name: str) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": subject, "digest": {"sha256": root_digest(files)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [*UNSIGNED_ROOT_NAMES, CLIENT_FOLDER, signature_name],
            },
            "resources": [
                {"name": path, "algorithm": "sha256", "digest": digest}
                for path, digest in files.items()
            ],
        },
    }


def _render(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _check_serialization(serialization: Mapping[str, Any]) -> None:
    method, hash_type = serialization.get("method"), serialization.get("hash_type")
    if method != "files":
        raise BadSignature(f"the serialization method {_short(method)} is not supported")
    if hash_type != "sha256":
        raise BadSignature(f"the hash {_short(hash_type)} is not SHA-256")
    if serialization.get("allow_symlinks") is not False:
        raise BadSignature("the signature would allow symbolic links")


def _resources(items: list[Any]) -> dict[str, str]:
    if not 0 < len(items) <= MAX_RESOURCES:
        raise BadSignature(f"the statement lists {len(items)} files")
    files: dict[str, str] = {}
    for item in items:
        if not isinstance(item, dict) or item.get("algorithm") != "sha256":
            raise BadSignature(f"a file of the statement has no SHA-256: {_short(item)}")
        name, digest = item.get("name"), item.get("digest")
        if not isinstance(name, str) or (problem := path_problem(name)) is not None:
            reason = problem if isinstance(name, str) else "its name is not text"
            raise BadSignature(f"the statement lists {_short(name)}: {reason}")
        if not isinstance(digest, str) or not is_sha256(digest):
            raise BadSignature(f"the digest of {_short(name)} is {_short(digest)}")
        if name in files:
            raise BadSignature(f"the statement lists {_short(name)} twice")
        files[name] = digest
    return files


def _object(raw: bytes, what: str) -> dict[str, Any]:
    if len(raw) > MAX_BUNDLE_BYTES:
        raise BadSignature(f"{what} is larger than {MAX_BUNDLE_BYTES} bytes")
    try:
        return parse_object(raw, what, BadCheckpoint)
    except BadCheckpoint as e:
        raise BadSignature(e.message) from e


def _member(container: Mapping[str, Any], key: str, kind: type) -> Any:
    value = container.get(key)
    if not isinstance(value, kind):
        raise BadSignature(f"{key!r} is missing or of the wrong type")
    return value


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
        raise BadSignature(f"the bundle has an unexpected key {_short(min(unknown))}")


def _short(value: object) -> str:
    return repr(value)[:120]


def names_outside_signature(paths: Iterable[str]) -> set[str]:
    """Those of ``paths`` that OMS tools never look at (git's own names at the root)."""
    return {path for path in paths if path.split("/", 1)[0] in UNSIGNED_ROOT_NAMES}
