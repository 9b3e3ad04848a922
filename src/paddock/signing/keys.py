"""Signing keys and the keys you trust, as files.

Knows PEM files, permissions and where the user's own keys live. The key that signs when none is
named is ECDSA (all that OMS knows); others may be of any kind. Trust comes only from files that the
user names or keeps in the trust folder, never from a release.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.signing.errors import BadKey, KeyExists
from paddock.signing.private_keys import PrivateKey, generate_key, private_key_in, private_pem
from paddock.signing.public_keys import Kind, PublicKey, key_fingerprint, public_key_in, public_pem

MAX_KEY_FILE_BYTES = 256 * 1024
PASSWORD_VARIABLE = "PADDOCK_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a secret
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that was read, and where its public half can be handed out from."""

    private: ec.EllipticCurvePrivateKey
    path: Path
    public_path: Path | None
    created: bool = False

    @property
    def fingerprint(self) -> str:
        return key_fingerprint(self.private.public_key())


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that the user trusts, and the file that says so."""

    public: PublicKey
    origin: str

    @property
    def fingerprint(self) -> str:
        return key_fingerprint(self.public)


def keys_folder(config_home: Path) -> Path:
    """Where this user's private keys are, NAME.pem and NAME.pub.pem."""
    return config_home / "keys"


def own_key_path(config_home: Path) -> Path:
    """Where the key is that signs when release.yaml names none."""
    return keys_folder(config_home) / "release.pem"


def trust_folder(config_home: Path) -> Path:
    """Public keys in this folder are trusted by this user."""
    return config_home / "trust"


def password_in(environ: Mapping[str, str] | None = None) -> str | None:
    """The password that keys are encrypted with, from PADDOCK_KEY_PASSWORD."""
    return (os.environ if environ is None else environ).get(PASSWORD_VARIABLE) or None


def load_private_key(path: Path, environ: Mapping[str, str] | None = None) -> PrivateKey:
    """The private key in a PEM file; its password, if any, is in PADDOCK_KEY_PASSWORD."""
    raw = _read_private(path)
    password = password_in(environ)
    if b"ENCRYPTED" in raw and not password:
        raise BadKey(f"the key {path} is encrypted", hint=f"set {PASSWORD_VARIABLE}")
    return private_key_in(raw, password, str(path))


def load_signing_key(path: Path, environ: Mapping[str, str] | None = None) -> SigningKey:
    """The ECDSA key in a PEM file, as ``load_private_key`` reads it."""
    key = load_private_key(path, environ)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadKey(
            f"the key {path} is not an ECDSA key", hint="OMS signs with P-256, P-384, P-521"
        )
    public_path = path.with_suffix(".pub.pem")
    return SigningKey(key, path, public_path if public_path.exists() else None)


def own_signing_key(config_home: Path) -> SigningKey:
    """The user's own release key, made on first use and trusted by its owner."""
    path = own_key_path(config_home)
    created = not path.exists() and _create_own(path)
    key = load_signing_key(path)
    public_path = path.with_suffix(".pub.pem")
    pem = public_pem(key.private.public_key())
    if not public_path.exists():
        # Your own key is trusted by you: your releases verify on the machine that made them. Once
        # only, so that a key taken out of the trust folder stays out.
        trust = trust_folder(config_home)
        trust.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_if_absent(trust / f"release-{key.fingerprint[:16]}.pem", pem, 0o644)
        write_if_absent(public_path, pem, 0o644)
    return SigningKey(key.private, path, public_path, created=created)


def create_key(path: Path, kind: Kind, password: str | None) -> PrivateKey:
    """A new key at ``path`` (mode 0600), its public half beside it; raises KeyExists."""
    key = generate_key(kind)
    save_key(path, key, password)
    return key


def save_key(path: Path, key: PrivateKey, password: str | None) -> None:
    """Write a private key (mode 0600) and its public half; raises KeyExists, overwrites nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    public_path = path.with_suffix(".pub.pem")
    if public_path.exists() or not write_if_absent(path, private_pem(key, password), 0o600):
        raise KeyExists(f"there is a key at {path} already", hint="give the new one another name")
    write_if_absent(public_path, public_pem(key.public_key()), 0o644)


def load_trust(trust_file: Path | None, config_home: Path) -> list[TrustedKey]:
    """The keys in ``trust_file`` alone when it is given, else those of the trust folder."""
    if trust_file is not None:
        return _trusted_in(trust_file)
    folder = trust_folder(config_home)
    if not folder.is_dir():
        return []
    return [key for path in sorted(folder.glob("*.pem")) for key in _trusted_in(path)]


def public_keys_in(raw: bytes, where: str) -> list[TrustedKey]:
    """Every public key of a PEM file; one bad key spoils it. Raises BadKey."""
    if b"PRIVATE KEY" in raw:
        raise BadKey(f"{where} holds a private key", hint="trust needs the public key (.pub.pem)")
    blocks = _PEM.findall(raw)
    if not blocks or raw.count(b"-----BEGIN") != len(blocks):
        raise BadKey(f"{where} holds no PEM public key, or something else besides")
    return [TrustedKey(public_key_in(block, where), where) for block in blocks]


def _trusted_in(path: Path) -> list[TrustedKey]:
    return public_keys_in(read_key_file(path), str(path))


def _read_private(path: Path) -> bytes:
    raw = read_key_file(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and b"ENCRYPTED" not in raw:
        raise BadKey(f"others may read the private key {path}", hint=f"chmod 600 {path}")
    return raw


def read_key_file(path: Path, limit_bytes: int = MAX_KEY_FILE_BYTES) -> bytes:
    """The bytes of a key or trust file; raises BadKey when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            raw = file.read(limit_bytes + 1)
    except OSError as e:
        raise BadKey(f"the key file {path} cannot be read: {e.strerror}") from e
    if len(raw) > limit_bytes:
        raise BadKey(f"{path} is larger than any key file")
    return raw


def _create_own(path: Path) -> bool:
    """Whether this call made the key (another process may be faster)."""
    password = password_in()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return write_if_absent(path, private_pem(generate_key("p256"), password), 0o600)


def write_if_absent(path: Path, content: bytes, mode: int) -> bool:
    """Whole or not at all, and never over a file that is there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True
