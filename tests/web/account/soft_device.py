"""A device with passkeys, in a few lines: honest, unless a test says what it shall lie about."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


class SoftDevice:
    """One key for one site."""

    def __init__(self, rp_id: str, origin: str) -> None:
        self.rp_id, self.origin = rp_id, origin
        self.id = os.urandom(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0
        self.is_verified = True

    def register(self, options: dict[str, Any], **lies: Any) -> str:
        numbers = self.key.public_key().public_numbers()
        x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        made = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        data = self._data(_HAS_KEY) + made
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._told("webauthn.create", options["challenge"], **lies)
        return self._answer({"clientDataJSON": told, "attestationObject": attested})

    def sign(self, options: dict[str, Any], **lies: Any) -> str:
        self.count += 1
        data, told = self._data(), self._told("webauthn.get", options["challenge"], **lies)
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": told, "authenticatorData": data, "signature": signature}
        )

    def _data(self, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.is_verified else 0)
        site = hashlib.sha256(self.rp_id.encode()).digest()
        return site + struct.pack(">BI", flags, self.count)

    def _told(self, kind: str, question: str, **lies: Any) -> bytes:
        told = {"type": kind, "challenge": question, "origin": self.origin, **lies}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        encoded = {name: bytes_to_base64url(value) for name, value in response.items()}
        named = bytes_to_base64url(self.id)
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": encoded})
