"""The escrow secret: one file whose 32 bytes salt every commitment of a lab.

Made on first use, mode 0600, never over a file that is there. Whoever has it can show what was
withheld, item by item; without it, no commitment can be opened and nothing can be guessed from one.
It must outlive the releases: nothing else can prove them later.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from paddock.release.errors import BadEscrow
from paddock.release.spec.release_spec import ReleaseSpec

SECRET_BYTES = 32
SALT_BYTES = 32
FILE_NAME = "withheld.secret"
_HEAD = b"paddock escrow secret v1: keep it, keep it to yourself\n"
_MAX_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Secret:
    """What salts are derived from."""

    value: bytes = field(repr=False)

    def salt(self, context: bytes) -> bytes:
        """The salt of one context: HKDF with SHA-256 (RFC 5869), so the same inputs give it."""
        info = b"paddock/withheld/v1\0" + context
        return HKDF(hashes.SHA256(), SALT_BYTES, salt=None, info=info).derive(self.value)


def secret_path(spec: ReleaseSpec, base: Path, config_home: Path) -> Path:
    """Where the secret is: ``artifacts.escrow``, relative to ``base``, or the user's own."""
    if spec.artifacts.escrow is None:
        return config_home / "keys" / FILE_NAME
    return base / Path(spec.artifacts.escrow).expanduser()


def own_secret(path: Path) -> Secret:
    """The secret at ``path``, made when there is none; raises BadEscrow."""
    if not os.path.lexists(path):
        _create(path)
    return load_secret(path)


def load_secret(path: Path) -> Secret:
    """The secret in a file that only its owner may read; raises BadEscrow."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            raw = file.read(_MAX_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
    except OSError as e:
        raise BadEscrow(
            f"the escrow secret {path} cannot be read: {(e.strerror or str(e)).lower()}",
            hint="name its file under artifacts.escrow",
        ) from e
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadEscrow(f"others may read the escrow secret {path}", hint=f"chmod 600 {path}")
    try:
        value = bytes.fromhex(raw.removeprefix(_HEAD).decode("ascii").strip())
    except ValueError:
        value = b""
    if not raw.startswith(_HEAD) or len(value) != SECRET_BYTES:
        raise BadEscrow(f"{path} holds no escrow secret", hint="restore it from your backup")
    return Secret(value)


def _create(path: Path) -> None:
    """Whole or not at all; somebody who is faster wins."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_HEAD + secrets.token_hex(SECRET_BYTES).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    except OSError as e:
        raise BadEscrow(
            f"the escrow secret {path} cannot be made: {(e.strerror or str(e)).lower()}",
            hint="name a place where you may write under artifacts.escrow",
        ) from e
