"""A certificate authority, a certificate log and a transparency log, as sigstore's are, in memory.

Makes what the real ones would have answered to whoever signed in: a short-lived certificate with an
identity, a receipt of it, and an entry in a log of one, in a bundle; and the trusted root that all
of it is checked against. Formats: RFC 6962 (receipts, the tree), sigstore's bundle 0.3, Rekor's
hashedrekord 0.0.1 and checkpoints.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
START = (NOW - datetime.timedelta(days=10)).isoformat().replace("+00:00", "Z")
_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_RECEIPTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_SHA256 = ec.ECDSA(hashes.SHA256())


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@dataclass
class Services:
    """The three services with their keys."""

    ca_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    ct_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    log_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a fake authority")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.ca = (
            x509.CertificateBuilder(name, name, self.ca_key.public_key(), 1)
            .not_valid_before(NOW - datetime.timedelta(days=1))
            .not_valid_after(NOW + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.ca_key.public_key()), critical=False
            )
            .sign(self.ca_key, hashes.SHA256())
        )

    def trusted_root(self) -> bytes:
        """What a reader pins."""
        log = {"baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256"}
        authority = {
            "subject": {"organization": "fake", "commonName": "a fake authority"},
            "uri": "https://ca.example",
            "certChain": {
                "certificates": [{"rawBytes": _text(self.ca.public_bytes(Encoding.DER))}]
            },
            "validFor": {"start": START},
        }
        document = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{**log, **_log_of(self.log_key)}],
            "certificateAuthorities": [authority],
            "ctlogs": [{**log, **_log_of(self.ct_key)}],
        }
        return json.dumps(document).encode()

    def sign(self, content: bytes, identity: str, issuer: str) -> bytes:
        """The bundle of ``identity``, who signed in at ``issuer``, over ``content``."""
        key = _key()
        certificate = self._certificate(key, identity, issuer)
        signature = key.sign(content, _SHA256)
        digest = hashlib.sha256(content)
        pem = certificate.public_bytes(Encoding.PEM)
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
            "signature": {"content": _text(signature), "publicKey": {"content": _text(pem)}},
        }
        body = _canonical({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})
        bundle = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _text(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [self._entry(body)],
            },
            "messageSignature": {
                "messageDigest": {"algorithm": "SHA2_256", "digest": _text(digest.digest())},
                "signature": _text(signature),
            },
        }
        return json.dumps(bundle).encode()

    def _certificate(
        self, key: ec.EllipticCurvePrivateKey, identity: str, issuer: str
    ) -> x509.Certificate:
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        unlogged = (
            x509.CertificateBuilder(self.ca.subject, x509.Name([]), key.public_key(), 2)
            .not_valid_before(NOW - datetime.timedelta(minutes=1))
            .not_valid_after(NOW + datetime.timedelta(minutes=9))
            .add_extension(usage, critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(identity)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER, issuer.encode()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key()),
                critical=False,
            )
        )

        def with_receipts(content: bytes) -> x509.Certificate:
            receipts = x509.UnrecognizedExtension(_RECEIPTS, content)
            return unlogged.add_extension(receipts, critical=False).sign(
                self.ca_key, hashes.SHA256()
            )

        receipt = self._receipt(_without_receipts(unlogged, self.ca_key))
        listed = struct.pack(">H", len(receipt)) + receipt
        return with_receipts(_octets(struct.pack(">H", len(listed)) + listed))

    def _receipt(self, certificate: bytes) -> bytes:
        """RFC 6962, 3.2: that the log has taken the certificate (as it was without receipts)."""
        moment = struct.pack(">Q", int(NOW.timestamp() * 1000))
        issuer = hashlib.sha256(_der(self.ca_key)).digest()
        length = struct.pack(">I", len(certificate))[1:]
        signed = b"\0\0" + moment + b"\0\1" + issuer + length + certificate + b"\0\0"
        signature = self.ct_key.sign(signed, _SHA256)
        algorithm = b"\x04\x03"  # SHA-256, ECDSA
        log = hashlib.sha256(_der(self.ct_key)).digest()
        told = algorithm + struct.pack(">H", len(signature)) + signature
        return b"\0" + log + moment + b"\0\0" + told

    def _entry(self, body: bytes) -> dict[str, Any]:
        """The log's only entry, its proof, its promise and the log's checkpoint."""
        log = hashlib.sha256(_der(self.log_key)).digest()
        root = hashlib.sha256(b"\0" + body).digest()
        moment = int(NOW.timestamp())
        promised = _canonical(
            {"body": _text(body), "integratedTime": moment, "logID": log.hex(), "logIndex": 0}
        )
        note = f"log.example - 1\n1\n{_text(root)}\n"
        noted = _text(log[:4] + self.log_key.sign(note.encode(), _SHA256))
        return {
            "logIndex": "0",
            "logId": {"keyId": _text(log)},
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
            "integratedTime": str(moment),
            "inclusionPromise": {
                "signedEntryTimestamp": _text(self.log_key.sign(promised, _SHA256))
            },
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _text(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 log.example {noted}\n"},
            },
            "canonicalizedBody": _text(body),
        }


def _log_of(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    return {
        "publicKey": {
            "rawBytes": _text(_der(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": START},
        },
        "logId": {"keyId": _text(hashlib.sha256(_der(key)).digest())},
    }


def _without_receipts(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).tbs_certificate_bytes


def _octets(content: bytes) -> bytes:
    """A DER OCTET STRING."""
    if len(content) < 128:
        return b"\x04" + bytes([len(content)]) + content
    return b"\x04\x82" + struct.pack(">H", len(content)) + content


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
